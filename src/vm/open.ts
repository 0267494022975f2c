import { setTimeout as sleep } from 'node:timers/promises';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import type { Transport } from '../transport.js';
import { readAccess } from './access.js';
import { type BootedVm, bootVm, type VmOptions } from './boot.js';
import { countReboots, describeEnd, findTrouble } from './boot-failure.js';
import { hasChanged } from './changed.js';
import { findKept, type KeptVm } from './kept.js';
import type { Machine } from './machine.js';
import { stopMachine } from './stop.js';
import { isRunning, readMachine } from './workspace.js';

/**
 * The VM of a target for one verification: one that `nixspec vm start` keeps running, else one that is built, booted, and
 * stopped when the transport is closed.
 *
 * @throws NixspecError
 */
export async function openVm(target: Target, options: VmOptions): Promise<Transport> {
  const kept = await findKept(target.name, options.folder);
  if (kept && !kept.starting) return openKept(kept, target, options);
  const staysOn = target.vm?.keep === true;
  const booted = await bootVm(target, options, staysOn);
  const { machine, transport, vm } = booted;
  const watched = watch(machine, options, (why) => {
    options.lose?.(lost(target, why));
    void transport.close();
  });
  return {
    ...describeVm(target, transport, `a VM ${machine.accelerated ? 'with' : 'without'} KVM`, watched.whyGone),
    vm,
    async close() {
      watched.end();
      // One that was lost has nothing left to bring to a good end.
      if (!staysOn) return stop(booted, options, watched.isLost() ? AbortSignal.abort() : options.signal);
      await transport.close();
      const { name } = target;
      options.say(
        `${name}: the VM goes on: \`nixspec vm ssh ${name}\` is a shell in it, \`nixspec vm stop ${name}\` ends it`,
      );
    },
  };
}

/** It is as it was when it was started: where the configuration has changed since, that is said. */
async function openKept(kept: KeptVm, target: Target, options: VmOptions): Promise<Transport> {
  const { signal, say } = options;
  say(`${target.name}: asking the VM that \`nixspec vm start\` keeps running since ${kept.owner.since.slice(0, 19)}Z`);
  const transport = await options.connect(await readAccess(kept.folder, target));
  // Evaluating takes long: meanwhile the machine is asked.
  const changed = hasChanged(kept, target, options);
  const whyGone = async () => {
    const machine = await readMachine(kept.folder);
    if (signal.aborted || (machine && (await isRunning(machine)))) return undefined;
    options.lose?.(lost(target, 'QEMU is gone'));
    return 'QEMU is gone';
  };
  return {
    ...describeVm(target, transport, 'a VM that is kept running', whyGone),
    ...(kept.facts?.vm && { vm: kept.facts.vm }),
    async close() {
      const leaving = transport.close();
      const answer = await changed;
      if (answer !== undefined && !signal.aborted) say(answer);
      await leaving;
    },
  };
}

/** Tells why the machine is gone; undefined where it is not. */
type WhyGone = () => Promise<string | undefined>;

function lost(target: Target, why: string): NixspecError {
  const message = `${target.name}: the VM was lost while it was verified: ${why}`;
  return new NixspecError('connection-lost', message, { operation: 'verify', target: target.name });
}

function describeVm(target: Target, transport: Transport, what: string, whyGone: WhyGone): Omit<Transport, 'close'> {
  return {
    name: transport.name,
    reached: `${transport.reached}, ${what}`,
    run(program, signal) {
      const { output, ended } = transport.run(program, signal);
      const explained = ended.then(async (end) => {
        const why = end.exit === undefined && !signal.aborted ? await whyGone() : undefined;
        return why === undefined ? end : { ...end, error: lost(target, why) };
      });
      return { output, ended: explained };
    },
    connect: (host, port, signal) => transport.connect(host, port, signal),
  };
}

/**
 * Watches a machine that is verified. A reboot cuts no connection by itself: whoever waits for an answer would wait on.
 * @param lose told why, once
 */
function watch({ events, exited, ...machine }: Machine, { signal }: VmOptions, lose: (why: string) => void) {
  const reboots = countReboots(events);
  const find = () => findTrouble(events) ?? (countReboots(events) > reboots ? 'it rebooted' : undefined);
  let why: string | undefined;
  let isOver = false;
  const tell = (found: string | undefined) => {
    if (found === undefined || isOver || signal.aborted) return;
    isOver = true;
    why = found;
    lose(found);
  };
  const timer = setInterval(() => tell(find()), 250).unref();
  void exited.then(async () => tell(find() ?? (await describeEnd({ events, exited, ...machine }))));
  return {
    end() {
      isOver = true;
      clearInterval(timer);
    },
    isLost: () => why !== undefined,
    /** SSH may be cut before QEMU has told why. */
    async whyGone() {
      for (let left = 60; left > 0 && why === undefined && !isOver; left -= 1) await sleep(50);
      return why;
    },
  };
}

async function stop({ machine, transport }: BootedVm, { show }: VmOptions, signal: AbortSignal): Promise<void> {
  show('shutting down');
  await stopMachine(machine, transport, signal);
  await transport.close();
}
