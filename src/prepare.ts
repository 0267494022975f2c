import { dirname } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import type { CommandInput, Io } from './command.js';
import { NixspecError } from './error.js';
import type { Masker } from './mask/masker.js';
import { loadMatchers, type Matchers } from './matcher.js';
import type { Problem, Target } from './model.js';
import { type Plan, planRun } from './plan.js';
import type { Filled, FirstReading, SecretValues } from './prepare-secrets.js';
import { drawProblem } from './problem.js';
import { loadResources, type Resources, resourceNames } from './resource.js';
import { resourcesOfEveryRun } from './run.js';
import { refuseUnknownTags, selectEntries } from './selection.js';
import type { SpecSource } from './spec/read.js';
import type { StateEntry } from './switch-model.js';

/** A spec that was read, with what its commands need: not yet checked, so that connections can be opened meanwhile. */
export interface Draft {
  readonly file: string;
  /** The folder that holds the spec, where `.nixspec` is kept. */
  readonly folder: string;
  readonly source: SpecSource;
  readonly targets: ReadonlyMap<string, Target>;
  readonly vars: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

/** Everything that a run of one target needs. */
export interface Prepared {
  readonly target: Target;
  readonly plan: Plan;
  /** What is to be copied before a switch. */
  readonly state?: readonly StateEntry[];
}

export interface PreparedSpec {
  readonly runs: readonly Prepared[];
  /** Where the spec has secrets. */
  readonly masker?: Masker;
  readonly resources: Resources;
  readonly matchers: Matchers;
}

/**
 * Reads the files of a spec and its targets.
 *
 * @throws NixspecError `spec-invalid` where no target could be read for mistakes, which were told: that a target is not
 *   there would mislead then
 */
export async function readDraft(input: CommandInput, io: Io): Promise<Draft> {
  const draft = await loadDraft(input, io);
  if (draft.targets.size === 0) tellProblems([...draft.source.problems, ...draft.problems], io);
  return draft;
}

/** As `readDraft`, whatever the mistakes are: they are in the draft. */
export async function loadDraft({ options }: CommandInput, io: Io): Promise<Draft> {
  const file = specFile(options);
  const vars = readVars(options.var);
  const [{ readSpec }, { readTargets }] = await Promise.all([import('./spec/read.js'), import('./spec/targets.js')]);
  const source = await readSpec(file, { env: io.env });
  const { targets, problems } = readTargets(source, { vars });
  return { file, folder: folderOf({ options }), source, targets, vars, problems };
}

/**
 * The named targets at a first glance, while the rest of the spec is not yet read; none where anything is odd.
 */
export async function glimpseDraft({ args, options }: CommandInput, io: Io): Promise<Target[]> {
  const { glimpseTargets } = await import('./spec/glimpse.js');
  const targets = await glimpseTargets(specFile(options), { env: io.env, vars: readVars(options.var) });
  return args.flatMap((name) => targets.get(name) ?? []);
}

/** Loads the modules that the rest of a verification needs: in pieces, between which a connection goes on being opened. */
export async function loadWhatFollows(): Promise<void> {
  await Promise.all([import('./spec/parse.js'), import('./spec/shape.js'), import('./network.js'), loadMatchers()]);
}

/** The folder of the spec that the options name; it holds the saved runs too. */
export function folderOf({ options }: Pick<CommandInput, 'options'>): string {
  const file = specFile(options);
  return file === '-' ? '.' : dirname(file);
}

function specFile(options: CommandInput['options']): string {
  return typeof options.spec === 'string' ? options.spec : 'nixspec.yaml';
}

/** The values of an option that may be repeated. */
export function textList(given: CommandInput['options'][string]): readonly string[] {
  return Array.isArray(given) ? given : [];
}

function readVars(given: CommandInput['options'][string]): Record<string, string> {
  return Object.fromEntries(
    textList(given).map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new NixspecError('usage', `--var takes name=value, not "${pair}"`, { operation: 'read options' });
    }),
  );
}

/** The named targets, in the order of the command line. */
export function chooseTargets(draft: Draft, names: readonly string[]): Target[] {
  return [...new Set(names)].map((name) => {
    const target = draft.targets.get(name);
    if (target) return target;
    const known = [...draft.targets.keys()];
    const nearest = known.length > 0 && distance(name, closest(name, known)) <= 2 ? closest(name, known) : undefined;
    throw new NixspecError('usage', `${draft.file} has no target "${name}"`, {
      operation: 'choose targets',
      hint: nearest
        ? `did you mean "${nearest}"?`
        : `its targets are ${known.join(', ') || 'none yet: add `targets:`'}`,
    });
  });
}

/**
 * Checks a spec, reads the secrets that the chosen entries need, and plans the runs of the given targets.
 * @param secrets `stand-in`: none is read, `***` is shown in their place
 * @throws NixspecError `spec-invalid` after all its mistakes were told on standard error
 */
export async function prepareSpec(
  draft: Draft,
  targets: readonly Target[],
  tags: readonly string[],
  io: Io,
  { secrets = 'read' }: { readonly secrets?: 'read' | 'stand-in' } = {},
): Promise<PreparedSpec> {
  const { checkShape } = await import('./spec/shape.js');
  const shape = await checkShape(draft.source);
  const read = await parseForTargets(draft, targets);
  const { resources, matchers, entries, problems } = read;
  tellProblems([...draft.source.problems, ...draft.problems, ...shape, ...problems], io);
  refuseUnknownTags([...entries.values()].flat(), tags);
  const chosen = new Map([...entries].map(([target, list]) => [target, selectEntries(list, tags)]));
  const filled = read.secrets.size === 0 ? undefined : await fillIn(draft, targets, { ...read, chosen }, secrets, io);
  const runs = targets.map((target) => ({
    target,
    plan: planRun((filled?.entries ?? chosen).get(target.name) ?? [], resources),
    state: read.state.get(target.name) ?? [],
  }));
  return { runs, resources, matchers, ...(filled && { masker: filled.masker }) };
}

/** The spec was checked without any secret before, so that nobody is asked for one for the sake of a spec that is wrong. */
async function fillIn(
  draft: Draft,
  targets: readonly Target[],
  read: FirstReading,
  secrets: 'read' | 'stand-in',
  io: Io,
): Promise<Filled | undefined> {
  const { fillInSecrets, fillInStandIns } = await import('./prepare-secrets.js');
  if (secrets === 'stand-in') return fillInStandIns(read, io);
  return fillInSecrets(read, io, {
    tell: (problems) => tellProblems(problems, io),
    readAgain: (values) => parseForTargets(draft, targets, values),
  });
}

/** Reads the entries for each target; only the resource types that the spec names are loaded. */
export async function parseForTargets(draft: Draft, targets: readonly Target[], values?: SecretValues) {
  const [{ parseEntries, usedKeys }, { readState }] = await Promise.all([
    import('./spec/parse.js'),
    import('./spec/state.js'),
  ]);
  const used = usedKeys(draft.source);
  const [resources, matchers] = await Promise.all([
    loadResources([...resourceNames().filter((name) => used.has(name)), ...resourcesOfEveryRun]),
    loadMatchers(),
  ]);
  const { source, vars } = draft;
  const parsed = targets.map(({ name }) => {
    const secrets = values?.get(name);
    return parseEntries(source, name, resources, matchers, { vars, ...(secrets && { secrets }) });
  });
  const states = targets.map(({ name }) => readState(source, name, vars));
  return {
    resources,
    matchers,
    entries: new Map(targets.map(({ name }, at) => [name, parsed[at]?.entries ?? []])),
    /** Where the secrets of each target come from; of targets that have some. */
    secrets: new Map(
      targets.flatMap(({ name }, at) => {
        const secrets = parsed[at]?.secrets;
        return secrets && secrets.size > 0 ? [[name, secrets] as const] : [];
      }),
    ),
    /** What is to be copied before a switch. */
    state: new Map(targets.map(({ name }, at) => [name, states[at]?.entries ?? []])),
    problems: [...parsed, ...states].flatMap(({ problems }) => problems),
  };
}

/** Draws every mistake once. @throws NixspecError where one of them is an error */
export function tellProblems(problems: readonly Problem[], io: Io): void {
  const unique = sortProblems(problems);
  for (const problem of unique) io.err(`${drawProblem(problem, { color: io.color.err })}\n`);
  const errors = unique.filter(({ severity }) => severity === 'error').length;
  if (errors === 0) return;
  throw new NixspecError('spec-invalid', `the spec has ${errors} ${errors === 1 ? 'mistake' : 'mistakes'}`, {
    operation: 'check spec',
  });
}

/**
 * By file and place, one for each place: what is wrong for every target, or was seen by the shape check and again while
 * the entries were read, is told once, in the words that came first.
 */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    const { file, line, column } = problem.position;
    const key = JSON.stringify([file, line, column]);
    if (!seen.has(key)) seen.set(key, problem);
  }
  return [...seen.values()].sort(
    ({ position: a }, { position: b }) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  );
}
