import type { Value, ValueTypeName } from '../model.js';
import type { Resource } from '../resource.js';
import { valueTypes } from '../value.js';
import { flow } from './flow.js';
import type { Schema } from './schema-type.js';

interface Described {
  readonly summary: string;
  readonly example: Value;
  readonly type?: ValueTypeName;
  readonly volatile?: true;
  readonly secret?: true;
  readonly words?: readonly string[];
  readonly deprecated?: string;
}

/** What editors show of a key: what it is, its type with the unit, an example. */
export function describe(described: Described, key: string): Schema {
  const { summary, example, type, volatile, secret, words, deprecated } = described;
  const marks = [
    type && (words ? `one of ${words.join(', ')}` : valueTypes[type].expects),
    volatile && 'changes by itself, so that it never counts as drift',
    secret && 'secret: masked in every output',
    deprecated !== undefined && `an older name of ${deprecated}`,
  ].filter(Boolean);
  const written = flow({ [key]: example });
  return {
    description: `${[summary, ...marks].join('; ')}. Example: ${written}`,
    markdownDescription: `${[`${summary}.`, ...marks.map((mark) => `_${String(mark)}_`)].join('  \n')}\n\n\`\`\`yaml\n${written}\n\`\`\``,
    ...(deprecated !== undefined && { deprecationMessage: `the name is ${deprecated} now` }),
  };
}

/** An entry, for completion: the subject, what must be said, and what is asserted most, which stands first in the table. */
export function entrySnippet({ subject, params, properties }: Resource): Schema {
  const needed = Object.entries(params).filter(([, { required }]) => required);
  const body = [...needed, ...Object.entries(properties).slice(0, 1)].map(([key, { example }]) => [key, example]);
  return { [`\${1:${subject.example.replace(/[$}\\]/g, '\\$&')}}`]: Object.fromEntries(body) };
}
