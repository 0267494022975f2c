import { exitCodes, NixspecError } from '../error.js';
import { printable } from '../terminal.js';
import { runJob } from './activate.js';
import { type BringBack, bringBack } from './bring-back.js';
import type { Machine } from './machine.js';
import type { Record } from './record.js';
import type { ByHandAction } from './request.js';
import type { Guard } from './state.js';

/**
 * `switch status|confirm|rollback`: for a switch whose runner died.
 * @param out takes what was asked for
 */
export async function endByHand(
  action: ByHandAction,
  machine: Machine,
  record: Record,
  signal: AbortSignal,
  out: (text: string) => void,
): Promise<number> {
  const guard = await machine.readGuard(signal);
  if (guard === 'absent' && action !== 'confirm') return tellLast(action, machine, record, signal, out);
  if (action === 'status' && guard !== 'absent') return showStatus(machine.name, guard, out);
  if (guard === 'absent') {
    const hint = `\`nixspec switch status ${machine.name}\` shows what is there`;
    throw new NixspecError('usage', `${machine.name}: no switch is armed there`, { operation: action, hint });
  }
  return action === 'confirm'
    ? confirm(guard, machine, record, signal)
    : rollBackByHand(guard, machine, record, signal);
}

/** Nothing is armed: what the target did by itself, while nobody looked, is told, and cleared away by `rollback`. */
async function tellLast(
  action: 'status' | 'rollback',
  machine: Machine,
  record: Record,
  signal: AbortSignal,
  out: (text: string) => void,
): Promise<number> {
  const log = await machine.lastRollback(action === 'rollback', signal);
  if (action === 'rollback' && log === undefined) {
    const hint = `\`nixspec switch status ${machine.name}\` shows what is there`;
    throw new NixspecError('usage', `${machine.name}: no switch is armed there`, { operation: action, hint });
  }
  const told = `${printable(machine.name)}: no switch is armed`;
  if (log === undefined) {
    out(`${told}\n`);
    return exitCodes.passed;
  }
  out(
    `${told}; the last one was rolled back by the target itself:\n${log.map((line) => `  ${printable(line)}\n`).join('')}`,
  );
  if (action === 'status') return exitCodes.passed;
  record.say(`\`nixspec verify ${machine.name}\` tells whether all is well`);
  return exitCodes.rolledBack;
}

function showStatus(target: string, guard: Guard, out: (text: string) => void): number {
  const lines = [
    `${printable(target)}: ${describeGuard(guard)}`,
    `  runner  ${printable(guard.runner)}, spec ${printable(guard.spec)}, target ${printable(guard.target)}, id ${printable(guard.id)}`,
    ...(guard.old === undefined ? [] : [`  old     ${printable(guard.old)}`]),
    ...(guard.next === undefined ? [] : [`  new     ${printable(guard.next)}`]),
  ];
  out(`${lines.join('\n')}\n`);
  return exitCodes.passed;
}

function describeGuard({ phase, trigger, remaining }: Guard): string {
  if (trigger === 'rollback') return 'a switch is being rolled back';
  if (trigger === 'none') return `a switch left something there (${phase}); nothing will happen by itself`;
  if (phase === 'rebooting') return 'a switch reboots the machine into the new system now';
  const when = remaining === undefined ? '' : ` in ${Math.max(0, Math.round(remaining))} s`;
  return `a switch is armed (${phase}): the old system comes back${when} unless it is confirmed`;
}

/** The new system becomes profile and boot default, as if it had been verified. */
async function confirm(guard: Guard, machine: Machine, record: Record, signal: AbortSignal): Promise<number> {
  const { id, next, phase, trigger } = guard;
  const isBooted = phase === 'booted' && (await machine.inspect(signal)).current === next;
  const isRunning = isBooted || ['activated', 'keeping', 'kept', 'command'].includes(phase);
  if (trigger === 'rollback' || !isRunning || next === undefined) {
    throw new NixspecError('switch-refused', `${machine.name}: there is no new system to confirm (${phase})`, {
      ...{ operation: 'confirm', target: machine.name },
      hint: `\`nixspec switch rollback ${machine.name}\` brings the old one back`,
    });
  }
  if (isBooted) {
    const armed = await machine.arm(armRequest(guard), signal);
    if (armed.status === 'failed') throw tooLate(machine, armed.reason);
  }
  // Long enough to be made boot default, and to be told from a connection that this ends as it should.
  const extended = await machine.extend(id, 120, signal);
  if (extended.status === 'too-late') throw tooLate(machine, extended.reason);
  const until = Date.now() + 100_000;
  const input = { id, machine, record, until: () => until, signal };
  const { exit, output } = await record.step(
    'keep',
    () => runJob('keep', next, input),
    () => undefined,
  );
  if (exit !== 0) {
    const message = `${machine.name}: ${next} cannot be made the boot default (${exit}): ${output.trim().split('\n').at(-1)}`;
    throw new NixspecError('step-failed', message, { operation: 'confirm', target: machine.name });
  }
  const disarmed = await machine.disarm(id, signal);
  if (disarmed.status !== 'disarmed') throw tooLate(machine, disarmed.reason);
  record.say(`kept: ${next} is profile and boot default`);
  return exitCodes.passed;
}

/** @returns 10 where the old system runs again: whether it is well nobody knows without a run from before */
async function rollBackByHand(guard: Guard, machine: Machine, record: Record, signal: AbortSignal): Promise<number> {
  const { id, trigger, old, bootId } = guard;
  if (trigger !== 'none') {
    const ended = await record.step(
      'roll back',
      () => bringBack({ machine, record, again: armRequest(guard), bootId, until: () => Date.now(), signal }),
      () => undefined,
    );
    const failure =
      typeof ended === 'string'
        ? ended
        : ended.status === 'ended' && ended.result.ended === 'failed' && ended.result.reason;
    if (failure) {
      record.say(`the rollback failed: ${failure}`);
      return exitCodes.notRestored;
    }
  }
  const disarmed = await machine.disarm(id, signal);
  if (disarmed.status !== 'disarmed') record.say(`what is left of it could not be cleared away: ${disarmed.reason}`);
  const state = await machine.inspect(signal);
  const isBack = old === undefined || state.current === old;
  record.say(isBack ? `${state.current} runs` : `${state.current} runs, not ${old}`);
  if (!isBack && trigger !== 'none') return exitCodes.notRestored;
  record.say(`\`nixspec verify ${machine.name}\` tells whether all is well`);
  return exitCodes.rolledBack;
}

/** What is armed, as it would be armed again after a reboot. */
function armRequest(guard: Guard): BringBack['again'] {
  const { id, runner, spec, target, old = '', profile, generation, boot, next } = guard;
  return {
    ...{ id, runner, spec, target, seconds: 120, lastResort: 'reboot' },
    ...(next !== undefined && { next }),
    restore: {
      current: old,
      ...(profile !== undefined && { profile }),
      ...(generation !== undefined && { generation }),
      ...(boot !== undefined && { boot }),
    },
  };
}

function tooLate(machine: Machine, reason: string): NixspecError {
  const details = { operation: 'confirm', target: machine.name, hint: `nixspec switch status ${machine.name}` };
  return new NixspecError('switch-refused', `${machine.name}: it is too late: ${reason}`, details);
}
