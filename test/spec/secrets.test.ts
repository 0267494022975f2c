// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import { homedir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Entry, Problem } from '../../src/model.js';
import { parseEntries } from '../../src/spec/parse.js';
import { readSpec } from '../../src/spec/read.js';
import { hasStandIn, listStandIns, nameStandIns, standInFor } from '../../src/spec/stand-in.js';
import { matchers, resources, sayProblem, writeFiles } from '../fixture/check-spec.js';

async function read(path: string, target: string, values?: ReadonlyMap<string, string>) {
  const source = await readSpec(path, { env: { CREDENTIALS: '/run/credentials' } });
  const { entries, secrets, problems } = parseEntries(source, target, resources, matchers, {
    vars: { folder: 'secrets' },
    ...(values && { secrets: values }),
  });
  return { entries, problems, origins: Object.fromEntries([...secrets].map(([name, { origin }]) => [name, origin])) };
}

t.test('the last place that defines one wins: an included file, the file that includes it, the target', async (t) => {
  const folder = t.testdir();
  const path = writeFiles(folder, {
    'nixspec.yaml': `version: 1
include: [more/common.yaml]
secrets: { B: { env: B_OF_SPEC }, C: { env: C_OF_SPEC } }
targets: { a: { local: true, secrets: { C: { env: C_OF_TARGET } } }, b: { local: true } }
command: { "echo \${secret.A}": { exit-status: 0 } }
`,
    'more/common.yaml': `version: 1
secrets:
  A: { file: a.txt }
  B: { env: B_OF_INCLUDED }
  D: { file: "~/\${folder}/d" }
  E: { file: "\${env.CREDENTIALS}/e" }
  F: { command: "cat \${folder}/f" }
  G: { command: [cat, "\${folder}/g"], timeout: 2s }
`,
  });
  const more = join(folder, 'more');
  const { origins, problems } = await read(path, 'a');
  t.strictSame(problems.map(sayProblem), []);
  t.strictSame(origins, {
    A: { file: join(more, 'a.txt') },
    B: { env: 'B_OF_SPEC' },
    D: { file: join(homedir(), 'secrets/d') },
    E: { file: '/run/credentials/e' },
    F: { command: 'cat secrets/f', timeout: 60, folder: more },
    G: { command: ['cat', 'secrets/g'], timeout: 2, folder: more },
    C: { env: 'C_OF_TARGET' },
  });
  t.match((await read(path, 'b')).origins, { C: { env: 'C_OF_SPEC' } });
});

t.test('stand-ins have the name in them, and come back as it', async (t) => {
  for (const name of ['A', 'A1', 'DB_PASSWORD', 'a.b-c']) {
    const text = `https://x-${standInFor(name)}.example.org/${standInFor('OTHER')}`;
    t.ok(hasStandIn(text));
    t.strictSame(listStandIns(text), [name, 'OTHER']);
    t.equal(nameStandIns(text), `https://x-\${secret.${name}}.example.org/\${secret.OTHER}`);
    t.equal(new URL(text).href, text, 'survives a URL');
  }
  t.strictSame(listStandIns('nothing'), []);
  t.equal(nameStandIns('nothing'), 'nothing');
});

t.test('in values, parameters, subjects, keys, vars, defaults, for-each and per-target', async (t) => {
  const path = writeFiles(t.testdir(), {
    'nixspec.yaml': `version: 1
secrets: { A: { env: A }, B: { env: B } }
vars: { header: "Bearer \${secret.A}", headers: { x-b: "\${secret.B}" } }
targets: { here: { local: true } }
defaults: { http: { request-headers: "\${headers}" } }
http:
  "https://\${secret.A}.example.org/":
    body: ["\${secret.B}", "!\${header}"]
    json: { "\${secret.A}": { contain-substring: "\${secret.B}" } }
command:
  "echo \${word}":
    for-each: { word: ["1", "\${secret.A}"] }
    stdout: { per-target: { here: "\${secret.B}", default: x } }
    title: "\${header}"
`,
  });
  const expected = (a: string, b: string) => [
    [`https://${a}.example.org/`, { 'request-headers': { 'x-b': b } }, [[b, `!Bearer ${a}`], b], ['body', `json.${a}`]],
    ['echo 1', {}, [b], ['stdout']],
    [`echo ${a}`, {}, [b], ['stdout']],
  ];
  const shown = (entries: readonly Entry[]) =>
    entries.map(({ subject, params, expectations }) => [
      subject,
      params,
      expectations.map(({ expectation }) => expectation.argument),
      expectations.map(({ path }) => path.join('.')),
    ]);
  const standIns = await read(path, 'here');
  t.strictSame(standIns.problems, []);
  t.strictSame(shown(standIns.entries), expected(standInFor('A'), standInFor('B')));
  const real = await read(
    path,
    'here',
    new Map([
      ['A', 'value'],
      ['B', '1234'],
    ]),
  );
  t.strictSame(real.problems, []);
  t.strictSame(shown(real.entries), expected('value', '1234'), 'a number too is text');
});

t.test('what only the secret itself can tell is not held against its stand-in', async (t) => {
  const path = writeFiles(t.testdir(), {
    'nixspec.yaml': `version: 1
secrets: { A: { env: A } }
targets: { here: { local: true } }
port: { "\${secret.A}": { listening: true } }
file: { "\${secret.A}": { exists: true } }
command:
  "true": { stdout: { match-regexp: "(\${secret.A}){2}", semver-constraint: ">=\${secret.A}" } }
`,
  });
  t.strictSame((await read(path, 'here')).problems, []);
  const codes = async (value: string) =>
    (await read(path, 'here', new Map([['A', value]]))).problems.map(({ code }: Problem) => code);
  t.strictSame(await codes('('), ['bad-subject', 'bad-subject', 'bad-regexp', 'bad-range']);
});

t.test('a file that could not be read may define what is missing', async (t) => {
  const path = writeFiles(t.testdir(), {
    'nixspec.yaml':
      'version: 1\ninclude: [gone.yaml]\ntargets: { here: { local: true } }\ncommand: { "echo ${secret.A}": { exit-status: 0 } }\n',
  });
  t.strictSame((await read(path, 'here')).problems, []);
});
