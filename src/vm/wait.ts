import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import type { RunningProgram, Transport } from '../transport.js';
import { type Machine, readTail } from './machine.js';

export interface WaitInput {
  readonly target: Target;
  readonly machine: Machine;
  /** Seconds from now on. */
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly show: (stage: string) => void;
  /** Connects by SSH, once. */
  readonly connect: () => Promise<Transport>;
}

/** Lines of the console that are shown when the machine does not come up. */
const consoleLines = 25;

/**
 * Waits until the machine answers by SSH and systemd has started what it is to start. `degraded` is an answer: what failed
 * is for the assertions to say.
 *
 * @throws NixspecError `vm-boot-failed` with the end of the serial console
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

async function waitForSsh(input: WaitInput, end: number): Promise<Transport> {
  const { machine, signal, show, connect } = input;
  const started = performance.now();
  let last: unknown;
  let gone = false;
  void machine.exited.then(() => {
    gone = true;
  });
  while (performance.now() < end) {
    if (gone) throw await bootFailed(input, 'QEMU ended before the machine answered by SSH');
    show(`booting: waiting for SSH (${Math.round((performance.now() - started) / 1000)} s)`);
    try {
      return await connect();
    } catch (error) {
      if (signal.aborted || !(error instanceof NixspecError)) throw error;
      last = error;
    }
    await sleep(500, undefined, { signal }).catch(() => {
      throw interrupted(input);
    });
  }
  const why = last instanceof Error ? `: ${last.message}` : '';
  throw await bootFailed(input, `it did not answer by SSH within ${Math.round(input.limit)} s${why}`);
}

/** `systemctl is-system-running --wait` ends when no job is left, with the state as its word (systemctl(1)). */
async function waitUntilSettled(transport: Transport, input: WaitInput, end: number): Promise<void> {
  input.show('booted: waiting until systemd has started everything');
  const limit = AbortSignal.timeout(Math.max(1000, Math.round(end - performance.now())));
  const signal = AbortSignal.any([limit, input.signal]);
  const running = transport.run('systemctl is-system-running --wait', signal);
  const state = (await readAll(running)).trim();
  if (input.signal.aborted) throw interrupted(input);
  if (/^(running|degraded|maintenance)$/.test(state)) return;
  const jobs = limit.aborted ? await listJobs(transport, input.signal) : '';
  const words = limit.aborted ? `it did not settle within ${Math.round(input.limit)} s` : `systemd says "${state}"`;
  throw await bootFailed(input, `${words}${jobs && `; still being started:\n${jobs}`}`);
}

async function listJobs(transport: Transport, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  return (await readAll(transport.run('systemctl list-jobs --no-legend --no-pager | head -n 20', limit))).trimEnd();
}

/** At most so many bytes: an answer of a word or a few lines is expected. */
const mostOutput = 16 * 1024;

export async function readAll({ output, ended }: RunningProgram): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of output) {
    if (size < mostOutput) chunks.push(chunk);
    size += chunk.length;
  }
  await ended;
  return Buffer.concat(chunks).toString('utf8').slice(0, mostOutput);
}

async function bootFailed({ target, machine }: WaitInput, why: string): Promise<NixspecError> {
  const serial = await readTail(join(machine.workspace.folder, 'serial.log'), consoleLines);
  const qemu = await readTail(join(machine.workspace.folder, 'qemu.log'), 5);
  const said = [qemu && `QEMU said:\n${qemu}`, serial && `the end of its console:\n${serial}`]
    .filter(Boolean)
    .join('\n');
  return new NixspecError('vm-boot-failed', `${target.name}: the VM did not come up: ${why}\n${said}`.trimEnd(), {
    operation: 'boot VM',
    target: target.name,
    hint: 'vm: { timeout: … } lets it take longer; `nixspec vm console` shows what it does',
  });
}

function interrupted({ target }: WaitInput): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'boot VM', target: target.name });
}
