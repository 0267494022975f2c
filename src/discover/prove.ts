import type { Connections } from '../connections.js';
import type { Entry, Target } from '../model.js';
import { planRun } from '../plan.js';
import { type Draft, parseForTargets } from '../prepare.js';
import { drawProblem } from '../problem.js';
import { performRun } from '../run.js';
import { readSpec } from '../spec/read.js';
import { refuseBroken } from './ask-machine.js';
import { isYetToFill } from './bare-sections.js';
import { endsOf } from './ends.js';
import type { Failing } from './prune.js';

export interface Proof {
  readonly failing: readonly Failing[];
  /** All entries of the text, for each target. */
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
}

/**
 * Reads the text as a spec is read and runs what is new in it, so that nothing is written that does not pass.
 *
 * @param isNew which entries to run
 * @throws Error where the text is no valid spec: that is a defect of ours
 */
export async function proveSpec(
  text: string,
  { file, env, vars }: { readonly file: string; readonly env: NodeJS.ProcessEnv; readonly vars: Draft['vars'] },
  targets: readonly Target[],
  isNew: (entry: Entry) => boolean,
  connections: Connections,
  signal: AbortSignal,
): Promise<Proof> {
  const source = await readSpec(file, { env, text });
  const draft: Draft = { file, folder: '.', source, targets: new Map(), vars, problems: [] };
  const { resources, matchers, entries, problems } = await parseForTargets(draft, targets);
  // Sections that were bare, and of which there is nothing here, still are.
  const [problem] = [...source.problems, ...problems].filter(
    (one) => one.severity === 'error' && !isYetToFill(one, source),
  );
  if (problem) throw new Error(`what was written is no valid spec:\n${drawProblem(problem, { color: false })}`);
  const failing = await Promise.all(
    targets.map(async (target): Promise<Failing[]> => {
      const plan = planRun((entries.get(target.name) ?? []).filter(isNew), resources);
      const ends = endsOf(target, await connections.get(target));
      const { outcomes, problems: broken } = await performRun({ target, plan, resources, matchers, ends, signal });
      refuseBroken(broken, target.name);
      const paths = new Map(plan.assertions.map(({ id, path }) => [id, path]));
      return outcomes
        .filter(({ status }) => status === 'failed' || status === 'unknown')
        .map(({ id, resource, subject }) => ({ target: target.name, resource, subject, path: paths.get(id) ?? [] }));
    }),
  );
  return { failing: failing.flat(), entries };
}
