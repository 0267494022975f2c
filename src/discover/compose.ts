import { isDeepStrictEqual } from 'node:util';
import type { Connections } from '../connections.js';
import type { Entry, Target } from '../model.js';
import { parseForTargets } from '../prepare.js';
import { loadResources } from '../resource.js';
import type { Discovery } from './ask-machine.js';
import { listCovered } from './coverage.js';
import type { Findings } from './finding.js';
import { insertEntries } from './insert.js';
import { type Merged, type MergeOptions, mergeFindings } from './merge.js';
import { type Proof, proveSpec } from './prove.js';
import { dropFailing, refuseHostile } from './prune.js';
import type { Request } from './request.js';
import { describeTarget, writeSpec } from './text.js';

/** The text of the spec, proven: what does not pass at once is not in it. */
export interface Composed {
  readonly text: string;
  readonly merged: Merged;
  /** Sections of the spec that nothing could be put into. */
  readonly stuck: readonly string[];
}

interface Surroundings {
  readonly connections: Connections;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  progress(stage: string): void;
}

/** What changes from look to look shows itself within that many. */
const mostTries = 6;

/**
 * Writes, reads and runs what was found, until all of it passes.
 * @returns undefined where there is nothing (new) to write
 */
export async function composeSpec(
  request: Request,
  discoveries: ReadonlyMap<string, Discovery>,
  around: Surroundings,
): Promise<Composed | undefined> {
  const resources = await loadResources();
  const isCovered = await listCovered(request, resources);
  let found = mapValues(discoveries, (discovery): Findings => {
    const { entries, remarks } = refuseHostile(discovery, resources);
    return { entries: entries.filter(({ resource, subject }) => !isCovered(resource, subject)), remarks };
  });
  for (let tries = 0; tries < mostTries; tries += 1) {
    const composed = compose(request, found, discoveries);
    if (composed.merged.entries.length === 0) return undefined;
    around.progress('verifying what was written');
    const stuck = new Set(composed.stuck);
    const isNew = ({ resource, subject }: Entry) => !isCovered(resource, subject) && !stuck.has(resource);
    const proof = await prove(composed, request, isNew, around);
    if (proof.failing.length === 0) {
      await checkOld(request, proof, isNew);
      return composed;
    }
    found = new Map(
      [...found].map(([name, findings]) => [
        name,
        dropFailing(
          findings,
          proof.failing.filter(({ target }) => target === name),
          resources,
        ),
      ]),
    );
  }
  throw new Error('what was found is another thing each time it is looked at');
}

function mapValues<A, B>(map: ReadonlyMap<string, A>, change: (value: A) => B): ReadonlyMap<string, B> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}

function compose(
  request: Request,
  found: ReadonlyMap<string, Findings>,
  discoveries: ReadonlyMap<string, Discovery>,
): Composed {
  const { targets, draft, file } = request;
  const merged = mergeFindings(found, mergeOptions(request));
  const [root] = draft?.source.files ?? [];
  if (file !== undefined && root) {
    const fresh = targets.filter(({ name }) => request.fresh.has(name));
    const added = Object.fromEntries(fresh.map((target) => [target.name, describeTarget(target, merged.from)]));
    return { ...insertEntries(root, merged, added), merged };
  }
  return { text: writeSpec(targets, merged, unseenOf(discoveries)), merged, stuck: [] };
}

/** Of new targets the spec can say where questions start from; to a spec that has others they must not bring theirs. */
function mergeOptions({ targets, fresh, draft, file }: Request): MergeOptions {
  const allFresh = targets.every(({ name }) => fresh.has(name));
  const origins = new Set(targets.map(({ from }) => from));
  const [origin = 'runner'] = origins;
  return {
    ...(!allFresh && { from: origins.size > 1 ? 'mixed' : origin }),
    ...(allFresh && file !== undefined && draft && draft.targets.size > 0 && { onlyThese: true }),
  };
}

/** Which target could not show it is said where there are several. */
export function unseenOf(discoveries: ReadonlyMap<string, Discovery>): readonly string[] {
  return [...discoveries].flatMap(([name, { unseen }]) =>
    unseen.map((text) => (discoveries.size > 1 ? `${name}: ${text}` : text)),
  );
}

async function prove(
  { text, merged }: Composed,
  request: Request,
  isNew: (entry: Entry) => boolean,
  around: Surroundings,
): Promise<Proof> {
  const { targets, draft, file, fresh } = request;
  const named = targets.map(
    (target): Target => (fresh.has(target.name) && merged.from ? { ...target, from: merged.from } : target),
  );
  const place = { file: file ?? '-', env: around.env, vars: draft?.vars ?? {} };
  return proveSpec(text, place, named, isNew, around.connections, around.signal);
}

/** The insertion must not have changed what was there. */
async function checkOld({ draft, file }: Request, { entries }: Proof, isNew: (entry: Entry) => boolean): Promise<void> {
  if (!draft || file === undefined) return;
  const before = await parseForTargets(draft, [...draft.targets.values()]);
  const plain = (list: readonly Entry[]) =>
    list.filter((entry) => !isNew(entry)).map((entry) => JSON.stringify(entry, omitPosition));
  for (const [name, list] of entries) {
    const old = before.entries.get(name);
    if (old && !isDeepStrictEqual(plain(list).sort(), plain(old).sort()))
      throw new Error('the insertion would have changed what the spec says already; nothing was written');
  }
}

function omitPosition(key: string, value: unknown): unknown {
  return key === 'position' ? undefined : value;
}
