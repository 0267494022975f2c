import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { collect, type Ends } from '../src/collect.js';
import { NixspecError } from '../src/error.js';
import type { Network, NetworkProbe, Observation, Query, ShellProbe } from '../src/model.js';
import { known, sameForAll, unknown } from '../src/resource.js';
import { sh } from '../src/shell/sh.js';
import { type Behaviour, scriptedTransport } from './fixture/scripted-transport.js';

function query(id: string): Query {
  return { id, resource: 'command', subject: id, params: {}, wanted: new Set(['stdout']) };
}

function shellProbe(id: string, script: ShellProbe['script'], more: Partial<ShellProbe> = {}): ShellProbe {
  const answers = [query(id)];
  return {
    kind: 'shell',
    answers,
    script,
    exits: [0],
    limit: 5,
    maxBytes: 1000,
    slots: 'shared',
    parse: (output) => sameForAll(answers, known({ stdout: output.stdout.toString() })),
    ...more,
  };
}

function networkProbe(id: string, talk: NetworkProbe['talk'], more: Partial<NetworkProbe> = {}): NetworkProbe {
  return { kind: 'network', answers: [query(id)], limit: 5, talk, ...more };
}

function endsOf(behaviour: Behaviour, from: Ends['from'] = 'runner') {
  const transport = scriptedTransport(behaviour);
  const network = (end: 'runner' | 'target'): Network => ({
    from: end,
    standsIn: false,
    connect: () => Promise.reject(new Error('unused')),
  });
  return { transport, runner: network('runner'), target: network('target'), from };
}

const signal = new AbortController().signal;

async function observe(probes: Parameters<typeof collect>[0], behaviour: Behaviour = { run: true }) {
  const found = await collect(probes, endsOf(behaviour), { signal });
  return { ...Object.fromEntries(found.observations), problems: found.problems } as Record<string, Observation> & {
    problems: readonly string[];
  };
}

t.test('all shell probes are one program, and network probes run beside it', async (t) => {
  const ends = endsOf({ run: true });
  const order: string[] = [];
  const found = await collect(
    [
      shellProbe('a', sh`sleep 0.5; echo a`),
      shellProbe('b', sh`echo b`, { slots: 'own' }),
      networkProbe('n', async ({ from }) => {
        order.push('network');
        return new Map([['n', known({ stdout: from })]]);
      }),
    ],
    ends,
    { signal, answered: (count) => order.push(String(count)) },
  );
  t.equal(ends.transport.programs.length, 1);
  t.same(Object.fromEntries(found.observations), {
    a: known({ stdout: 'a\n' }),
    b: known({ stdout: 'b\n' }),
    n: known({ stdout: 'runner' }),
  });
  t.same(order, ['network', '1', '2', '3']);
  t.same(found.problems, []);
});

t.test('what is no answer is unknown, with the reason', async (t) => {
  const rows: readonly (readonly [string, ShellProbe, string])[] = [
    [
      'an exit code that is not listed',
      shellProbe('q', sh`echo sorry >&2; exit 9`),
      'could not look: sorry (exit status 9)',
    ],
    ['a silent one', shellProbe('q', sh`exit 9`), 'could not look: exit status 9'],
    ['a tool that is missing', shellProbe('q', sh`no-such-tool`), 'could not look: '],
    ['the time limit', shellProbe('q', sh`sleep 9`, { limit: 1 }), 'no answer within 1 s'],
    ['a cut answer', shellProbe('q', sh`yes`, { exits: 'any' }), 'the answer was longer than 1000 bytes'],
    ['a reader that throws', shellProbe('q', sh`true`, { parse: () => { throw new Error('odd'); } }), 'the answer could not be read: Error: odd'], // biome-ignore format: a row
    ['a reader that forgets', shellProbe('q', sh`true`, { parse: () => new Map() }), 'the probe gave no answer for it'],
  ];
  for (const [name, probe, reason] of rows) {
    const { q } = await observe([probe]);
    t.match(q, { status: 'unknown', reason: new RegExp(`^${reason.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`) }, name);
  }
});

t.test("the cut output of a user's command is its answer", async (t) => {
  const { q } = await observe([shellProbe('q', sh`yes`, { exits: 'any', slots: 'own' })]);
  t.match(q, known({ stdout: 'y\n'.repeat(500) }));
});

t.test('a program that is cut off keeps what it had', async (t) => {
  const { a, b, problems } = await observe([shellProbe('a', sh`echo a`), shellProbe('b', sh`sleep 3; echo b`)], {
    run: true,
    cutAfterBytes: 160,
  });
  t.same(a, known({ stdout: 'a\n' }));
  t.match(b, { status: 'unknown', reason: /^not answered, as the program was cut off: / });
  t.match(problems, [/^the program was cut off: the connection was lost/]);
});

t.test('hostile and broken output never becomes a verdict', async (t) => {
  const probe = () => shellProbe('q', sh`true`);
  const start = (m: string) => `\n${m} start\n`;
  const end = { stderr: '', exit: 0 };
  const rows: readonly (readonly [string, Behaviour, RegExp])[] = [
    ['garbage', { print: (m) => `${start(m)}\n${m} hello\n`, end }, /unexpected line "hello"/],
    [
      'an answer to another question',
      { print: (m) => `${start(m)}\n${m} 7 0\n\n${m} =\n\n${m} .\n`, end },
      /unexpected line "7 0"/,
    ],
    ['a flood', { print: (m) => `${start(m)}\n${m} 0 0\n${'x'.repeat(1 << 20)}`, end }, /longer than it may be/],
    ['silence', { print: start, end }, /exit status 0/],
    ['it stops by itself', { print: (m) => `\n${m} stop no space\n`, end }, /no space/],
  ];
  for (const [name, behaviour, reason] of rows) {
    const { q, problems } = await observe([probe()], behaviour);
    t.match(q, { status: 'unknown', reason }, name);
    t.equal(problems.length, 1, name);
  }
});

t.test('a program that never starts is an error that says why', async (t) => {
  const refused = new NixspecError('sudo-needs-password', 'sudo needs a password', { operation: 'run program' });
  const rows: readonly (readonly [Behaviour, { code: string; message?: RegExp; exitCode?: number }])[] = [
    [{ print: () => '', end: { stderr: '', exit: 1, error: refused } }, { code: refused.code }],
    [
      { print: () => 'This account is not available.\n', end: { stderr: '', exit: 1 } },
      { code: 'shell-unusable', message: /exit status 1, no output/ },
    ],
    [
      { print: () => '', end: { stderr: 'a\nnologin\n', exit: 1 } },
      { code: 'shell-unusable', message: /a; nologin/, exitCode: 69 },
    ],
  ];
  for (const [behaviour, error] of rows) await t.rejects(observe([shellProbe('q', sh`true`)], behaviour), error);
});

t.test('conversations', async (t) => {
  const rows: readonly (readonly [string, NetworkProbe, Observation])[] = [
    ['one that fails', networkProbe('q', () => Promise.reject(new Error('odd'))), unknown('odd')],
    [
      'one that hangs and does not heed the signal',
      networkProbe('q', () => new Promise(() => {}), { limit: 0.1 }),
      unknown('no answer within 0.1 s'),
    ],
    ['one that forgets', networkProbe('q', async () => new Map()), unknown('the probe gave no answer for it')],
    [
      'from the target',
      networkProbe('q', async ({ from }) => new Map([['q', known({ stdout: from })]]), { from: 'target' }),
      known({ stdout: 'target' }),
    ],
  ];
  for (const [name, probe, expected] of rows) t.same((await observe([probe])).q, expected, name);
});

t.test('not too many conversations at once', async (t) => {
  let now = 0;
  let most = 0;
  const probes = Array.from({ length: 100 }, (_, at) =>
    networkProbe(`n${at}`, async () => {
      now += 1;
      most = Math.max(most, now);
      await sleep(5);
      now -= 1;
      return new Map([[`n${at}`, known({})]]);
    }),
  );
  const { problems, ...observations } = await observe(probes);
  t.equal(Object.keys(observations).length, 100);
  t.equal(most, 32);
  t.same(problems, []);
});

t.test('Ctrl-C ends it at once, and is not a verdict', async (t) => {
  const ending = new AbortController();
  setTimeout(() => ending.abort(), 100);
  const begin = Date.now();
  const probes = [shellProbe('a', sh`sleep 30`, { limit: 60 })];
  await t.rejects(collect(probes, endsOf({ run: true }), { signal: ending.signal }), {
    code: 'interrupted',
    exitCode: 130,
  });
  await t.rejects(collect(probes, endsOf({ hang: true }), { signal: ending.signal }), { code: 'interrupted' });
  t.ok(Date.now() - begin < 10_000);
});
