import { startDeadline } from './deadline.js';
import { NixspecError } from './error.js';
import type { Masker } from './mask/masker.js';
import type { Network, NetworkProbe, Observation, Probe, ShellOutput, ShellProbe } from './model.js';
import { sameForAll, unknown } from './resource.js';
import { readFrames } from './shell/frames.js';
import { compileProgram, type Program } from './shell/program.js';
import type { RunningProgram, Transport } from './transport.js';

/** Where probes can be run from: the target's shell, and the network as seen from both ends. */
export interface Ends {
  readonly transport: Transport;
  readonly runner: Network;
  readonly target: Network;
  /** Where network probes start unless they say otherwise. */
  readonly from: 'runner' | 'target';
}

export interface Collection {
  /** By query id. Every query of every probe is there; what gave no answer is unknown. */
  readonly observations: ReadonlyMap<string, Observation>;
  /** What went wrong with the collecting as a whole: the program was cut off, the connection lost. */
  readonly problems: readonly string[];
}

export interface CollectOptions {
  readonly signal: AbortSignal;
  /** Told after each probe that is done. */
  readonly answered?: (queries: number) => void;
  /** Where the spec has secrets: before what a tool said is shortened. */
  readonly masker?: Masker | undefined;
}

/** More at once would look like an attack to the far end, and forwarded channels share one connection. */
const conversationsAtOnce = 32;

/**
 * Runs probes: all shell probes as one program over one channel, and the network probes at the same time.
 * @throws NixspecError where the target could not be asked at all, or nixspec was interrupted
 */
export async function collect(probes: readonly Probe[], ends: Ends, options: CollectOptions): Promise<Collection> {
  const gathered: Gathered = {
    observations: new Map(),
    problems: [],
    answered: options.answered,
    masker: options.masker,
  };
  const shell = probes.filter((probe): probe is ShellProbe => probe.kind === 'shell');
  const network = probes.filter((probe): probe is NetworkProbe => probe.kind === 'network');
  for (const probe of probes) if (probe.kind === 'given') note(gathered, probe, probe.observations);
  await Promise.all([
    shell.length > 0 ? runProgram(shell, ends.transport, options.signal, gathered) : undefined,
    runConversations(network, ends, options.signal, gathered),
  ]);
  return gathered;
}

interface Gathered {
  readonly observations: Map<string, Observation>;
  readonly problems: string[];
  readonly answered: CollectOptions['answered'];
  readonly masker: CollectOptions['masker'];
}

// ----------------------------------------------------------------------------------------------- shell probes

async function runProgram(probes: readonly ShellProbe[], transport: Transport, signal: AbortSignal, into: Gathered) {
  const program = compileProgram(probes);
  const deadline = startDeadline(program.limit, signal);
  try {
    const running = transport.run(program.text, deadline.signal);
    // The race: a transport that does not heed the signal must not hold up the run.
    const state = await Promise.race([readAnswers(program, running, into), deadline.rejection]).catch(
      () => 'cut-off' as const,
    );
    if (state === 'finished') return;
    if (signal.aborted) throw interrupted(transport);
    const tooLong = deadline.isOver();
    // It ends by itself, with its reason; what still prints behind a broken frame would go on until the limit.
    const patience = setTimeout(deadline.end, 1000);
    void running.ended.then(() => clearTimeout(patience));
    if (state === 'never-started') throw await explainNoStart(running, transport);
    const why = tooLong ? `it took longer than ${Math.round(program.limit)} s` : await explainEnd(running, state);
    into.problems.push(`the program was cut off: ${why}`);
    for (const probe of probes) fillIn(into, probe, unknown(`not answered, as the program was cut off: ${why}`));
  } finally {
    deadline.clear();
  }
}

type ProgramState = 'finished' | 'never-started' | 'cut-off' | { readonly broken: string };

async function readAnswers(program: Program, running: RunningProgram, into: Gathered): Promise<ProgramState> {
  let started = false;
  try {
    for await (const frame of readFrames(program, running.output)) {
      if (frame.kind === 'start') started = true;
      else if (frame.kind === 'finished') return 'finished';
      else if (frame.kind === 'stop') return { broken: frame.reason };
      else {
        const probe = program.probes[frame.probe];
        if (!probe) continue;
        if (frame.kind === 'answer') note(into, probe, readAnswer(probe, frame.output, into.masker));
        else fillIn(into, probe, unknown(frame.reason));
      }
    }
  } catch (error) {
    if (started) return { broken: error instanceof Error ? error.message : String(error) };
  }
  return started ? 'cut-off' : 'never-started';
}

function readAnswer(probe: ShellProbe, output: ShellOutput, masker?: Masker): ReadonlyMap<string, Observation> {
  if (probe.exits !== 'any' && !probe.exits.includes(output.exit)) {
    return sameForAll(probe.answers, unknown(`could not look: ${describeFailure(output, masker)}`));
  }
  // What is missing behind a cut must not be taken for "not there". Of a user's command the cut text is the answer.
  if (output.truncated && probe.slots === 'shared') {
    return sameForAll(probe.answers, unknown(`the answer was longer than ${probe.maxBytes} bytes`));
  }
  try {
    return probe.parse(output);
  } catch (error) {
    return sameForAll(probe.answers, unknown(`the answer could not be read: ${String(error)}`));
  }
}

function describeFailure(output: ShellOutput, masker?: Masker): string {
  const stderr = output.stderr.toString('utf8');
  const said = (masker?.text(stderr) ?? stderr).trim().split('\n', 1)[0] ?? '';
  return said === '' ? `exit status ${output.exit}` : `${said.slice(0, 300)} (exit status ${output.exit})`;
}

async function explainNoStart(running: RunningProgram, transport: Transport): Promise<Error> {
  const end = await running.ended;
  if (end.error) return end.error;
  const said = end.stderr.trim().split('\n').slice(-3).join('; ');
  return new NixspecError(
    'shell-unusable',
    `${transport.reached}: the program did not start: ${said || `exit status ${end.exit ?? 'none'}, no output`}`,
    { operation: 'run program', hint: 'the login must allow commands, and /bin/sh and coreutils must be there' },
  );
}

async function explainEnd(running: RunningProgram, state: ProgramState): Promise<string> {
  if (typeof state === 'object') return state.broken;
  const end = await running.ended;
  return end.error?.message ?? (end.exit === undefined ? 'the connection was lost' : `exit status ${end.exit}`);
}

function interrupted(transport: Transport): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'run program', target: transport.reached });
}

// --------------------------------------------------------------------------------------------- network probes

async function runConversations(probes: readonly NetworkProbe[], ends: Ends, signal: AbortSignal, into: Gathered) {
  const waiting = [...probes];
  const take = async (): Promise<void> => {
    for (let probe = waiting.shift(); probe; probe = waiting.shift()) await converse(probe, ends, signal, into);
  };
  await Promise.all(Array.from({ length: Math.min(conversationsAtOnce, probes.length) }, take));
}

async function converse(probe: NetworkProbe, ends: Ends, signal: AbortSignal, into: Gathered): Promise<void> {
  const network = (probe.from ?? ends.from) === 'target' ? ends.target : ends.runner;
  const deadline = startDeadline(probe.limit, signal);
  try {
    // The race: a probe that does not heed the signal must not hold up the run.
    note(into, probe, await Promise.race([probe.talk(network, deadline.signal), deadline.rejection]));
  } catch (error) {
    if (signal.aborted) throw interrupted(ends.transport);
    fillIn(into, probe, unknown(deadline.isOver() ? `no answer within ${probe.limit} s` : describeError(error)));
  } finally {
    deadline.clear();
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// ----------------------------------------------------------------------------------------------------- gathering

function note(into: Gathered, probe: Probe, observations: ReadonlyMap<string, Observation>): void {
  for (const query of probe.answers) {
    const observation = observations.get(query.id);
    if (observation) into.observations.set(query.id, observation);
  }
  fillIn(into, probe, unknown('the probe gave no answer for it'));
}

/** Gives the observation to those queries of a probe that have none yet. */
function fillIn(into: Gathered, probe: Probe, observation: Observation): void {
  for (const query of probe.answers) {
    if (!into.observations.has(query.id)) into.observations.set(query.id, observation);
  }
  into.answered?.(into.observations.size);
}
