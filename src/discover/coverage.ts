import { parseForTargets } from '../prepare.js';
import type { Resources } from '../resource.js';
import { pairsOf, valueAt } from '../spec/node.js';
import { compileWildcards, hasWildcards } from '../unit-name.js';
import { canonical } from './prune.js';
import type { Request } from './request.js';

/** Whether the spec says something about a subject already. */
export type Covers = (resource: string, subject: string) => boolean;

/**
 * What the spec covers, whatever it says of it and for whichever target: as entries, after variables, and as keys, since
 * one mapping cannot have a key twice.
 */
export async function listCovered({ draft, file }: Request, resources: Resources): Promise<Covers> {
  if (!draft || file === undefined) return () => false;
  const { entries } = await parseForTargets(draft, [...draft.targets.values()]);
  const subjects = [...entries.values()].flat().map(({ resource, subject }) => JSON.stringify([resource, subject]));
  const patterns = [...entries.values()]
    .flat()
    .filter(({ resource, subject }) => resource === 'unit' && hasWildcards(subject))
    .map(({ subject }) => compileWildcards(subject));
  const [root] = draft.source.files;
  const keys = [...resources.keys()].flatMap((resource) =>
    pairsOf(valueAt(root?.root, resource)).map(({ key }) =>
      JSON.stringify([resource, canonical(resource, key.source, resources)]),
    ),
  );
  const covered = new Set([...subjects, ...keys]);
  return (resource, subject) => {
    const name = canonical(resource, subject, resources);
    const known = covered.has(JSON.stringify([resource, name]));
    return known || (resource === 'unit' && patterns.some((pattern) => pattern.test(name)));
  };
}
