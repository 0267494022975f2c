import t from 'tap';
import { parse } from 'yaml';
import { mergeFindings } from '../../src/discover/merge.js';
import { writeSpec } from '../../src/discover/text.js';
import type { Target } from '../../src/model.js';
import { writeComment, writeInline, writePair } from '../../src/spec/spec-text.js';

t.test('values as YAML, whatever they are', async (t) => {
  const values = [
    'a',
    '',
    'yes',
    'null',
    '1.10',
    '0644',
    '# a',
    'a: b',
    'a #b',
    '[x]',
    '{x}',
    '*x',
    '&x',
    '!x',
    '"',
    "'",
    '- a',
    '@a',
    '%',
    ',',
    '?',
    'ä€😀',
    ' a ',
    '90%',
    '::1',
    '[::]:22',
    '~',
    '<<',
    '=',
    'a,b',
    'a]b',
  ];
  for (const value of values) {
    t.same(parse(writeInline(value)), value, value);
    t.same(parse(writeInline([value, { [value]: value }])), [value, { [value]: value }], value);
    t.same(parse(writePair(value, value, 2).join('\n')), { [value]: value }, value);
  }
  t.equal(parse(writeInline('${x} $${y}')), '$${x} $$${y}', 'what looks like a variable is text');
});

t.test('what is long becomes a block', async (t) => {
  const list = Array.from({ length: 40 }, (_, at) => `element-${at}`);
  const value = { list, inner: { text: 'x'.repeat(100), list } };
  const text = writePair('key', value, 2).join('\n');
  t.same(parse(text), { key: value });
  t.ok(
    text.split('\n').every((line) => line.length <= 120),
    text,
  );
});

t.test('comments stay comments', async (t) => {
  t.same(writeComment('a\nb:\r\n- c', 2), ['  # a b: - c']);
  t.ok(writeComment('word '.repeat(200), 4).every((line) => /^ {4}# (word ?)+$/.test(line) && line.length <= 120));
});

const targets: readonly Target[] = [
  { name: 'staging', ssh: { host: '192.0.2.1', user: 'root', port: 2222 }, from: 'target' },
  { name: 'production', ssh: { host: 'web', config: '/c', jump: 'gate' }, sudo: true, from: 'runner' },
];

t.test('a whole spec', async (t) => {
  const entry = { resource: 'unit', group: 'services', subject: 'nginx', expects: { active: true } } as const;
  const site = {
    resource: 'http',
    group: 'sites',
    subject: 'https://git.example.org/',
    expects: { status: 200 },
  } as const;
  const machine = { resource: 'system', group: 'machine', subject: '', expects: { hostname: 'a' } } as const;
  const remarks = [
    { group: 'services', text: 'Not well', about: ['x', 'y\u001b[1m'] },
    { group: 'tunnels', text: 'Without a section', about: [] },
  ] as const;
  const job = { resource: 'unit', group: 'oneshots', subject: 'setup', expects: { healthy: true } } as const;
  const merged = mergeFindings(
    new Map([
      ['staging', { entries: [entry, site, machine, job], remarks }],
      ['production', { entries: [entry, { ...machine, expects: { hostname: 'b' } }], remarks }],
    ]),
    { from: 'mixed' },
  );
  t.matchSnapshot(writeSpec(targets, merged, ['user locked: only root', 'a\u202eb']));
});
