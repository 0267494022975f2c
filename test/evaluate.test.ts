import t from 'tap';
import { evaluate } from '../src/evaluate.js';
import { loadMatchers } from '../src/matcher.js';
import type { Assertion, Observation, Outcome, Readings, Value, ValueTypeName } from '../src/model.js';
import { absent, absentReading, known, several, unknown, unknownReading } from '../src/resource.js';
import { readExpectation } from './matchers/read-expectation.js';

const matchers = await loadMatchers();

function assertion(path: string, type: ValueTypeName, written: Value, more: Partial<Assertion> = {}): Assertion {
  return {
    id: `thing one ${path} x`,
    resource: 'thing',
    subject: 'one',
    property: path,
    path: path.split('/'),
    type,
    expectation: readExpectation(matchers, written, { type, ...(more.values && { values: more.values }) }),
    expected: written,
    perTarget: false,
    options: { tags: [], severity: 'error', within: 0, every: 1 },
    position: { file: 'nixspec.yaml', line: 4, column: 7 },
    query: 'thing-0',
    ...more,
  };
}

function judge(one: Assertion, observation: Observation | undefined, looks = 1): Outcome {
  return evaluate(one, observation, looks, matchers);
}

const reported = known<Readings>({
  active: true,
  state: 'active',
  memory: 600 * 1024 ** 2,
  empty: '',
  pid: absentReading('it has no process'),
  cpu: unknownReading('accounting is off'),
  headers: { 'content-type': 'text/html', server: 'nginx' },
  bare: {},
  json: { a: [{ b: null }], noReading: 'of its own' },
  none: null,
  peers: {
    laptop: { fresh: true, 'handshake-age': 30, endpoint: unknownReading('it was not told') },
    phone: { fresh: false, 'handshake-age': absentReading('it never shook hands') },
  } as unknown as Value,
});

t.test('verdict, message and actual value', async (t) => {
  const gone = absent('systemd knows no one.service');
  const dark = unknown('ss is not installed on the target');
  type Row = readonly [
    path: string,
    type: ValueTypeName,
    written: Value,
    observation: Observation | undefined,
    status: Outcome['status'],
    message: string,
    actual?: Value,
  ];
  const rows: readonly Row[] = [
    ['active', 'boolean', true, reported, 'passed', '', true],
    ['active', 'boolean', false, reported, 'failed', 'expected false, found true', true],
    ['state', 'string', 'failed', reported, 'failed', 'expected "failed", found "active"', 'active'],
    [
      'memory',
      'size',
      { le: '512MiB' },
      reported,
      'failed',
      'expected at most 512 MiB, found 600 MiB',
      600 * 1024 ** 2,
    ],
    ['empty', 'string', '', reported, 'passed', '', ''],
    ['none', 'json', null, reported, 'passed', '', null],
    [
      'state',
      'text',
      'a\nb',
      reported,
      'failed',
      'expected the 2 lines of the spec, found 1 line, other from line 1 (- expected, + found)\n-a\n-b\n+active',
      'active',
    ],

    ['exists', 'boolean', true, reported, 'passed', '', true],
    ['exists', 'boolean', false, reported, 'failed', 'expected false, found true', true],
    ['exists', 'boolean', false, gone, 'passed', '', false],
    ['exists', 'boolean', true, gone, 'failed', 'not there: systemd knows no one.service', false],
    ['exists', 'boolean', { not: true }, gone, 'passed', '', false],
    ['exists', 'boolean', false, dark, 'unknown', 'ss is not installed on the target'],
    ['exists', 'boolean', true, dark, 'unknown', 'ss is not installed on the target'],
    ['exists', 'boolean', false, known({ exists: false }), 'passed', '', false],
    ['exists', 'boolean', true, known({ exists: false }), 'failed', 'expected true, found false', false],
    ['active', 'boolean', false, known({ exists: false }), 'failed', 'not there'],
    ['active', 'boolean', false, known({ exists: false, active: false }), 'passed', '', false],

    ['active', 'boolean', false, gone, 'failed', 'not there: systemd knows no one.service'],
    ['active', 'boolean', { not: true }, gone, 'failed', 'not there: systemd knows no one.service'],
    ['empty', 'string', '', gone, 'failed', 'not there: systemd knows no one.service'],
    ['active', 'boolean', false, dark, 'unknown', 'ss is not installed on the target'],
    ['active', 'boolean', { not: true }, dark, 'unknown', 'ss is not installed on the target'],
    ['active', 'boolean', true, undefined, 'unknown', 'it was not asked'],

    ['tasks', 'number', { ge: 0 }, reported, 'unknown', 'not reported'],
    ['tasks', 'number', { not: 1 }, reported, 'unknown', 'not reported'],
    ['toString', 'string', 'x', reported, 'unknown', 'not reported'],
    ['pid', 'number', { gt: 0 }, reported, 'failed', 'expected more than 0, found nothing: it has no process'],
    ['pid', 'number', { not: 1 }, reported, 'failed', 'expected not 1, found nothing: it has no process'],
    ['cpu', 'duration', { lt: '1s' }, reported, 'unknown', 'accounting is off'],
    ['cpu', 'duration', { not: '1s' }, reported, 'unknown', 'accounting is off'],

    ['headers/server', 'string', 'nginx', reported, 'passed', '', 'nginx'],
    [
      'headers/server',
      'string',
      { 'have-prefix': 'a' },
      reported,
      'failed',
      'expected to begin with "a", found "nginx"',
      'nginx',
    ],
    [
      'headers/via',
      'string',
      'x',
      reported,
      'failed',
      'expected "x", found nothing: there is no via in headers, which has content-type, server',
    ],
    [
      'headers/via',
      'string',
      { not: 'x' },
      reported,
      'failed',
      'expected not "x", found nothing: there is no via in headers, which has content-type, server',
    ],
    [
      'headers/Server',
      'string',
      'x',
      reported,
      'failed',
      'expected "x", found nothing: there is no Server in headers, which has server',
    ],
    [
      'headers/constructor',
      'string',
      { not: 'x' },
      reported,
      'failed',
      'expected not "x", found nothing: there is no constructor in headers, which has content-type, server',
    ],
    [
      'headers',
      'map',
      { not: { 'have-key': 'via' } },
      reported,
      'passed',
      '',
      { 'content-type': 'text/html', server: 'nginx' },
    ],
    ['bare/x', 'string', 'x', reported, 'failed', 'expected "x", found nothing: there is no x in bare, which is empty'],
    [
      'state/x',
      'string',
      'x',
      reported,
      'failed',
      'expected "x", found nothing: there is no x in state, which is no mapping',
    ],
    ['json/a/0/b', 'json', null, reported, 'passed', '', null],
    [
      'json/a/0/b/c',
      'json',
      null,
      reported,
      'failed',
      'expected null, found nothing: there is no c in json.a.0.b, which is no mapping',
    ],
    [
      'json/a/1',
      'json',
      1,
      reported,
      'failed',
      'expected 1, found nothing: there is no 1 in json.a, which has 1 element',
    ],
    [
      'json',
      'json',
      { gjson: { 'a.0.x': 1 } },
      reported,
      'failed',
      'expected 1 at a.0.x, found nothing at a.0.x, as a.0 has b',
      { a: [{ b: null }], noReading: 'of its own' },
    ],
    [
      'json',
      'json',
      { not: { gjson: { 'a.0.x': 1 } } },
      reported,
      'failed',
      'expected not 1 at a.0.x, found nothing at a.0.x, as a.0 has b',
      { a: [{ b: null }], noReading: 'of its own' },
    ],

    ['peers/laptop/fresh', 'boolean', true, reported, 'passed', '', true],
    [
      'peers/laptop/handshake-age',
      'duration',
      { le: '20s' },
      reported,
      'failed',
      'expected at most 20 s, found 30 s',
      30,
    ],
    ['peers/laptop/endpoint', 'string', { not: 'x' }, reported, 'unknown', 'it was not told'],
    [
      'peers/phone/handshake-age',
      'duration',
      { gt: 0 },
      reported,
      'failed',
      'expected more than 0 s, found nothing: it never shook hands',
    ],
    [
      'peers/tv/fresh',
      'boolean',
      false,
      reported,
      'failed',
      'expected false, found nothing: there is no tv in peers, which has laptop, phone',
    ],
    [
      'peers/laptop/colour',
      'string',
      'x',
      reported,
      'failed',
      'expected "x", found nothing: there is no colour in peers.laptop, which has fresh, handshake-age, endpoint',
    ],
    ['pid/x', 'string', 'x', reported, 'failed', 'expected "x", found nothing: it has no process'],
    ['cpu/x', 'string', 'x', reported, 'unknown', 'accounting is off'],
  ];
  for (const [path, type, written, observation, status, message, actual] of rows) {
    const outcome = judge(assertion(path, type, written), observation);
    const name = `${path} ${JSON.stringify(written)} of ${observation?.status}`;
    t.equal(outcome.status, status, name);
    t.equal(outcome.message, message, `${name}: message`);
    t.same(outcome.actual, actual, `${name}: actual`);
  }
});

t.test('versions: by the rules of what keeps them, where those are known', async (t) => {
  const readings = { version: '1.0.1', versions: ['1.0.1'] };
  const late = { values: 'version' } as const;
  const rows: readonly (readonly [Assertion, Observation, Outcome['status']])[] = [
    [assertion('version', 'version', { gt: '1.0-2' }), known(readings), 'passed'],
    [assertion('version', 'version', { gt: '1.0-2' }), known(readings, { versionRules: 'debian' }), 'passed'],
    [assertion('version', 'version', { gt: '1.0-2' }), known(readings, { versionRules: 'nix' }), 'failed'],
    [assertion('versions', 'list', { 'contain-element': { gt: '1.0-2' } }, late), known(readings), 'passed'],
    [
      assertion('versions', 'list', { 'contain-element': { gt: '1.0-2' } }, late),
      known(readings, { versionRules: 'nix' }),
      'failed',
    ],
    [assertion('versions', 'list', ['1.0-1'], late), known(readings), 'failed'],
    [assertion('versions', 'list', ['1.0-1'], late), known(readings, { versionRules: 'nix' }), 'passed'],
  ];
  for (const [one, observation, status] of rows)
    t.equal(judge(one, observation).status, status, JSON.stringify(one.expected));
});

t.test('what is told of the keys that are there is bounded', async (t) => {
  const headers = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`x-${at}-${'y'.repeat(5000)}`, '1']));
  const { message } = judge(assertion('headers/via', 'string', 'x'), known({ headers }));
  t.ok(message.length < 1200, `${message.length} characters`);
  t.match(message, /and 490 more$/);
});

t.test('clues stand beneath a failure, and nowhere else', async (t) => {
  const lines = Array.from({ length: 8 }, (_, at) => `line ${at}\u001b[2J ${'x'.repeat(300)}`).join('\n');
  const notes = {
    clues: {
      code: [
        { from: 'stderr', text: `\nno such file \n\n` },
        { from: 'stdout', text: lines },
      ],
      out: [],
    },
  };
  const readings = { code: 1, out: 'x' };
  t.equal(judge(assertion('code', 'number', 1), known(readings, notes)).message, '');
  const { message } = judge(assertion('code', 'number', 0), known(readings, notes), 2);
  const [said, first, ...rest] = message.split('\n');
  t.equal(said, 'expected 0, found 1 (after 2 looks)');
  t.equal(first, 'stderr: no such file·');
  t.equal(rest.length, 6, 'the last five of many lines');
  t.equal(rest[0], 'stdout: …');
  t.match(rest[1], /^stdout: line 3\\u001b\[2J x+…$/);
  t.ok(rest.every((line) => line.length < 230));
  t.equal(judge(assertion('out', 'text', 'y'), known(readings, notes)).message, 'expected "y", found "x"');
});

t.test('looks', async (t) => {
  const one = assertion('active', 'boolean', true);
  t.match(judge(one, reported, 1), { looks: 1, message: '' });
  t.match(judge(one, reported, 3), { looks: 3, message: 'after 3 looks' });
  t.match(judge(one, known({ active: false }), 3), { message: 'expected true, found false (after 3 looks)' });
  t.match(judge(assertion('out', 'text', 'a\nb'), known({ out: 'a' }), 2), {
    message: /found\) \(after 2 looks\)\n a/,
  });
});

t.test('skipped', async (t) => {
  const outcome = judge(assertion('active', 'boolean', true, { skip: 'not on this target' }), reported, 2);
  t.match(outcome, { status: 'skipped', message: 'not on this target', looks: 0 });
  t.equal(outcome.actual, undefined);
});

t.test('what an outcome says of its assertion', async (t) => {
  const options = { tags: [], severity: 'warning', within: 0, every: 1, title: 'the greeting' } as const;
  const one = assertion('memory', 'size', { le: '1GiB' }, { options, perTarget: true, volatile: true });
  t.same(judge(one, reported), {
    id: 'thing one memory x',
    resource: 'thing',
    subject: 'one',
    property: 'memory',
    matcher: 'le',
    type: 'size',
    volatile: true,
    expected: { le: '1GiB' },
    actual: 600 * 1024 ** 2,
    status: 'passed',
    severity: 'warning',
    message: '',
    looks: 1,
    title: 'the greeting',
    perTarget: true,
    position: { file: 'nixspec.yaml', line: 4, column: 7 },
  });
});

t.test('a secret shows neither what was expected nor what was found', async (t) => {
  const one = assertion('state', 'string', 'hunter2', { secret: true });
  for (const observation of [reported, known({ state: 'hunter2' }), known({}), absent('gone')]) {
    t.notMatch(JSON.stringify(judge(one, observation, 2)), /hunter2|"active"/);
  }
  t.match(judge(one, reported), {
    status: 'failed',
    expected: '***',
    actual: '***',
    message: 'other than expected; the value is secret',
  });
  t.match(judge(one, unknown('no right')), { status: 'unknown', message: 'no right' });
});

t.test('of a long text the beginning is kept, and what tells it from another one', async (t) => {
  const [a, b] = ['a', 'b'].map((end) => {
    const contents = 'x'.repeat(100_000) + end;
    return judge(assertion('contents', 'text', { 'have-suffix': end }), known({ contents }));
  });
  t.match([a, b], [{ status: 'passed' }, { status: 'passed' }], 'judged as a whole');
  t.match(a?.actual, /^x{4000}… \(100001 characters, SHA-256 [0-9a-f]{16}…\)$/);
  t.not(a?.actual, b?.actual);
});

t.test('JSON that a target made up to exhaust the stack is unknown', async (t) => {
  const json = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)) as Value;
  const reason = 'it nests deeper than 200 levels';
  const expectations: readonly Value[] = [{ gjson: { a: 1 } }, { 'have-len': 1 }, { not: 5 }];
  for (const written of expectations) {
    t.match(judge(assertion('json', 'json', written), known({ json })), { status: 'unknown', message: reason });
  }
  const honest = JSON.parse('['.repeat(200) + ']'.repeat(200)) as Value;
  t.match(judge(assertion('json', 'json', { 'have-len': 1 }), known({ json: honest })), { status: 'passed' });
});

t.test('of several, each must hold what is expected, and none at all holds nothing', async (t) => {
  const gone = absent('systemd knows no c');
  const members = new Map<string, Observation>([
    ['a', known<Readings>({ active: true, state: 'active', memory: 1 })],
    ['b', known<Readings>({ active: true, state: 'failed', memory: unknownReading('accounting is off') })],
    ['d', known<Readings>({ active: true, state: 'failed', memory: 3 })],
  ]);
  const some = several<Readings>({ count: 3, exists: true }, members);
  const none = several<Readings>({ count: 0, exists: false }, new Map());
  const mixed = several<Readings>({ count: 2, exists: true }, new Map([...members].slice(0, 1).concat([['c', gone]])));
  const dark = unknown('systemd does not answer');
  const rows: readonly (readonly [string, ValueTypeName, Value, Observation, Outcome['status'], string, unknown?])[] = [
    ['active', 'boolean', true, some, 'passed', '', { a: true, b: true, d: true }],
    ['state', 'string', 'active', some, 'failed', '2 of 3: expected "active", found "failed" (b, d)'],
    ['state', 'string', { not: 'active' }, some, 'failed', '1 of 3: expected not "active", found "active" (a)'],
    ['memory', 'number', { lt: 5 }, some, 'unknown', '1 of 3: accounting is off (b)', { a: 1, b: null, d: 3 }],
    ['memory', 'number', { lt: 2 }, some, 'failed', '1 of 3: expected less than 2, found 3 (d)'],
    ['count', 'number', 3, some, 'passed', '', 3],
    ['count', 'number', { ge: 4 }, some, 'failed', 'expected at least 4, found 3', 3],
    ['exists', 'boolean', true, some, 'passed', '', true],
    ['active', 'boolean', true, none, 'failed', 'not there: nothing has a name like that'],
    ['active', 'boolean', { not: true }, none, 'failed', 'not there: nothing has a name like that'],
    ['exists', 'boolean', false, none, 'passed', '', false],
    ['count', 'number', 0, none, 'passed', '', 0],
    ['active', 'boolean', true, mixed, 'failed', '1 of 2: not there: systemd knows no c (c)'],
    ['active', 'boolean', true, dark, 'unknown', 'systemd does not answer'],
  ];
  for (const [path, type, written, observation, status, message, actual] of rows) {
    const outcome = judge(assertion(path, type, written), observation);
    t.same([outcome.status, outcome.message], [status, message], `${path} ${JSON.stringify(written)}`);
    if (actual !== undefined) t.same(outcome.actual, actual);
    t.equal(outcome.type, observation === some && !['count', 'exists'].includes(path) ? 'map' : outcome.type);
  }
});
