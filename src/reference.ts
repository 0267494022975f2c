import { exitCodeMeanings } from './error.js';
import type { Matcher, Matchers } from './matcher.js';
import type { Value } from './model.js';
import { problemCodes } from './problem.js';
import { existsProperty, type Param, type Property, type Resource, type Resources } from './resource.js';
import { entryKeys, secretKeys, sshForm, sshKeys, stateKeys, targetKeys, topKeys, vmKeys } from './spec/keys.js';

/** A page of the reference: Markdown, made from the tables. `explain` prints it, `docs/reference.md` holds them all. */
export interface Topic {
  readonly name: string;
  readonly kind: 'resource' | 'matcher' | 'other';
  readonly summary: string;
  readonly text: string;
}

/** All topics: resources, matchers, the keys of the language, codes. */
export function composeTopics(resources: Resources, matchers: Matchers): Topic[] {
  return [
    ...[...resources.values()].map((resource) => describeResource(resource)),
    ...[...matchers.values()].map((matcher) => describeMatcher(matcher)),
    ...describeLanguage(),
    describeCodes('problem-codes', 'What each mistake of a spec means', problemCodes),
    describeCodes('exit-codes', 'What the exit code of nixspec means', exitCodeMeanings),
  ];
}

/** The reference page as one Markdown document. */
export function composeReference(topics: readonly Topic[]): string {
  const parts: readonly (readonly [string, Topic['kind']])[] = [
    ['Resources', 'resource'],
    ['Matchers', 'matcher'],
    ['More', 'other'],
  ];
  const text = parts.map(([title, kind]) => {
    const pages = topics.filter((topic) => topic.kind === kind).map((topic) => topic.text);
    return `## ${title}\n\n${pages.join('\n')}`;
  });
  return `# Reference\n\nMade from the tables in \`src/\` by the build; do not edit.\n\n${text.join('\n')}`;
}

function describeResource(resource: Resource): Topic {
  const { name, summary, subject, params, properties, needs, notes } = resource;
  const rows = Object.entries({ ...properties, exists: existsProperty }).flatMap(([key, property]) =>
    propertyRows(key, property),
  );
  const text = [
    `### ${name}\n\n${summary}.\n`,
    subject.none
      ? 'One for each host: the properties stand directly under its name.\n'
      : `Subject: ${subject.summary}, such as \`${subject.example}\`.\n`,
    table(['property', 'type', 'what it is', 'example'], rows),
    ...(Object.keys(params).length > 0
      ? [
          'What changes the question:\n',
          table(['parameter', 'type', 'what it is', 'example'], Object.entries(params).map(paramRow)),
        ]
      : []),
    ...(needs ? [`On the target it needs ${needs.join(', ')}.\n`] : []),
    ...(notes ? [`${notes.trim()}\n`] : []),
  ];
  return { name, kind: 'resource', summary, text: text.join('\n') };
}

function propertyRows(key: string, property: Property): string[][] {
  const marks = [property.volatile && 'volatile', property.secret && 'secret'].filter(Boolean).join(', ');
  const words = property.words ? ` (${property.words.join(', ')})` : '';
  const own = [
    code(key),
    typeOf(property) + (marks && ` (${marks})`),
    property.summary + words,
    code(showExample(property.example)),
  ];
  const inner = Object.entries(property.record ?? {}).flatMap(([name, field]) =>
    propertyRows(`${key}.*.${name}`, field),
  );
  return [own, ...inner];
}

/** `list of version`; of strings, what is in it goes without saying. */
export function typeOf({ type, values, typeOf: param }: Property): string {
  if (param !== undefined) return `that of ${param}`;
  return values ? `${type} of ${values}` : type;
}

function paramRow([key, param]: [string, Param]): string[] {
  const words = param.words ? ` (${param.words.join(', ')})` : '';
  const marks = [param.required && 'required', param.secret && 'secret'].filter(Boolean).join(', ');
  return [code(key), param.type + (marks && ` (${marks})`), param.summary + words, code(showExample(param.example))];
}

function describeMatcher({ name, summary, types, example }: Matcher): Topic {
  const text = `### ${name}\n\n${summary}.\n\nFor: ${types.join(', ')}. Example: ${code(showExample(example))}\n`;
  return { name, kind: 'matcher', summary, text };
}

/** The keys of the language itself, from the tables that reading and schema follow: name, summary and keys of each group. */
export function languageGroups(): readonly (readonly [string, string, { readonly [key: string]: KeyRow }])[] {
  const ssh = { ssh: sshForm, vm: { type: 'map', summary: 'The staging VM; see vm', example: { flake: '.#web' } } };
  return [
    ['spec', 'The keys of a spec beside the resource types', topKeys],
    ['targets', 'How a target is reached, and what it is', { ...ssh, ...targetKeys }],
    ['ssh', 'The keys of `ssh` where it is a mapping', sshKeys],
    ['vm', 'The keys of `vm`', vmKeys],
    ['secrets', 'Where a secret comes from: one of `env`, `file` and `command`', secretKeys],
    ['state', 'What is copied before a switch: one of `btrfs`, `zfs` and `dump`', stateKeys],
    ['entries', 'What every entry takes beside its parameters and properties', entryKeys],
  ];
}

function describeLanguage(): Topic[] {
  return languageGroups().map(([name, summary, keys]) => {
    const rows = Object.entries(keys).map(([key, { type, ...row }]) => [
      code(key),
      type ?? '',
      row.summary + (row.words ? ` (${row.words.join(', ')})` : ''),
      code(showExample(row.example)),
    ]);
    return {
      name,
      kind: 'other',
      summary,
      text: `### ${name}\n\n${summary}.\n\n${table(['key', 'type', 'what it is', 'example'], rows)}`,
    };
  });
}

export interface KeyRow {
  readonly type?: string;
  readonly summary: string;
  readonly words?: readonly string[];
  readonly example: Value;
}

function describeCodes(name: string, summary: string, codes: { readonly [code: string]: string }): Topic {
  const rows = Object.entries(codes).map(([key, meaning]) => [key, meaning]);
  return { name, kind: 'other', summary, text: `### ${name}\n\n${summary}.\n\n${table(['code', 'meaning'], rows)}` };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** As it would be written in YAML on one line. */
export function showExample(value: Value): string {
  if (typeof value === 'string') return /^[A-Za-z0-9_./:@-]+$/.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(showExample).join(', ')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${showExample(key)}: ${showExample(inner)}`)
    .join(', ')} }`;
}
