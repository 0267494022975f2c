import { existsSync } from 'node:fs';
import { loadMatchers, type Matchers } from '../matcher.js';
import type { Problem } from '../model.js';
import { loadResources } from '../resource.js';
import type { Validator } from './compile-validator.js';
import { plainOf, type SpecFile } from './node.js';
import type { SpecSource } from './read.js';
import type { Schema } from './schema-type.js';

/**
 * Checks the files of a spec against the schema that editors load: unknown names, and values of the wrong type or form.
 * What stands in a `${variable}` is only seen when the entries are read.
 *
 * @param validator one that was made before; else the one of the build
 */
export async function checkShape(source: SpecSource, validator?: Validator): Promise<readonly Problem[]> {
  const validate = validator ?? (await loadValidator());
  const problems: Problem[] = [];
  for (const file of source.files) problems.push(...(await checkFile(file, validate)));
  return problems;
}

async function checkFile(file: SpecFile, validate: Validator): Promise<readonly Problem[]> {
  if (!file.root || validate(plainOf(file.root))) return [];
  const errors = [...(validate.errors ?? [])];
  const { explainErrors } = await import('./shape-problem.js');
  const { schema, matchers } = await composeFromTables();
  return explainErrors(errors, file.root, schema, matchers);
}

async function loadValidator(): Promise<Validator> {
  const compiled = new URL('./validator.js', import.meta.url);
  if (existsSync(compiled)) return ((await import(compiled.href)) as { default: Validator }).default;
  const { makeValidator } = await import('./compile-validator.js');
  return makeValidator((await composeFromTables()).schema);
}

async function composeFromTables(): Promise<{ readonly schema: Schema; readonly matchers: Matchers }> {
  const { composeSchema } = await import('./schema.js');
  const [resources, matchers] = await Promise.all([loadResources(), loadMatchers()]);
  return { schema: composeSchema(resources, matchers) as Schema, matchers };
}
