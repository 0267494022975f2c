import { Readable } from 'node:stream';
import { loadMatchers } from '../matcher.js';
import type { Problem } from '../model.js';
import { loadResources } from '../resource.js';
import type { Validator } from '../spec/compile-validator.js';
import { parseEntries, usedKeys } from '../spec/parse.js';
import { readSpec } from '../spec/read.js';
import { checkShape } from '../spec/shape.js';
import { readTargets } from '../spec/targets.js';

/**
 * The mistakes that `nixspec lint` would find.
 * @param validator as of `checkShape`
 */
export async function lintText(
  text: string,
  env: NodeJS.ProcessEnv,
  validator?: Validator,
): Promise<readonly Problem[]> {
  const source = await readSpec('-', { env, stdin: Readable.from([text]) });
  const { targets, problems } = readTargets(source, { vars: {} });
  const used = usedKeys(source);
  const all = await loadResources();
  const [matchers, shape] = await Promise.all([loadMatchers(), checkShape(source, validator)]);
  const resources = new Map([...all].filter(([name]) => used.has(name)));
  const parsed = [...targets.keys()].flatMap(
    (name) => parseEntries(source, name, resources, matchers, { vars: {} }).problems,
  );
  return [...source.problems, ...problems, ...shape, ...parsed].filter(({ severity }) => severity === 'error');
}
