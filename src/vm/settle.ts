import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningProgram, Transport } from '../transport.js';
import { bootFailed, describeEnd, interrupted } from './boot-failure.js';
import type { WaitInput } from './wait.js';

/**
 * Waits until systemd has started everything. `systemctl is-system-running --wait` ends when no job is left, with the
 * state as its word (systemctl(1)). `degraded` is an answer: what failed is said, and is for the assertions to judge.
 *
 * @param end by `performance.now()`
 * @throws NixspecError `vm-boot-failed`
 */
export async function waitUntilSettled(transport: Transport, input: WaitInput, end: number): Promise<void> {
  const { target, machine } = input;
  const limit = AbortSignal.timeout(Math.max(1000, Math.round(end - performance.now())));
  const settled = new AbortController();
  const signal = AbortSignal.any([limit, input.signal]);
  input.show('settling: waiting until systemd has started everything');
  const watching = showJobs(transport, input, AbortSignal.any([signal, settled.signal]));
  const running = transport.run('systemctl is-system-running --wait', signal);
  const state = (await readAll(running)).trim();
  const { exit } = await running.ended;
  settled.abort();
  await watching;
  if (input.signal.aborted) throw interrupted(target.name);
  if (state === 'running') return;
  if (state === 'degraded') return sayFailed(transport, input);
  if (limit.aborted) throw await explainUnsettled(transport, input);
  const gone = exit === undefined && (await Promise.race([machine.exited.then(() => true), sleep(1000, false)]));
  const why = gone
    ? await describeEnd(machine)
    : state === ''
      ? 'the SSH connection was lost'
      : `systemd says "${state}"`;
  throw await bootFailed(target.name, machine, why);
}

/** Seconds between two looks at the jobs: each costs an emulated processor a tenth of one. */
const pause = 3;

async function showJobs(transport: Transport, { show }: WaitInput, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const jobs = await listJobs(transport, signal);
    const [first] = jobs;
    if (first !== undefined && !signal.aborted)
      show(`settling: waiting for ${first} (${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'} left)`);
    await sleep(pause * 1000, undefined, { signal }).catch(() => {});
  }
}

/** Units that are being started, those that run before those that wait for them. */
async function listJobs(transport: Transport, signal: AbortSignal): Promise<readonly string[]> {
  const said = await readAll(transport.run('systemctl list-jobs --plain --no-legend --no-pager', signal));
  const jobs = said.split('\n').map((line) => line.trim().split(/\s+/));
  const units = (state: string) =>
    jobs.flatMap(([, unit, , has]) => (unit !== undefined && has === state ? [unit] : []));
  return [...units('running'), ...units('waiting')];
}

async function listFailed(transport: Transport, signal: AbortSignal): Promise<readonly string[]> {
  const said = await readAll(transport.run('systemctl list-units --failed --plain --no-legend --no-pager', signal));
  return said.split('\n').flatMap((line) => line.trim().split(/\s+/, 1).filter(Boolean));
}

async function sayFailed(transport: Transport, { target, say, signal }: WaitInput): Promise<void> {
  const failed = await listFailed(transport, AbortSignal.any([signal, AbortSignal.timeout(10_000)]));
  say(`${target.name}: it has booted, but not all is well (degraded): ${showNames(failed)} failed`);
}

async function explainUnsettled(transport: Transport, { target, machine, limit, signal }: WaitInput) {
  const short = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  const [jobs, failed] = await Promise.all([listJobs(transport, short), listFailed(transport, short)]);
  return bootFailed(target.name, machine, `SSH answers, but it did not settle within ${Math.round(limit)} s`, {
    details: [
      ...(jobs.length > 0 ? [`still being started: ${showNames(jobs)}`] : []),
      ...(failed.length > 0 ? [`failed: ${showNames(failed)}`] : []),
    ],
    hint: '`vm: { timeout: … }` gives it longer',
  });
}

/** Names that are shown of many. */
const mostNames = 10;

export function showNames(names: readonly string[]): string {
  if (names.length === 0) return 'something';
  const more = names.length - mostNames;
  return `${names.slice(0, mostNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** At most so many bytes: an answer of a word or a few lines is expected. */
const mostOutput = 64 * 1024;

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
