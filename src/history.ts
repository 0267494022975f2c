import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NixspecError } from './error.js';
import type { Run } from './model.js';
import { nameOfRun } from './stage.js';

/** Saved runs: one JSON file each in `.nixspec/runs/`, named by its id, so that names sort by time. */
export interface History {
  readonly folder: string;
}

/**
 * @param specFolder the folder of the spec
 * @param asked the value of `--history`, in its place
 */
export function openHistory(specFolder: string, asked?: unknown): History {
  return { folder: join(typeof asked === 'string' ? asked : specFolder, '.nixspec', 'runs') };
}

/** A run of a large host with long bodies is some MiB; what is larger is none of ours. */
const largestRun = 64 * 1024 * 1024;

/**
 * Saves a run, whole or not at all: written beside its place, then renamed. Readable by its owner only, since facts say
 * a lot about a server.
 * @returns the file's path
 */
export async function saveRun(history: History, run: Run): Promise<string> {
  const file = join(history.folder, `${run.id}.json`);
  try {
    await mkdir(history.folder, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.part`, `${JSON.stringify(run)}\n`, { mode: 0o600 });
    await rename(`${file}.part`, file);
  } catch (cause) {
    throw new NixspecError('history-unwritable', `cannot save the run: ${(cause as Error).message}`, {
      operation: 'save run',
      target: file,
      hint: 'give another folder with --history, or --no-save',
      cause,
    });
  }
  return file;
}

/**
 * Loads a run by what a person would name it by: the path of a file, a run's id (or the beginning of one), or a target,
 * which is its latest run. `production~1` is the one before it, `production@42` the latest of generation 42.
 * @throws NixspecError `run-unreadable` where there is none, or it is not a run
 */
export async function loadRun(history: History, name: string): Promise<Run> {
  if (name.includes('/') || name.endsWith('.json')) return readRun(resolve(name));
  const [, target, back, generation] = /^([^~@]+)(?:~(\d{1,6})|@(\d+))$/.exec(name) ?? [];
  const latest =
    target === undefined
      ? await findLatest(history, name)
      : await findEarlier(history, target, { back: Number(back ?? 0), generation });
  if (latest) return latest;
  const ids = (await listIds(history)).filter((id) => id.startsWith(name));
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return readRun(join(history.folder, `${id}.json`));
  throw new NixspecError(
    'run-unreadable',
    ids.length > 1
      ? `${ids.length} runs begin with "${name}"`
      : `there is no run of "${name}", and no run of that name`,
    { operation: 'load run', target: history.folder, hint: '`nixspec runs` lists the saved runs' },
  );
}

/** The latest run of a target, if there is one. */
export function findLatest(history: History, target: string): Promise<Run | undefined> {
  return findEarlier(history, target, { back: 0 });
}

interface Wanted {
  /** So many runs before the latest one. */
  readonly back: number;
  /** Only runs that saw this generation of the system. */
  readonly generation?: string | undefined;
}

async function findEarlier(history: History, target: string, { back, generation }: Wanted): Promise<Run | undefined> {
  const ids = (await listIds(history)).filter((id) => id.endsWith(`Z-${target}`)).reverse();
  let left = back;
  for (const id of ids) {
    const run = await readRun(join(history.folder, `${id}.json`));
    if (nameOfRun(run) !== target || (generation !== undefined && String(run.system.generation) !== generation))
      continue;
    if (left === 0) return run;
    left -= 1;
  }
  return undefined;
}

/** All saved runs, oldest first. A file that is not a run is left out and named in `unreadable`. */
export async function listRuns(history: History): Promise<{ runs: Run[]; unreadable: string[] }> {
  const runs: Run[] = [];
  const unreadable: string[] = [];
  for (const id of await listIds(history)) {
    try {
      runs.push(await readRun(join(history.folder, `${id}.json`)));
    } catch {
      unreadable.push(id);
    }
  }
  return { runs, unreadable };
}

async function listIds(history: History): Promise<string[]> {
  const files = await readdir(history.folder).catch(() => []);
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

async function readRun(file: string): Promise<Run> {
  try {
    const { size } = await stat(file);
    if (size > largestRun) throw new Error(`it is larger than ${largestRun} bytes`);
    return checkRun(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new NixspecError('run-unreadable', `cannot read the run ${file}: ${(cause as Error).message}`, {
      operation: 'load run',
      target: file,
      cause,
    });
  }
}

/** Enough of a check that nothing later trips over it; `schema/run.json` says all. A `json` report with one run will do. */
function checkRun(value: unknown): Run {
  if (!isObject(value)) throw new Error('it is not a run');
  if (Array.isArray(value.runs) && value.runs.length === 1) return checkRun(value.runs[0]);
  if (value.format !== 1) {
    throw new Error(value.format === undefined ? 'it is not a run' : `its format ${String(value.format)} is not known`);
  }
  const texts = ['id', 'target', 'started', 'finished', 'reached'].every((key) => typeof value[key] === 'string');
  const lists = [value.facts, value.outcomes].every((list) => Array.isArray(list) && list.every(isAddressed));
  if (!texts || !lists || !isObject(value.system) || !Array.isArray(value.problems)) throw new Error('it is not a run');
  if (value.inventory !== undefined && !isInventory(value.inventory)) throw new Error('its inventory cannot be read');
  return value as unknown as Run;
}

function isAddressed(row: unknown): boolean {
  return (
    isObject(row) && [row.resource, row.subject, row.property, row.status].every((word) => typeof word === 'string')
  );
}

/** Runs of older versions have none. */
function isInventory(value: unknown): boolean {
  if (!isObject(value)) return false;
  const rows = { units: 'name', listeners: 'address', users: 'name', mounts: 'point' };
  const lists = Object.entries(rows).every(([name, key]) =>
    isSection(value[name], (found) => Array.isArray(found) && found.every((row) => isObject(row) && isText(row[key]))),
  );
  const isPackage = (row: unknown) => isObject(row) && isText(row.name) && Array.isArray(row.versions);
  const packages = (found: unknown) => isObject(found) && Array.isArray(found.list) && found.list.every(isPackage);
  const kernel = (found: unknown) => isObject(found) && isText(found.running);
  return lists && isSection(value.packages, packages) && isSection(value.kernel, kernel);
}

function isSection(section: unknown, isValue: (value: unknown) => boolean): boolean {
  if (!isObject(section)) return false;
  return section.status === 'known' ? isValue(section.value) : isText(section.reason);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
