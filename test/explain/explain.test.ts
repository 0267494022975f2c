import { readdirSync } from 'node:fs';
import t from 'tap';
import { errorExitCodes, exitCodeMeanings, exitCodes } from '../../src/error.js';
import { findPages } from '../../src/explain/find-pages.js';
import { loadPages } from '../../src/explain/load-pages.js';
import { renderPages, renderTopics } from '../../src/explain/render.js';
import { problemCodes } from '../../src/problem.js';
import { loadResources } from '../../src/resource.js';
import { entryKeys, secretKeys, sshKeys, stateKeys, targetKeys, topKeys, vmKeys } from '../../src/spec/keys.js';
import { makePaint } from '../../src/terminal.js';
import { valueTypes } from '../../src/value.js';
import { nixspec } from '../fixture/nixspec.js';

const pages = await loadPages();
const resources = await loadResources();
const namesIn = (folder: string) => readdirSync(`src/${folder}`).map((file) => file.slice(0, -3));
const keysOf = (group: string, keys: object) => Object.keys(keys).map((key) => `${group}.${key}`);

const instances: Readonly<Record<string, readonly string[]>> = {
  resource: namesIn('resources'),
  property: [...resources.values()].flatMap(({ name, properties }) => keysOf(name, { ...properties, exists: true })),
  parameter: [...resources.values()].flatMap(({ name, params }) => keysOf(name, params)),
  matcher: namesIn('matchers'),
  report: namesIn('reports'),
  command: namesIn('commands'),
  'lint rule': namesIn('lint-rules'),
  'exit code': Object.values(exitCodes).map(String),
  mistake: Object.keys(problemCodes),
  error: Object.keys(errorExitCodes()),
  value: Object.keys(valueTypes),
  key: [
    ...keysOf('entries', entryKeys),
    ...keysOf('targets', { ssh: 1, vm: 1, ...targetKeys }),
    ...keysOf('spec', topKeys),
    ...keysOf('ssh', sshKeys),
    ...keysOf('vm', vmKeys),
    ...keysOf('secrets', secretKeys),
    ...keysOf('state', stateKeys),
  ],
};

for (const [kind, names] of Object.entries(instances)) {
  t.test(`every ${kind} is explained`, async (t) => {
    t.ok(names.length > 2, `${names.length} of them`);
    const own = pages.filter((page) => page.kind === kind).map(({ name }) => name);
    // Those of records, `peers.*.endpoint`, come on top.
    t.strictSame(own.filter((name) => !name.includes('*')).sort(), [...names].sort());
    for (const name of names) {
      const found = findPages(pages, name);
      t.ok(
        found.some((page) => page.kind === kind),
        name,
      );
      const bare = name.slice(name.lastIndexOf('.') + 1);
      t.ok(findPages(pages, bare).length > 0, `${bare} finds it, or its namesake`);
    }
  });
}

t.test('a page fits the terminal, says what it is, and has no colours where there are none', async (t) => {
  for (const width of [80, 120]) {
    const look = { paint: makePaint(false), width };
    for (const page of pages) {
      // A command line is to be copied whole.
      const lines = renderPages([page], look).split('\n');
      const long = lines.filter(
        (line) => line.length > width && line.trim().includes(' ') && !line.startsWith('  nixspec '),
      );
      t.strictSame(long, [], `${page.name} in ${width} columns`);
      t.match(lines[0], page.name);
      t.ok(page.summary.length > 3, page.name);
    }
  }
  t.notMatch(renderPages(pages, { paint: makePaint(false), width: 80 }), '\u001b');
  const colored = renderPages(findPages(pages, 'unit'), { paint: makePaint(true), width: 80 });
  t.match(colored, '\u001b[');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what it is about
  t.notMatch(colored.replace(/\u001b\[\d+m/g, ''), '`', 'code is painted in place of its backticks');
});

const look = { paint: makePaint(false), width: 80 };
for (const topic of [
  'unit.enabled',
  'wireguard.peers.endpoint',
  'ge',
  'diff',
  'state',
  '69',
  'bad-regexp',
  'always-holds',
  'exists',
  'duration',
]) {
  t.test(`explain ${topic}`, async (t) => t.matchSnapshot(renderPages(findPages(pages, topic), look)));
}

t.test('nothing lists all topics', async (t) => {
  const list = renderTopics(pages, look);
  for (const { name, kind } of pages)
    if (!['property', 'parameter', 'key'].includes(kind)) t.match(list, new RegExp(`^ {2}${name}( |$)`, 'm'), name);
  t.strictSame(
    list.split('\n').filter((line) => line.length > 80),
    [],
  );
});

const mistakes: readonly (readonly [string, string])[] = [
  ['untis', 'there is no topic "untis"\nhint: did you mean "unit"? `nixspec explain` lists all topics'],
  ['--verfy', 'there is no topic "--verfy"\nhint: did you mean "verify"? `nixspec explain` lists all topics'],
  ['enabeld', 'there is no topic "enabeld"\nhint: did you mean "enabled"? `nixspec explain` lists all topics'],
  ['unit.enabeld', 'unit has no "enabeld"\nhint: did you mean "unit.enabled"? `nixspec explain unit` shows all it has'],
  ['unit.qqqqqqqqq', 'unit has no "qqqqqqqqq"\nhint: `nixspec explain unit` shows all it has'],
  ['qqqqqqqqqqqqqq', 'there is no topic "qqqqqqqqqqqqqq"\nhint: `nixspec explain` lists all topics'],
  ['3', `there is no topic "3"\nhint: the exit codes are ${Object.keys(exitCodeMeanings).join(', ')}`],
];
for (const [word, message] of mistakes) {
  t.test(`explain ${word}: the nearest`, async (t) => {
    const { status, out, err } = await nixspec(['explain', '--', word]);
    t.strictSame({ status, out, err }, { status: 64, out: '', err: `error[usage]: ${message}\n` });
  });
}

t.test('other ways to write a name', async (t) => {
  const named = (word: string) => findPages(pages, word).map(({ name }) => name);
  t.strictSame(named('UNIT'), ['unit']);
  t.strictSame(named('compare_with'), ['targets.compare-with']);
  t.strictSame(
    findPages(pages, 'vm').map(({ kind }) => kind),
    ['keys', 'command'],
  );
});
