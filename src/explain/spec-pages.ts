import type { Matchers } from '../matcher.js';
import { type KeyRow, languageGroups, showExample, typeOf } from '../reference.js';
import { existsProperty, type Param, type Property, type Resource, type Resources } from '../resource.js';
import { valueTypes } from '../value.js';
import type { Page, Row } from './page.js';

/** What can stand in a spec: resources with their properties and parameters, matchers, keys, types of values. */
export function composeSpecPages(resources: Resources, matchers: Matchers): readonly Page[] {
  return [
    ...[...resources.values()].flatMap((resource) => [
      describeResource(resource),
      ...describeProperties(resource, matchers),
    ]),
    ...[...matchers.values()].map(
      ({ name, summary, types, example }): Page => ({
        name,
        kind: 'matcher',
        summary,
        parts: [
          {
            rows: [
              { name: 'judges', text: types.join(', ') },
              { name: 'example', text: `\`${showExample(example)}\`` },
            ],
          },
        ],
      }),
    ),
    ...languageGroups().flatMap(([group, summary, keys]) => describeKeys(group, summary, keys)),
    ...Object.values(valueTypes).map(
      ({ name, expects }): Page => ({ name, kind: 'value', summary: `A value in a spec: ${expects}`, parts: [] }),
    ),
  ];
}

function describeResource({ name, summary, subject, params, properties, needs, notes }: Resource): Page {
  const rows = Object.entries({ ...properties, exists: existsProperty }).flatMap(([key, one]) =>
    propertyRows(key, one),
  );
  const about = subject.none
    ? 'One for each host: the properties stand directly under its name.'
    : `Subject: ${subject.summary}, such as \`${subject.example}\`.`;
  return {
    name,
    kind: 'resource',
    summary,
    parts: [
      { text: about },
      { title: 'Properties', rows },
      ...(Object.keys(params).length > 0
        ? [{ title: 'Parameters: what changes the question', rows: Object.entries(params).map(paramRow) }]
        : []),
      ...(needs ? [{ text: `On the target it needs ${needs.join(', ')}.` }] : []),
      ...(notes ? [{ text: notes.trim() }] : []),
    ],
  };
}

function describeProperties({ name, properties, params, subject }: Resource, matchers: Matchers): readonly Page[] {
  const inSpec = (key: string, example: Property['example']) =>
    exampleRow({ [name]: subject.none ? { [key]: example } : { [subject.example]: { [key]: example } } });
  const ofProperty = (key: string, property: Property): Page[] => {
    const able = [...matchers.values()].filter(({ types }) => types.includes(property.type));
    const rows: Row[] = [
      { name: 'type', text: `${typeOf(property)}: ${valueTypes[property.type].expects}` },
      ...(property.words ? [{ name: 'one of', text: property.words.join(', ') }] : []),
      ...markRows(property),
      { name: 'matchers', text: able.map((matcher) => matcher.name).join(', ') },
      ...(key.includes('*')
        ? [exampleRow({ [key.split('.').at(-1) ?? key]: property.example })]
        : [inSpec(key, property.example)]),
    ];
    const inner = Object.entries(property.record ?? {}).flatMap(([field, one]) => ofProperty(`${key}.*.${field}`, one));
    return [{ name: `${name}.${key}`, kind: 'property', summary: property.summary, parts: [{ rows }] }, ...inner];
  };
  return [
    ...Object.entries({ ...properties, exists: existsProperty }).flatMap(([key, one]) => ofProperty(key, one)),
    ...Object.entries(params).map(([key, param]): Page => {
      const rows = [
        { name: 'type', text: valueTypes[param.type].expects },
        ...markRows(param),
        inSpec(key, param.example),
      ];
      return { name: `${name}.${key}`, kind: 'parameter', summary: param.summary, parts: [{ rows }] };
    }),
  ];
}

function markRows(one: Partial<Pick<Property, 'volatile' | 'secret'> & Pick<Param, 'required'>>): Row[] {
  return [
    ...(one.volatile ? [{ name: 'volatile', text: 'changes by itself, so that it never counts as drift' }] : []),
    ...(one.secret ? [{ name: 'secret', text: 'masked in every output' }] : []),
    ...(one.required ? [{ name: 'required', text: 'without it there is no question' }] : []),
  ];
}

function propertyRows(key: string, property: Property): Row[] {
  const marks = [property.volatile && 'volatile', property.secret && 'secret'].filter(Boolean);
  const more = [typeOf(property), ...marks, exampleOf(key.split('.').at(-1) ?? key, property)].join(' · ');
  const inner = Object.entries(property.record ?? {}).flatMap(([name, one]) => propertyRows(`${key}.*.${name}`, one));
  return [{ name: key, text: withWords(property), more }, ...inner];
}

function paramRow([key, param]: [string, Param]): Row {
  const marks = [param.required && 'required', param.secret && 'secret'].filter(Boolean);
  return { name: key, text: withWords(param), more: [param.type, ...marks, exampleOf(key, param)].join(' · ') };
}

function describeKeys(group: string, summary: string, keys: { readonly [key: string]: KeyRow }): readonly Page[] {
  const rows = Object.entries(keys).map(
    ([key, row]): Row => ({
      name: key,
      text: withWords(row),
      more: [row.type, exampleOf(key, row)].filter(Boolean).join(' · '),
    }),
  );
  const own = Object.entries(keys).map(
    ([key, row]): Page => ({
      name: `${group}.${key}`,
      kind: 'key',
      summary: row.summary,
      parts: [
        {
          rows: [
            ...(row.type ? [{ name: 'type', text: row.type }] : []),
            ...(row.words ? [{ name: 'one of', text: row.words.join(', ') }] : []),
            exampleRow({ [key]: row.example }),
          ],
        },
      ],
    }),
  );
  return [{ name: group, kind: 'keys', summary, parts: [{ rows }] }, ...own];
}

interface Shown {
  readonly summary: string;
  readonly words?: readonly string[];
  readonly example: Property['example'];
}

function withWords({ summary, words }: Pick<Shown, 'summary' | 'words'>): string {
  return words ? `${summary} (${words.join(', ')})` : summary;
}

function exampleOf(key: string, { example }: Pick<Shown, 'example'>): string {
  return `${key}: ${showExample(example)}`;
}

function exampleRow(example: { readonly [key: string]: Property['example'] }): Row {
  const [[key = '', value = null] = []] = Object.entries(example);
  return { name: 'example', text: `\`${showExample(key)}: ${showExample(value)}\`` };
}
