// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import t, { type Test } from 'tap';
import type { Entry } from '../../src/model.js';
import { checkSpec, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

/** Reads what stands below the targets, in line 3; `$` is the target `vm`. */
async function readEntries(t: Test, text: string): Promise<readonly Entry[]> {
  const { problems, entries } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': specOf(text) }));
  t.strictSame(problems.map(sayProblem), []);
  return entries.get('vm') ?? [];
}

/** `command a: exit-status 0 timeout 3` */
function sayEntry({ subject, expectations }: Entry): string {
  return [subject, ...expectations.map(({ path, expected }) => `${path.join('.')}=${JSON.stringify(expected)}`)].join(
    ' ',
  );
}

t.test('for-each makes an entry of each value', async (t) => {
  const table: readonly (readonly [text: string, entries: readonly string[]])[] = [
    ['unit: { "${u}": { for-each: { u: [a, b] }, active: true } }', ['a.service active=true', 'b.service active=true']],
    [
      'unit: { "${u}": { for-each: { u: "${list}" }, active: true } }',
      ['x.service active=true', 'y.service active=true'],
    ],
    [
      'addr: { "tcp://${h}:${p}": { for-each: { h: [a, b], p: [1, 2] }, reachable: true } }',
      ['tcp://a:1', 'tcp://a:2', 'tcp://b:1', 'tcp://b:2'].map((subject) => `${subject} reachable=true`),
    ],
    [
      'http: { "https://${s.name}/": { for-each: { s: [{ name: a, code: 200 }, { name: b, code: 401 }] }, status: "${s.code}" } }',
      ['https://a/ status=200', 'https://b/ status=401'],
    ],
    ['user: { a: { for-each: { n: [1, 2] }, uid: "${n}" } }', ['a uid=1', 'a uid=2']],
    ['user: { "${name}": { for-each: { name: [a] }, home: "/home/${name}" } }', ['a home="/home/a"']],
    ['user: { "${u}": { for-each: { u: [outer] }, home: "${home}" } }', ['outer home="/home/inner"']],
    ['system: { for-each: { n: [a, b] }, hostname: { not: "${n}" } }', [' hostname="a"', ' hostname="b"']],
  ];
  for (const [text, entries] of table) {
    t.test(text, async (t) => {
      const vars = 'vars: { list: [x, y], u: inner, home: "/home/${u}" }';
      t.same((await readEntries(t, `${vars}\n${text}`)).map(sayEntry), entries);
    });
  }
});

t.test('each entry of a for-each has its own place in `needs`, `only` and `skip`', async (t) => {
  const entries = await readEntries(
    t,
    'port: { "tcp:${p}": { for-each: { p: [1, 2] }, listening: true, needs: "unit u${p}", skip: "not ${p}" } }\n' +
      'unit: { "u${p}": { for-each: { p: [1, 2] }, active: true } }',
  );
  t.same(
    entries.slice(0, 2).map(({ needs, options }) => [needs, options.skip]),
    [
      [['unit u1.service'], 'not 1'],
      [['unit u2.service'], 'not 2'],
    ],
  );
});

t.test('needs: by resource type and subject, by title, and what is not for the target', async (t) => {
  const table: readonly (readonly [text: string, needs: readonly string[] | undefined])[] = [
    ['user: { a: { uid: 1, needs: unit nginx } }', ['unit nginx.service']],
    ['user: { a: { uid: 1, needs: [unit nginx.service, system] } }', ['unit nginx.service', 'system']],
    ['user: { a: { uid: 1, needs: the shop } }', ['http https://shop/']],
    ['user: { a: { uid: 1, needs: "${web}" } }', ['unit nginx.service']],
    ['user: { a: { uid: 1, needs: [unit far] } }', ['unit far.service']],
    ['user: { a: { uid: 1, needs: [command echo a b] } }', ['command echo a b']],
    ['user: { a: { uid: 1 } }', undefined],
  ];
  const rest = [
    'vars: { web: unit nginx }',
    'unit: { nginx: { active: true }, far: { active: true, only: [production] } }',
    'system: { state: running }',
    'http: { "https://shop/": { title: the shop, status: 200 } }',
    'command: { "echo a b": { exit-status: 0 } }',
  ].join('\n');
  for (const [text, needs] of table) {
    t.test(text, async (t) => t.same((await readEntries(t, `${text}\n${rest}`))[0]?.needs, needs));
  }
});

t.test('waive', async (t) => {
  const [entry] = await readEntries(
    t,
    'user: { a: { uid: 1, waive: { reason: "see ${n}", until: 2027-01-31 } } }\nvars: { n: 42 }',
  );
  t.same(entry?.options.waive, { reason: 'see 42', until: '2027-01-31' });
});

/** The text begins in line 3, column 1. */
const mistakes: readonly (readonly [text: string, told: readonly string[]])[] = [
  [
    'unit: { "${u}": { for-each: { u: [] }, active: true } }',
    ['3:34 vacuous-entry `for-each` has no values for "u", so that nothing is asserted'],
  ],
  [
    'unit: { "${u}": { for-each: { u: "${none}" }, active: true } }\nvars: { none: [] }',
    ['3:34 vacuous-entry `for-each` has no values for "u", so that nothing is asserted'],
  ],
  [
    'unit: { a: { for-each: {}, active: true } }',
    [
      '3:24 vacuous-entry expected a mapping of names to lists of values, not an empty mapping (for example for-each: { host: [git, wiki] })',
    ],
  ],
  ['unit: { a: { for-each: [b], active: true } }', ['3:24 wrong-type expected a mapping, not a list']],
  ['unit: { "${u}": { for-each: { u: { a: b } }, active: true } }', ['3:34 wrong-type expected a list, not a mapping']],
  [
    'unit: { a: { for-each: { u: [b] }, active: true } }',
    ['3:26 bad-variable nothing in the entry says ${u}, so that all its values mean the same'],
  ],
  [
    'unit: { "${host}": { for-each: { hots: [b] }, active: true } }',
    [
      '3:10 undefined-variable there is no variable "host" (did you mean "hots"?)',
      '3:34 bad-variable nothing in the entry says ${hots}, so that all its values mean the same',
    ],
  ],
  [
    'unit: { "${u.v}": { for-each: { "u.v": [b] }, active: true } }',
    ['3:33 bad-variable "u.v" cannot be the name of a variable'],
  ],
  [
    'user: { a: { uid: 1, needs: unit nginx } }\nunit: { ngnix: { active: true } }',
    ['3:29 bad-needs there is no entry "unit nginx.service" (did you mean "unit ngnix.service"?)'],
  ],
  ['user: { a: { uid: 1, needs: user a } }', ['3:29 bad-needs the entry needs itself (user a → user a)']],
  [
    'user: { a: { uid: 1, needs: user b }, b: { uid: 2, needs: [user c] }, c: { uid: 3, needs: user a } }',
    ['3:29 bad-needs the entry needs itself (user a → user b → user c → user a)'],
  ],
  ['user: { a: { uid: 1, needs: [] } }', ['3:29 bad-value `needs` names no entry']],
  ['user: { a: { uid: 1, needs: { unit: a } } }', ['3:29 wrong-type expected a list of strings, not a mapping']],
  ['user: { a: { uid: 1, waive: see 42 } }', ['3:29 wrong-type expected a mapping, not "see 42"']],
  ['user: { a: { uid: 1, waive: { reason: see 42 } } }', ['3:29 missing-key `until` is missing']],
  ['user: { a: { uid: 1, waive: { until: 2027-01-31 } } }', ['3:29 missing-key `reason` is missing']],
  [
    'user: { a: { uid: 1, waive: { reason: "", until: 2027-01-31 } } }',
    ['3:39 missing-key `reason` of `waive` is empty'],
  ],
  [
    'user: { a: { uid: 1, waive: { reason: x, until: 2027-02-30 } } }',
    ['3:49 bad-value expected a day such as 2027-01-31, not "2027-02-30"'],
  ],
  [
    'user: { a: { uid: 1, waive: { reason: x, until: soon } } }',
    ['3:49 bad-value expected a day such as 2027-01-31, not "soon"'],
  ],
  [
    'user: { a: { uid: 1, waive: { reason: x, untl: 2027-01-31 } } }',
    ['3:29 missing-key `until` is missing', '3:42 unknown-key there is no key "untl" here (did you mean "until"?)'],
  ],
];

t.test('mistakes', async (t) => {
  for (const [text, told] of mistakes) {
    t.test(text, async (t) => {
      const { problems } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': specOf(text) }));
      t.same(problems.map(sayProblem), told);
    });
  }
});

t.test('a for-each that would make too many entries', async (t) => {
  const list = `[${Array.from({ length: 101 }, (_, at) => at).join(', ')}]`;
  const text = `unit: { "a\${x}\${y}": { for-each: { x: ${list}, y: ${list} }, active: true } }`;
  const { problems } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': specOf(text) }));
  t.same(
    problems.map(({ code, message }) => [code, message]),
    [['too-large', '`for-each` makes 10201 entries of this one']],
  );
});
