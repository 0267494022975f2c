import t from 'tap';
import { parse } from 'yaml';
import { insertEntries } from '../../src/discover/insert.js';
import type { SpecEntry } from '../../src/discover/merge.js';
import { readSpec } from '../../src/spec/read.js';

const entry = (resource: string, subject: string, body: SpecEntry['body'] = { active: true }): SpecEntry => ({
  group: resource === 'unit' ? 'services' : resource === 'system' ? 'machine' : 'mounts',
  resource,
  subject,
  body,
});

async function insert(text: string, entries: readonly SpecEntry[], targets = {}) {
  const source = await readSpec('-', { env: {}, text });
  const [file] = source.files;
  if (!file) throw new Error('no file');
  return insertEntries(file, { entries }, targets);
}

const heading = '# Services that run, and are started by themselves.';

t.test('behind the last entry, with its indentation; all else stays', async (t) => {
  const tables: readonly (readonly [what: string, before: string, after: string])[] = [
    [
      'block',
      'unit:\n  a: { active: true }\nport: {}\n',
      `unit:\n  a: { active: true }\n  ${heading}\n  new: { active: true }\nport: {}\n`,
    ],
    [
      'nested',
      'unit:\n    a:\n        active: true   # yes\n\n\n# next\nport: {}\n',
      `unit:\n    a:\n        active: true   # yes\n    ${heading}\n    new: { active: true }\n\n\n# next\nport: {}\n`,
    ],
    [
      'comments of the section',
      'unit:\n  a: {active: true}\n\n  # of the units\n# of the ports\nport: {}\n',
      `unit:\n  a: {active: true}\n\n  # of the units\n  ${heading}\n  new: { active: true }\n# of the ports\nport: {}\n`,
    ],
    [
      'no newline at the end',
      'unit:\n  a: { active: true }',
      `unit:\n  a: { active: true }\n  ${heading}\n  new: { active: true }\n`,
    ],
    [
      'alias as the last value',
      'x: &x { active: true }\nunit:\n  a: *x # same\nport: {}\n',
      `x: &x { active: true }\nunit:\n  a: *x # same\n  ${heading}\n  new: { active: true }\nport: {}\n`,
    ],
    [
      'block text',
      'unit:\n  a:\n    title: |\n      two\n      lines\nport: {}\n',
      `unit:\n  a:\n    title: |\n      two\n      lines\n  ${heading}\n  new: { active: true }\nport: {}\n`,
    ],
    ['braces', 'unit: { a: { active: true } } # end\n', 'unit: { a: { active: true }, new: { active: true } } # end\n'],
    [
      'braces, comma at the end',
      'unit: {\n  a: { active: true },\n}\n',
      'unit: {\n  a: { active: true }, new: { active: true },\n}\n',
    ],
    [
      'braces, alias',
      'x: &x { active: true }\nunit: { a: *x }\n',
      'x: &x { active: true }\nunit: { a: *x, new: { active: true } }\n',
    ],
    [
      'CRLF',
      'unit:\r\n  a: { active: true }\r\n',
      `unit:\r\n  a: { active: true }\r\n  ${heading}\r\n  new: { active: true }\r\n`,
    ],
    ['a new section', 'version: 1\n# end', `version: 1\n# end\n\n${heading}\nunit:\n  new: { active: true }\n`],
    [
      'a new section before the end mark',
      'version: 1\n...\n',
      `version: 1\n\n${heading}\nunit:\n  new: { active: true }\n...\n`,
    ],
    [
      'all in braces',
      '{ "version": 1, "port": { "tcp:1": { "listening": true } } }\n',
      '{ "version": 1, "port": { "tcp:1": { "listening": true } }, unit: { new: { active: true } } }\n',
    ],
    [
      'quoted keys',
      'unit:\n  "a b": { active: true }\n  \'c\': { active: true }\n',
      `unit:\n  "a b": { active: true }\n  'c': { active: true }\n  ${heading}\n  new: { active: true }\n`,
    ],
    ['a bare section', 'unit:\nport: {}\n', `unit:\n  ${heading}\n  new: { active: true }\nport: {}\n`],
    [
      'a bare section in braces, with a comment',
      'unit: {} # mine\r\n# next\r\n',
      `unit: # mine\r\n  ${heading}\r\n  new: { active: true }\r\n# next\r\n`,
    ],
    ['a bare section at the end', 'port: {}\nunit: ~', `port: {}\nunit:\n  ${heading}\n  new: { active: true }\n`],
    [
      'merged',
      'x: &x { a: { active: true } }\nunit:\n  b: { active: true }\n  <<: *x\n',
      `x: &x { a: { active: true } }\nunit:\n  b: { active: true }\n  ${heading}\n  new: { active: true }\n  <<: *x\n`,
    ],
  ];
  for (const [what, before, after] of tables) {
    const { text, stuck } = await insert(before, [entry('unit', 'new')]);
    t.equal(text, after, what);
    t.same(stuck, []);
    const document = parse(text, { merge: true }) as { unit: { new: unknown } };
    t.same(document.unit.new, { active: true }, `${what}: it is there`);
  }
});

t.test('several sections and a target', async (t) => {
  const before = 'version: 1\ntargets: { a: { local: true } }\nunit:\n  x: { active: true }\n';
  const entries = [
    entry('unit', 'y'),
    entry('system', '', { state: 'running' }),
    entry('mount', '/a: #b', { filesystem: '${x}' }),
  ];
  const { text } = await insert(before, entries, { b: { ssh: 'root@b' } });
  t.same(parse(text), {
    version: 1,
    targets: { a: { local: true }, b: { ssh: 'root@b' } },
    unit: { x: { active: true }, y: { active: true } },
    system: { state: 'running' },
    mount: { '/a: #b': { filesystem: '$${x}' } },
  });
  t.ok(
    text.startsWith('version: 1\ntargets: { a: { local: true }, b: { ssh: root@b } }\nunit:\n  x: { active: true }\n'),
  );
});

t.test('a bare section of a resource type without subjects, bare targets', async (t) => {
  const before = 'targets: {}\nsystem: {}\nunit: {}\n';
  const { text } = await insert(before, [entry('system', '', { state: 'running' })], { b: { ssh: 'root@b' } });
  t.equal(text, 'targets:\n  b: { ssh: root@b }\nsystem:\n  state: running\nunit: {}\n');
});

t.test('a section behind an alias leaves no room', async (t) => {
  const before = 'x: &x { a: { active: true } }\nunit: *x\n';
  const { text, stuck } = await insert(before, [entry('unit', 'new')]);
  t.same([text, stuck], [before, ['unit']]);
});
