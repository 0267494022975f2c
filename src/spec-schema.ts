import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readTags, readTargetNames } from './completion/spec-names.js';
import { NixspecError } from './error.js';
import { loadMatchers } from './matcher.js';
import { loadResources } from './resource.js';
import { knowNames } from './spec/know-names.js';
import { readSpec } from './spec/read.js';
import { composeSchema } from './spec/schema.js';
import type { Schema } from './spec/schema-type.js';

/**
 * The JSON Schema of specs; of a named one, with its targets and tags for completion, however many mistakes are in it.
 *
 * @throws NixspecError `spec-unreadable` where there is no such file
 */
export async function composeSpecSchema(spec: string | undefined): Promise<object> {
  const [resources, matchers] = await Promise.all([loadResources(), loadMatchers()]);
  const schema = composeSchema(resources, matchers) as Schema;
  if (spec === undefined) return schema;
  await refuseUnreadable(spec);
  const [targets, tags] = await Promise.all([readTargetNames(spec), readTags(spec)]);
  return knowNames(schema, { targets: targets.map(({ value }) => value), tags });
}

async function refuseUnreadable(spec: string): Promise<void> {
  const { files, problems } = await readSpec(spec, { env: {} });
  const [problem] = problems;
  if (files.length > 0 || !problem) return;
  throw new NixspecError('spec-unreadable', problem.message, { operation: 'read spec' });
}

/** Whole or not at all, since editors look at it at any time. @throws NixspecError `usage` */
export async function writeSchema(file: string, schema: object): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, `${JSON.stringify(schema)}\n`);
    await rename(`${file}.new`, file);
  } catch (cause) {
    throw new NixspecError('usage', `cannot write ${file}: ${(cause as Error).message}`, {
      operation: 'write schema',
      cause,
    });
  }
}
