// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import t, { type Test } from 'tap';
import { checkSpec, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

interface Settings {
  readonly vars?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
}

/** The one expectation of `unit: { a: { … } }` and the like. */
async function argumentOf(t: Test, text: string, settings: Settings = {}): Promise<unknown> {
  const path = writeFiles(t.testdir(), { 'nixspec.yaml': specOf(text) });
  const { problems, entries } = await checkSpec(path, settings);
  t.strictSame(problems.map(sayProblem), []);
  return entries.get('vm')?.map(({ expectations }) => expectations[0]?.expectation.argument)[0];
}

t.test('a text that is one variable takes its value, whatever its type', async (t) => {
  const table: readonly (readonly [value: string, property: string, read: unknown])[] = [
    ['true', 'unit: { a: { active: "${x}" } }', true],
    ['3', 'unit: { a: { restarts: "${x}" } }', 3],
    ['1.10', 'unit: { a: { status-text: "${x}" } }', '1.10'],
    ['0644', 'file: { /a: { mode: "${x}" } }', '0644'],
    ['5m', 'unit: { a: { uptime: "${x}" } }', 300],
    ['[a, b]', 'unit: { a: { wanted-by: { contain-elements: "${x}" } } }', [equal('a'), equal('b')]],
    ['[a, b]', 'unit: { a: { wanted-by: "${x}" } }', [equal('a'), equal('b')]],
    ['[b, c]', 'unit: { a: { wanted-by: [a, "${x}"] } }', [equal('a'), equal('b'), equal('c')]],
    ['{ ge: 3 }', 'unit: { a: { restarts: "${x}" } }', 3],
    ['{ a: [1, "${y}"] }', 'http: { "https://a/": { json: { equal: "${x}" } } }', { a: [1, 'why'] }],
    ['{ active: true }', 'unit: { a: "${x}" }', true],
    ['{ a: { active: true } }', 'unit: "${x}"', true],
  ];
  for (const [value, text, read] of table) {
    t.test(`${value} in ${text}`, async (t) => {
      t.strictSame(await argumentOf(t, `vars: { x: ${value}, y: why }\n${text}`), read);
    });
  }
});

t.test('inside a text it stands as its characters', async (t) => {
  const table: readonly (readonly [text: string, read: unknown])[] = [
    ['a ${n} b', 'a 1.10 b'],
    ['${n}${n}', '1.101.10'],
    ['$${n}', '${n}'],
    ['$$${n}', '$${n}'],
    ['$${${n}}', '${1.10}'],
    ['cost: $5 {n}', 'cost: $5 {n}'],
    ['${chain}', 'c1.10 and 1.10'],
    ['${env.HOME_OF}', '/home'],
    ['${env.ODD} ${odd}', '${n} $${n}'],
    ['${with-dash.and_dot}', 'odd'],
  ];
  for (const [text, read] of table) {
    t.test(text, async (t) => {
      const spec = `vars: { n: 1.10, m: "c\${n}", chain: "\${m} and \${n}", with-dash.and_dot: odd }\nunit: { a: { status-text: ${JSON.stringify(text)} } }`;
      t.equal(await argumentOf(t, spec, { env: { HOME_OF: '/home', ODD: '${n}' }, vars: { odd: '$${n}' } }), read);
    });
  }
});

t.test('in subjects and in keys of maps', async (t) => {
  const path = writeFiles(t.testdir(), {
    'nixspec.yaml': specOf(`vars: { domain: example.org, peer: laptop }
http: { "https://git.\${domain}/": { headers: { "x-\${peer}": a }, json: { "\${peer}": 1 } } }
wireguard: { wg0: { names: { "\${peer}": key }, peers: { "\${peer}": { fresh: true } } } }
`),
  });
  const { problems, entries } = await checkSpec(path);
  t.strictSame(problems.map(sayProblem), []);
  const [http, wireguard] = entries.get('vm') ?? [];
  t.equal(http?.subject, 'https://git.example.org/');
  t.strictSame(
    http?.expectations.map(({ path }) => path.join('.')),
    ['headers.x-laptop', 'json.laptop'],
  );
  t.strictSame(wireguard?.params, { names: { laptop: 'key' } });
  t.strictSame(wireguard?.expectations[0]?.path, ['peers', 'laptop', 'fresh']);
});

t.test(
  'which value wins: of an included file, a later one, the including one, the target, the command line',
  async (t) => {
    const files = {
      'nixspec.yaml': specOf('include: [a.yaml, b.yaml]\nvars: { four: spec, five: spec }\n').replace(
        'flake: ".#web" }',
        'flake: ".#web" }, vars: { five: target, six: target }',
      ),
      'a.yaml': 'version: 1\ninclude: c.yaml\nvars: { two: a, three: a, four: a }\n',
      'b.yaml': `version: 1\nvars: { three: b }\ncommand: { "echo \${one} \${two} \${three} \${four} \${five} \${six}": { exit-status: 0 } }\n`,
      'c.yaml': 'version: 1\nvars: { one: c, two: c }\n',
    };
    const { problems, entries } = await checkSpec(writeFiles(t.testdir(), files), { vars: { six: 'command line' } });
    t.strictSame(problems.map(sayProblem), []);
    t.equal(entries.get('vm')?.[0]?.subject, 'echo c a b spec target command line');
    t.equal(entries.get('production')?.[0]?.subject, 'echo c a b spec spec command line');
  },
);

t.test('values of the command line and the environment are read as YAML reads a plain word', async (t) => {
  const vars = { n: '5', on: 'true', text: '5' };
  t.equal(await argumentOf(t, 'unit: { a: { restarts: "${n}" } }', { vars }), 5);
  t.equal(await argumentOf(t, 'unit: { a: { active: "${on}" } }', { vars }), true);
  t.equal(await argumentOf(t, 'unit: { a: { status-text: "${text}" } }', { vars }), '5');
  t.equal(await argumentOf(t, 'unit: { a: { restarts: "${env.N}" } }', { env: { N: '7' } }), 7);
  t.strictSame(await argumentOf(t, 'http: { "https://a/": { json: "${n}" } }', { vars }), 5);
});

t.test('what is for another target needs no variables of this one', async (t) => {
  const text = `unit:
  a: { active: "\${on}", only: [vm] }
  b: { status-text: { per-target: { vm: "\${on}", production: x } } }
`;
  const spec = specOf(text).replace('vm: { vm:', 'vm: { vars: { on: true }, vm:');
  const { problems } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': spec }));
  t.strictSame(problems.map(sayProblem), []);
});

t.test('a name that a broken file may define is not told', async (t) => {
  const files = {
    'nixspec.yaml': specOf('include: [b.yaml]\nunit: { a: { active: "${on}" } }'),
    'b.yaml': 'vars: { on: [ }',
  };
  const { problems } = await checkSpec(writeFiles(t.testdir(), files));
  t.strictSame(
    problems.map(({ code }) => code),
    ['yaml-syntax'],
  );
});

t.test('bombs', async (t) => {
  const doubled = (value: (at: number) => string) =>
    Array.from({ length: 40 }, (_, at) => `  v${at}: ${at === 0 ? value(0) : value(at)}`).join('\n');
  const texts = doubled((at) => (at === 0 ? 'xxxxxxxxxx' : `"\${v${at - 1}}\${v${at - 1}}"`));
  const lists = doubled((at) => (at === 0 ? '[x]' : `[["\${v${at - 1}}"], ["\${v${at - 1}}"]]`));
  for (const [name, vars] of Object.entries({ texts, lists })) {
    t.test(name, async (t) => {
      const spec = specOf(`vars:\n${vars}\nhttp: { "https://a/": { json: { equal: "\${v39}" } } }`);
      const start = performance.now();
      const { problems } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': spec }));
      t.ok(performance.now() - start < 3000);
      t.ok(problems.length > 0);
      t.same([...new Set(problems.map(({ code }) => code))], ['too-large']);
    });
  }
});

function equal(argument: unknown) {
  return { matcher: 'equal', argument };
}
