import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, NixspecError } from '../error.js';
import type { Target } from '../model.js';
import type { Transport } from '../transport.js';
import { bootFailed, countReboots, describeEnd, findTrouble, interrupted } from './boot-failure.js';
import { type ConsoleSigns, readConsole } from './console.js';
import { greets } from './greeting.js';
import type { Machine } from './machine.js';
import { showNames, waitUntilSettled } from './settle.js';

export interface WaitInput {
  readonly target: Target;
  readonly machine: Machine;
  /** Seconds from now on. */
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly show: (stage: string) => void;
  readonly say: (text: string) => void;
  /** Connects by SSH, once. */
  readonly connect: () => Promise<Transport>;
}

/**
 * Waits until the machine answers by SSH and systemd has started what it is to start. What cannot come to a good end any
 * more (a panic, a machine that has powered off, a host key that is not the one it was given) ends it at once.
 *
 * @throws NixspecError `vm-boot-failed` with the end of the serial console, or what SSH was refused for
 */
export async function waitForMachine(input: WaitInput): Promise<Transport> {
  const end = performance.now() + input.limit * 1000;
  const transport = await waitForSsh(input, end);
  try {
    await waitUntilSettled(transport, input, end);
    return transport;
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/** Seconds that SSH has to answer once everything was started: it is among what is started. */
const answerLimits = { accelerated: 30, emulated: 120 } as const;

/** Reboots that a boot may need. */
const mostReboots = 2;

async function waitForSsh(input: WaitInput, end: number): Promise<Transport> {
  const { machine, signal, target } = input;
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  let gone = false;
  void machine.exited.then(() => {
    gone = true;
  });
  let answerEnd = end;
  let refusal: NixspecError | undefined;
  let signs: ConsoleSigns = { starting: [], failed: [], booted: false, hopeless: undefined };
  for (let patience = 1; performance.now() < Math.min(end, answerEnd); patience = Math.min(10, patience * 1.3)) {
    if (signal.aborted) throw interrupted(target.name);
    signs = await readConsole(join(machine.workspace.folder, 'serial.log'));
    if (gone) throw await bootFailed(target.name, machine, `${await describeEnd(machine)} while it booted`);
    throwHopeless(await explainHopeless(signs, input));
    if (signs.booted && answerEnd === end)
      answerEnd = performance.now() + answerLimits[machine.accelerated ? 'accelerated' : 'emulated'] * 1000;
    input.show(`booting: waiting for ${signs.starting[0] ?? 'SSH'} (${seconds()} s)`);
    const left = (Math.min(end, answerEnd) - performance.now()) / 1000;
    if (await greets(machine.port, Math.max(0.1, Math.min(patience, left)), signal)) {
      try {
        return await withinLimit(input.connect(), end);
      } catch (error) {
        refusal = judgeRefusal(error, refusal, signal);
      }
    }
    await sleep(300, undefined, { signal }).catch(() => {});
  }
  if (signal.aborted) throw interrupted(target.name);
  throw await explainSilence(input, signs, seconds(), refusal);
}

async function explainHopeless({ hopeless }: ConsoleSigns, { machine, target }: WaitInput) {
  const trouble = findTrouble(machine.events) ?? hopeless;
  if (trouble !== undefined) return bootFailed(target.name, machine, trouble);
  const reboots = countReboots(machine.events);
  return reboots > mostReboots
    ? bootFailed(target.name, machine, `it has rebooted ${reboots} times by itself, and goes on so`)
    : undefined;
}

function throwHopeless(error: NixspecError | undefined): void {
  if (error) throw error;
}

/** What is not connected when the time is over is left as soon as it is. */
async function withinLimit(connecting: Promise<Transport>, end: number): Promise<Transport> {
  const late = new AbortController();
  const over = sleep(Math.max(1000, end - performance.now()), undefined, { signal: late.signal }).then(() => undefined);
  over.catch(() => {});
  try {
    const transport = await Promise.race([connecting, over]);
    if (transport) return transport;
    void connecting.then((opened) => opened.close()).catch(() => {});
    throw new NixspecError('connection-timed-out', 'SSH did not come about', { operation: 'connect' });
  } finally {
    late.abort();
  }
}

/** What another attempt does not mend: the machine has only ever one key, and is given it before sshd starts. */
const final: readonly ErrorCode[] = [
  'host-key-unknown',
  'host-key-changed',
  'interrupted',
  'ssh-missing',
  'key-unreadable',
];

/**
 * A login that is turned down may still come: keys are installed beside sshd's start. Not for ever.
 * @throws what another attempt does not mend
 */
function judgeRefusal(error: unknown, before: NixspecError | undefined, signal: AbortSignal): NixspecError {
  if (!(error instanceof NixspecError) || signal.aborted) throw error;
  const isFinal = final.includes(error.code) || (error.code === 'authentication-failed' && before?.code === error.code);
  if (!isFinal || error.code === 'interrupted') {
    if (isFinal) throw error;
    return error;
  }
  throw new NixspecError(error.code, error.message, {
    operation: error.operation,
    ...(error.target !== undefined && { target: error.target }),
    hint: "a VM gets its host key, and the key that may log in, when it is started: one that is built without nixspec's module (nix/vm.nix) does not take them",
    cause: error,
  });
}

function explainSilence(
  { target, machine, limit }: WaitInput,
  { booted, starting, failed }: ConsoleSigns,
  seconds: number,
  refusal: NixspecError | undefined,
): Promise<NixspecError> {
  const why = booted
    ? `it has booted, but no SSH server answers at its port 22 (after ${seconds} s)`
    : `it did not answer by SSH within ${Math.round(limit)} s`;
  return bootFailed(target.name, machine, why, {
    details: [
      ...(refusal ? [`the last attempt: ${refusal.message}`] : []),
      ...(starting.length > 0 ? [`still being started: ${showNames(starting)}`] : []),
      ...(failed.length > 0 ? [`failed: ${showNames(failed)}`] : []),
    ],
    hint: booted
      ? "is `services.openssh` on in the VM, and does its network come up? nixspec's module (nix/vm.nix) sees to both unless they are forced otherwise"
      : `\`vm: { timeout: … }\` gives it longer${machine.accelerated ? '' : '; with KVM it would be some ten times faster'}`,
  });
}
