import { composeRulesPage } from './lint/rules-page.js';
import { loadLintRules } from './lint-rule.js';
import { loadMatchers } from './matcher.js';
import { composeReference, composeTopics } from './reference.js';
import { loadResources } from './resource.js';
import { composeSchema } from './spec/schema.js';

export interface Generated {
  readonly schema: object;
  /** Committed files that are made from the tables: path to text. CI compares them. */
  readonly files: { readonly [path: string]: string };
}

/** Everything that is made from the tables. `npm run generate` writes it; a test compares what is committed. */
export async function composeGenerated(): Promise<Generated> {
  const [resources, matchers, rules] = await Promise.all([loadResources(), loadMatchers(), loadLintRules()]);
  const schema = composeSchema(resources, matchers);
  return {
    schema,
    files: {
      'schema/spec.json': `${JSON.stringify(schema, undefined, 2)}\n`,
      'docs/reference.md': composeReference(composeTopics(resources, matchers)),
      'docs/lint-rules.md': composeRulesPage(rules),
    },
  };
}
