import t from 'tap';
import type { Entry } from '../src/model.js';
import { refuseUnknownTags, selectEntries } from '../src/selection.js';

function entry(subject: string, tags: readonly string[], needs?: readonly string[]): Entry {
  return { resource: 'unit', subject, options: { tags }, ...(needs && { needs }) } as unknown as Entry;
}

const entries = [
  entry('a', []),
  entry('b', ['db'], ['unit a']),
  entry('c', ['web'], ['unit b']),
  entry('d', ['web', 'db']),
  entry('e', []),
];

t.test('by tag, with what is needed, in the order of the spec', async (t) => {
  const rows: readonly (readonly [tags: readonly string[], subjects: readonly string[]])[] = [
    [[], ['a', 'b', 'c', 'd', 'e']],
    [['db'], ['a', 'b', 'd']],
    [['web'], ['a', 'b', 'c', 'd']],
    [['none'], []],
  ];
  for (const [tags, subjects] of rows) {
    t.same(
      selectEntries(entries, tags).map(({ subject }) => subject),
      subjects,
      tags.join(),
    );
  }
});

t.test('a tag that no entry has', async (t) => {
  const rows: readonly (readonly [
    list: readonly Entry[],
    tags: readonly string[],
    told: Record<string, string> | undefined,
  ])[] = [
    [entries, ['web', 'db'], undefined],
    [entries, [], undefined],
    [
      entries,
      ['web', 'webb'],
      { code: 'usage', message: 'no entry for these targets has the tag "webb"', hint: 'did you mean "web"?' },
    ],
    [entries, ['nightly'], { hint: 'tags are: db, web' }],
    [[], ['web'], { hint: 'no entry has any tag' }],
  ];
  for (const [list, tags, told] of rows) {
    let thrown: unknown;
    try {
      refuseUnknownTags(list, tags);
    } catch (error) {
      thrown = error;
    }
    t.match(thrown, told, tags.join());
  }
});
