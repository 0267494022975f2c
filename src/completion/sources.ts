import { readdir } from 'node:fs/promises';
import { folderOf } from '../prepare.js';
import { reportNames } from '../report.js';
import type { Given } from './place.js';

/** Something that may stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly summary?: string;
  /** More is to be typed behind it: `name=`. */
  readonly goesOn?: true;
}

/** What fits a value: names, and whether files do too. */
export interface Fitting {
  readonly candidates: readonly Candidate[];
  readonly files: boolean;
}

type Source = (given: Given, typed: string) => Promise<readonly Candidate[]>;

const plain = (values: readonly string[]): readonly Candidate[] => values.map((value) => ({ value }));

/**
 * What stands in the brackets of an argument or option says what fits it. `files`: files do; `free`: nobody can know it.
 * A contract test holds that all of them are here.
 */
export const sources: { readonly [what: string]: Source | 'files' | 'free' | readonly (Source | 'files')[] } = {
  target: listTargets,
  'target|run|none': [listTargets, listRuns, async () => plain(['none'])],
  before: [listRuns, 'files'],
  after: [listRuns, 'files'],
  tag: async ({ spec }) => plain(await (await import('./spec-names.js')).readTags(spec)),
  topic: listTopics,
  rule: async () => {
    const { loadLintRules } = await import('../lint-rule.js');
    return (await loadLintRules()).map(({ name, summary }) => ({ value: name, summary }));
  },
  'name[=file]': async () => listReports(),
  'name=value': async ({ spec }) => {
    const names = await (await import('./spec-names.js')).readVariables(spec);
    return names.map((name) => ({ value: `${name}=`, goesOn: true }));
  },
  destination: async () => (await import('./ssh-hosts.js')).listSshHosts(),
  file: 'files',
  folder: 'files',
  path: 'files',
  ref: 'files',
  flakeref: 'files',
  words: 'files',
  command: 'free',
  action: 'free',
  shell: 'free',
  format: 'free',
  name: 'free',
  way: 'free',
  when: 'free',
  host: 'free',
  yaml: 'free',
  every: 'free',
  duration: 'free',
  id: 'free',
  'name=address': 'free',
  'name[=target]': 'free',
};

/** What fits at a place. Of what is not in the table nothing is known. */
export async function findFitting(
  what: string,
  choices: readonly string[],
  given: Given,
  typed: string,
): Promise<Fitting> {
  const source = sources[what];
  const list = source === undefined || source === 'free' ? [] : Array.isArray(source) ? source : [source];
  const found = await Promise.all(
    list.map((one: Source | 'files') => (one === 'files' ? [] : one(given, typed).catch(() => []))),
  );
  const taken = new Set(given.words);
  const candidates = [...plain(choices), ...found.flat()].filter(({ value }) => !taken.has(value));
  return { candidates, files: list.includes('files') };
}

async function listTargets({ spec, command }: Given): Promise<readonly Candidate[]> {
  const { readTargetNames } = await import('./spec-names.js');
  const targets = await readTargetNames(spec);
  return command === 'discover' ? [...targets, { value: 'local', summary: 'this machine' }] : targets;
}

/** By name alone: reading each run would take longer than one waits for a key. The id begins with the time. */
async function listRuns({ spec, history }: Given, typed: string): Promise<readonly Candidate[]> {
  const { openHistory } = await import('../history.js');
  const { folder } = openHistory(folderOf({ options: { spec } }), history);
  const files = await readdir(folder).catch(() => []);
  const ids = files
    .flatMap((file) => (file.endsWith('.json') ? file.slice(0, -'.json'.length) : []))
    .sort()
    .reverse();
  if (/^\d/.test(typed)) return plain(ids);
  const counts = new Map<string, number>();
  return ids.flatMap((id): Candidate[] => {
    const [, day, hour, minute, name] = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-[\d.]+Z-(.+)$/.exec(id) ?? [];
    if (name === undefined) return [];
    const back = counts.get(name) ?? 0;
    counts.set(name, back + 1);
    if (back >= mostRuns) return [];
    return [{ value: back === 0 ? name : `${name}~${back}`, summary: `run of ${day} ${hour}:${minute} UTC` }];
  });
}

/** Of each target. */
const mostRuns = 10;

async function listReports(): Promise<readonly Candidate[]> {
  const { loadReport } = await import('../report.js');
  const reports = await Promise.all(reportNames().map((name) => loadReport(name)));
  return reports.map(({ name, summary }) => ({ value: name, summary }));
}

/** Properties, once their resource is typed; without that they would be hundreds. */
async function listTopics(_: Given, typed: string): Promise<readonly Candidate[]> {
  const { loadPages } = await import('../explain/load-pages.js');
  const pages = await loadPages();
  return pages
    .filter(({ name }) => name.includes('.') === typed.includes('.'))
    .map(({ name, summary }) => ({ value: name.replaceAll('.*', ''), summary }));
}
