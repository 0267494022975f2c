import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Entry } from '../../src/model.js';
import { checkSpec, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

interface Settings {
  readonly vars?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
}

async function entriesOf(t: Test, text: string, target = 'vm', settings: Settings = {}): Promise<readonly Entry[]> {
  const path = writeFiles(t.testdir(), { 'nixspec.yaml': specOf(text) });
  const { problems, entries } = await checkSpec(path, settings);
  t.strictSame(problems.map(sayProblem), []);
  return entries.get(target) ?? [];
}

/** `path: matcher argument`, as short as can be. */
function say(entries: readonly Entry[]): readonly string[] {
  return entries.flatMap(({ expectations }) =>
    expectations.map(({ path, expectation, skip, perTarget }) => {
      const told =
        skip === undefined ? `${expectation.matcher} ${JSON.stringify(expectation.argument)}` : `skipped: ${skip}`;
      return `${path.join('.')}: ${told}${perTarget ? ' (per target)' : ''}`;
    }),
  );
}

const expect = (matcher: string, argument: unknown) => JSON.stringify({ matcher, argument });

/** What stands under a subject, and what is read of it. */
const shorthands: readonly (readonly [resource: string, body: string, read: readonly string[]])[] = [
  // A scalar means equal, read with the type of the property.
  ['unit: nginx', 'active: true', ['active: equal true']],
  ['unit: nginx', 'active: yes', ['active: equal true']],
  ['unit: nginx', 'restarts: 0', ['restarts: equal 0']],
  ['unit: nginx', 'restarts: "3"', ['restarts: equal 3']],
  ['unit: nginx', 'status-text: 1.10', ['status-text: equal "1.10"']],
  ['unit: nginx', 'status-text: no', ['status-text: equal "no"']],
  ['unit: nginx', 'status-text: 0x10', ['status-text: equal "0x10"']],
  ['http: https://a/', 'http-version: 2', ['http-version: equal "2"']],
  ['http: https://a/', 'http-version: { not: 1.1 }', [`http-version: not ${expect('equal', '1.1')}`]],
  ['unit: nginx', 'status-text: 22:22', ['status-text: equal "22:22"']],
  ['unit: nginx', 'uptime: { ge: 1h30m, lt: 90 }', ['uptime: ge 5400', 'uptime: lt 90']],
  ['unit: nginx', 'memory: { le: 512MiB }', ['memory: le 536870912']],
  ['unit: nginx', 'last-trigger: { gt: 2026-01-01 }', ['last-trigger: gt 1767225600']],
  ['file: /a', 'mode: 0644', ['mode: equal "0644"']],
  ['file: /a', 'mode: "644"', ['mode: equal "0644"']],
  ['file: /a', 'mode: 0o1777', ['mode: equal "1777"']],
  ['mount: /', 'usage: { lt: 85% }', ['usage: lt 85']],
  ['file: /a', 'exists: false', ['exists: equal false']],
  // A list means the same elements in any order; one element needs no brackets.
  ['unit: nginx', 'wanted-by: [a, b]', [`wanted-by: consist-of [${expect('equal', 'a')},${expect('equal', 'b')}]`]],
  ['unit: nginx', 'wanted-by: a', [`wanted-by: consist-of [${expect('equal', 'a')}]`]],
  ['unit: nginx', 'wanted-by: []', ['wanted-by: consist-of []']],
  [
    'unit: nginx',
    'wanted-by: [1.10, { have-prefix: x }]',
    [`wanted-by: consist-of [${expect('equal', '1.10')},${expect('have-prefix', 'x')}]`],
  ],
  // On text a list means patterns.
  [
    'command: uname',
    'stdout: [Linux, "!error", "/v[0-9]+/", 42]',
    ['stdout: have-patterns ["Linux","!error","/v[0-9]+/","42"]'],
  ],
  ['command: uname', 'stdout: ""', ['stdout: equal ""']],
  // A mapping on a map descends; names of matchers stay matchers.
  [
    'http: https://a/',
    'headers: { Content-Type: { have-prefix: text }, x-a: b, have-key: { have-prefix: x } }',
    [
      `headers: have-key ${expect('have-prefix', 'x')}`,
      'headers.content-type: have-prefix "text"',
      'headers.x-a: equal "b"',
    ],
  ],
  // Names of headers are in lower case, however they are written, also where they are matched.
  ['http: https://a/', 'headers: { have-key: Content-Type }', [`headers: have-key ${expect('equal', 'content-type')}`]],
  [
    'http: https://a/',
    'headers: { not: { have-key: { or: [Via, { have-prefix: X- }, { match-regexp: ^Server }] } } }',
    [
      `headers: not {"matcher":"have-key","argument":{"matcher":"or","argument":[${expect('equal', 'via')},${expect('have-prefix', 'x-')},${expect('match-regexp', '(?i)^Server')}]}}`,
    ],
  ],
  ['http: https://a/', 'headers: { equal: { Server: Nginx } }', ['headers: equal {"server":"Nginx"}']],
  [
    'wireguard: wg0',
    'peers: { a: { fresh: true, handshake-age: { le: 3m } }, have-len: 2 }',
    ['peers: have-len 2', 'peers.a.fresh: equal true', 'peers.a.handshake-age: le 180'],
  ],
  // JSON descends too; only where every key is a matcher, they are matchers.
  [
    'http: https://a/',
    'json: { version: { match-regexp: "^9" }, ok: true, tags: [a, 1], none: null }',
    ['json.version: match-regexp "^9"', 'json.ok: equal true', 'json.tags: equal ["a",1]', 'json.none: equal null'],
  ],
  [
    'http: https://a/',
    'json: { have-key: version, have-len: { ge: 1 } }',
    [`json: have-key ${expect('equal', 'version')}`, `json: have-len ${expect('ge', 1)}`],
  ],
  ['http: https://a/', 'json: { not: a, other: b }', ['json.not: equal "a"', 'json.other: equal "b"']],
  ['http: https://a/', 'json: { equal: { not: a } }', ['json: equal {"not":"a"}']],
  ['http: https://a/', 'json: {}', ['json: equal {}']],
  // Several matchers are several assertions; nested they are one.
  ['unit: nginx', 'restarts: { ge: 1, le: 3 }', ['restarts: ge 1', 'restarts: le 3']],
  [
    'unit: nginx',
    'restarts: { not: { ge: 1, le: 3 } }',
    [`restarts: not {"matcher":"and","argument":[${expect('ge', 1)},${expect('le', 3)}]}`],
  ],
  [
    'unit: nginx',
    'unit-file-state: { or: [enabled, { have-prefix: link }] }',
    [`unit-file-state: or [${expect('equal', 'enabled')},${expect('have-prefix', 'link')}]`],
  ],
  [
    'unit: nginx',
    'wanted-by: { not: { contain-element: { match-regexp: "^a" } } }',
    [`wanted-by: not {"matcher":"contain-element","argument":${expect('match-regexp', '^a')}}`],
  ],
  [
    'unit: nginx',
    'wanted-by: { not: [a] }',
    [`wanted-by: not {"matcher":"consist-of","argument":[${expect('equal', 'a')}]}`],
  ],
  ['unit: nginx', 'wanted-by: { have-len: 2 }', ['wanted-by: have-len 2']],
  [
    'command: uname',
    'stdout: { gjson: { a.b: { ge: 3 }, c: [1] } }',
    [`stdout: gjson {"a.b":${expect('ge', 3)},"c":${expect('equal', [1])}}`],
  ],
  [
    'command: uname',
    'stdout: { contain-elements: [a, { have-suffix: b }] }',
    [`stdout: contain-elements [${expect('equal', 'a')},${expect('have-suffix', 'b')}]`],
  ],
  ['command: uname', 'stdout: { semver-constraint: ">=1.2" }', ['stdout: semver-constraint ">=1.2"']],
];

for (const [subject, body, read] of shorthands) {
  t.test(`${subject}: ${body}`, async (t) => {
    const [resource, ...name] = subject.split(': ');
    t.strictSame(say(await entriesOf(t, `${resource}: { "${name.join(': ')}": { ${body} } }`)), read);
  });
}

t.test('what is expected is kept as it was written, for people', async (t) => {
  const [entry] = await entriesOf(
    t,
    `vars: { most: 512MiB }
file:
  /a:
    mode: 0644
    size: { le: "\${most}", ge: 1 }
    owner: { or: [root, { per-target: { vm: me, default: you } }] }
`,
  );
  t.strictSame(
    entry?.expectations.map(({ expected }) => expected),
    ['0644', '512MiB', 1, ['root', 'me']],
  );
});

t.test('places: of the entry, and of each expectation', async (t) => {
  const [entry] = await entriesOf(t, 'unit:\n  nginx:\n    active: true\n    restarts:\n      ge: 1\n      le: 3\n');
  t.equal(entry?.position.line, 4);
  t.strictSame(
    entry?.expectations.map(({ position }) => [position.line, position.column]),
    [
      [5, 5],
      [7, 7],
      [8, 7],
    ],
  );
});

t.test('versions are read by their characters, and have an order', async (t) => {
  const entries = await entriesOf(t, 'system: { kernel: { ge: 6.10, lt: "7" }, booted-kernel: 6.10 }');
  t.strictSame(say(entries), ['kernel: ge "6.10"', 'kernel: lt "7"', 'booted-kernel: equal "6.10"']);
});

t.test('resources without a subject', async (t) => {
  const entries = await entriesOf(
    t,
    'system: { state: running, within: 5s }\nlisteners: { exclude: ["udp:68"], public-tcp: [] }',
  );
  t.strictSame(
    entries.map(({ resource, subject, params, options }) => [resource, subject, params, options.within]),
    [
      ['system', '', {}, 5],
      ['listeners', '', { exclude: ['udp:68'] }, 0],
    ],
  );
});

t.test('parameters are read with their types', async (t) => {
  const [entry] = await entriesOf(
    t,
    'command: { ls: { shell: /bin/sh, environment: { MODE: 0644, ON: yes }, timeout: 5s, exit-status: 0 } }',
  );
  t.strictSame(entry?.params, { shell: '/bin/sh', environment: { MODE: '0644', ON: 'yes' } });
  t.equal(entry?.timeout, 5);
});

t.test('per-target', async (t) => {
  const text = (body: string) => `http: { "https://a/": { ${body} } }`;
  const table: readonly (readonly [
    name: string,
    body: string,
    vm: readonly string[],
    production: readonly string[],
  ])[] = [
    [
      'a value',
      'status: { per-target: { vm: 200, production: 301 } }',
      ['status: equal 200 (per target)'],
      ['status: equal 301 (per target)'],
    ],
    [
      'matchers',
      'status: { per-target: { vm: { ge: 200, lt: 300 }, production: 301 } }',
      ['status: ge 200 (per target)', 'status: lt 300 (per target)'],
      ['status: equal 301 (per target)'],
    ],
    [
      'the rest',
      'status: { per-target: { vm: 200, default: 301 } }',
      ['status: equal 200 (per target)'],
      ['status: equal 301 (per target)'],
    ],
    [
      'not for all',
      'status: { per-target: { vm: 200 } }',
      ['status: equal 200 (per target)'],
      ['status: skipped: no per-target value for production (per target)'],
    ],
    [
      'in a map',
      'headers: { a: { per-target: { vm: x, production: { have-prefix: y } } }, b: z }',
      ['headers.a: equal "x" (per target)', 'headers.b: equal "z"'],
      ['headers.a: have-prefix "y" (per target)', 'headers.b: equal "z"'],
    ],
    [
      'a whole map',
      'headers: { per-target: { vm: { a: x }, production: { b: y, c: z } } }',
      ['headers.a: equal "x" (per target)'],
      ['headers.b: equal "y" (per target)', 'headers.c: equal "z" (per target)'],
    ],
    [
      'inside a matcher',
      'status: { not: { per-target: { vm: 404, production: 500 } } }',
      [`status: not ${expect('equal', 404)} (per target)`],
      [`status: not ${expect('equal', 500)} (per target)`],
    ],
    [
      'one of several',
      'status: { lt: 400, not: { per-target: { vm: 404 } } }',
      ['status: lt 400', `status: not ${expect('equal', 404)} (per target)`],
      ['status: lt 400', 'status: skipped: no per-target value for production (per target)'],
    ],
    [
      'an element',
      'body: { contain-elements: [a, { per-target: { vm: b, default: c } }] }',
      [`body: contain-elements [${expect('equal', 'a')},${expect('equal', 'b')}] (per target)`],
      [`body: contain-elements [${expect('equal', 'a')},${expect('equal', 'c')}] (per target)`],
    ],
    [
      'a list',
      'body: { per-target: { vm: [a], default: [b] } }',
      ['body: have-patterns ["a"] (per target)'],
      ['body: have-patterns ["b"] (per target)'],
    ],
    [
      'JSON',
      'json: { a: { per-target: { vm: 1, default: 2 } } }',
      ['json.a: equal 1 (per target)'],
      ['json.a: equal 2 (per target)'],
    ],
    [
      'branches in branches',
      'status: { per-target: { default: { per-target: { vm: 1, production: 2 } } } }',
      ['status: equal 1 (per target)'],
      ['status: equal 2 (per target)'],
    ],
  ];
  for (const [name, body, vm, production] of table) {
    t.test(name, async (t) => {
      t.strictSame(say(await entriesOf(t, text(body))), vm);
      t.strictSame(say(await entriesOf(t, text(body), 'production')), production);
    });
  }
  t.test('peers of an interface', async (t) => {
    const spec =
      'wireguard: { wg0: { peers: { a: { per-target: { vm: { fresh: false }, production: { fresh: true } } } } } }';
    t.strictSame(say(await entriesOf(t, spec, 'production')), ['peers.a.fresh: equal true (per target)']);
  });
});

t.test('only and except', async (t) => {
  const text = `unit:
  a: { active: true, only: [vm] }
  b: { active: true, only: production }
  c: { active: true, except: [vm] }
  d: { active: true, only: [vm, production], except: [production] }
`;
  const names = async (target: string) => (await entriesOf(t, text, target)).map(({ subject }) => subject);
  t.strictSame(await names('vm'), ['a.service', 'd.service']);
  t.strictSame(await names('production'), ['b.service', 'c.service']);
});

t.test('options and defaults', async (t) => {
  const folder = t.testdir();
  const path = writeFiles(folder, {
    'nixspec.yaml': specOf(`include: [part.yaml]
defaults: { within: 10s, tags: [all], http: { timeout: 3s, from: target, within: 20s, tags: [web] } }
unit: { nginx: { active: true, tags: [a, all] }, sshd: { active: true, within: 0s, every: 500ms, severity: warning, title: SSH, skip: later } }
http: { "https://a/": { status: 200 }, "https://b/": { status: 200, from: runner, timeout: 1s } }
`),
    'part.yaml':
      'version: 1\ndefaults: { every: 5s, http: { within: 1m } }\nhttp: { "https://c/": { status: 200 } }\nunit: { cron: { active: true } }',
  });
  const { problems, entries } = await checkSpec(path);
  t.strictSame(problems.map(sayProblem), []);
  const read = entries
    .get('vm')
    ?.map(({ subject, options, params, timeout }) => ({ subject, ...options, params, timeout }));
  const plain = { severity: 'error', every: 1, params: {}, timeout: undefined };
  t.strictSame(read, [
    { ...plain, subject: 'nginx.service', tags: ['all', 'a'], within: 10 },
    {
      ...plain,
      subject: 'sshd.service',
      title: 'SSH',
      tags: ['all'],
      severity: 'warning',
      within: 0,
      every: 0.5,
      skip: 'later',
    },
    { ...plain, subject: 'https://a/', tags: ['web'], within: 20, params: { from: 'target' }, timeout: 3 },
    { ...plain, subject: 'https://b/', tags: ['web'], within: 20, params: { from: 'runner' }, timeout: 1 },
    { ...plain, subject: 'https://c/', tags: ['web'], within: 60, every: 5, params: { from: 'target' }, timeout: 3 },
    { ...plain, subject: 'cron.service', tags: ['all'], within: 10, every: 5 },
  ]);
});

t.test('the same subject twice, in two files: both are asserted', async (t) => {
  const path = writeFiles(t.testdir(), {
    'nixspec.yaml': specOf('include: [part.yaml]\nunit: { nginx: { active: true } }'),
    'part.yaml': 'version: 1\nunit: { nginx.service: { restarts: 0 } }',
  });
  const { entries } = await checkSpec(path);
  t.strictSame(say(entries.get('vm') ?? []), ['active: equal true', 'restarts: equal 0']);
});

t.test('a file that a parameter names is looked for beside the spec that names it', async (t) => {
  const folder = t.testdir();
  const path = writeFiles(folder, {
    'nixspec.yaml': specOf('include: [web/a.yaml]\ndefaults: { http: { ca: roots.pem } }\nvars: { file: mine.pem }'),
    'web/a.yaml': `version: 1
http:
  https://a/: { status: 200, ca: ca.pem }
  https://b/: { status: 200, ca: /etc/ca.pem }
  https://c/: { status: 200, ca: "-----BEGIN CERTIFICATE-----" }
  https://d/: { status: 200 }
  https://e/: { status: 200, ca: "\${file}" }
`,
  });
  const { problems, entries } = await checkSpec(path);
  t.same(problems, []);
  t.same(
    entries.get('vm')?.map(({ params }) => params.ca),
    [
      join(folder, 'web/ca.pem'),
      '/etc/ca.pem',
      '-----BEGIN CERTIFICATE-----',
      join(folder, 'roots.pem'),
      join(folder, 'web/mine.pem'),
    ],
  );
});
