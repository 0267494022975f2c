import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { loadMatchers } from '../../src/matcher.js';
import { existsProperty } from '../../src/resource.js';
import { entryKeys, sshKeys, targetKeys, topKeys, vmKeys } from '../../src/spec/keys.js';
import { matchersFor } from '../../src/spec/unknown-name.js';
import { checkSpec, resources, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';
import { nixspec } from '../fixture/nixspec.js';
import { type Completion, LanguageServer } from './language-server.js';

/** What editors offer while one types: all of it comes from the tables, so that what is new there is asked for here. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const server = await LanguageServer.start(`${root}schema/spec.json`);
const matchers = await loadMatchers();
const folder = mkdtempSync(join(tmpdir(), 'nixspec-editor-'));
t.teardown(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const labels = (offered: readonly Completion[]): string[] => offered.map(({ label }) => label);
const newText = ({ textEdit, insertText }: Completion): string => textEdit?.newText ?? insertText ?? '';

/** A subject in a key: quoted where YAML would take it for something else. */
const quoted = (subject: string): string => JSON.stringify(subject);

t.test('at the top: the keys of the language, and every resource type', async (t) => {
  const offered = labels(await server.complete('|\n'));
  const keys = Object.keys(topKeys).filter((key) => !(key in resources));
  t.strictSame(
    [...keys, ...resources.keys()].filter((name) => !offered.includes(name)),
    [],
  );
});

t.test('in an entry: properties and parameters of its type, and what every entry takes', async (t) => {
  for (const { name, subject, properties, params } of resources.values()) {
    const place = subject.none ? `${name}:\n  |\n` : `${name}:\n  ${quoted(subject.example)}:\n    |\n`;
    const offered = labels(await server.complete(`version: 1\n${place}`));
    const wanted = [...Object.keys({ ...properties, ...params, ...entryKeys }), 'exists'];
    t.strictSame(
      wanted.filter((key) => !offered.includes(key)),
      [],
      name,
    );
    t.notOk(offered.includes('ssh'), `${name}: nothing that cannot stand there`);
  }
});

t.test('under a property: the matchers that judge its type', async (t) => {
  const seen = new Set<string>();
  for (const { name, subject, properties } of resources.values()) {
    for (const [key, { type, words }] of Object.entries({ ...properties, exists: existsProperty })) {
      // Once for each type of value is enough.
      const kind = words ? 'words' : type;
      if (seen.has(kind) || type === 'json') continue;
      seen.add(kind);
      const entry = subject.none ? '' : `  ${quoted(subject.example)}:\n`;
      const place = `${name}:\n${entry}    ${key}:\n      |\n`;
      const offered = labels(await server.complete(`version: 1\n${place}`));
      const wanted = [...matchersFor(matchers, type).map((matcher) => matcher.name), 'per-target'];
      t.strictSame(
        wanted.filter((matcher) => !offered.includes(matcher)),
        [],
        `${name} ${key}, ${kind}`,
      );
      if (type === 'boolean') t.notOk(offered.includes('ge'), 'no order among booleans');
    }
  }
  t.ok(seen.size > 8, [...seen].join(', '));
});

t.test('values that there are', async (t) => {
  const offer = async (place: string) => labels(await server.complete(`version: 1\n${place}\n`));
  t.strictSame((await offer('unit:\n  nginx:\n    active: |')).sort(), ['false', 'true']);
  t.match(await offer('unit:\n  nginx:\n    state: |'), ['active', 'reloading', 'inactive', 'failed']);
  t.strictSame(await offer('unit:\n  nginx:\n    severity: |'), ['error', 'warning']);
  t.strictSame(await offer('targets:\n  web:\n    transport: |'), ['ssh2', 'openssh']);
});

t.test('under targets', async (t) => {
  const offer = async (place: string) => labels(await server.complete(`version: 1\ntargets:\n  web:\n${place}\n`));
  const has = (offered: readonly string[], table: object) =>
    t.strictSame(
      Object.keys(table).filter((key) => !offered.includes(key)),
      [],
    );
  has(await offer('    |'), { ...targetKeys, ssh: 0, vm: 0, local: 0, vars: 0, secrets: 0 });
  has(await offer('    vm:\n      |'), vmKeys);
  has(await offer('    ssh:\n      |'), sshKeys);
});

t.test('a whole entry of every type, which lint accepts as it is put in', async (t) => {
  for (const { name, subject } of resources.values()) {
    const offered = await server.complete(subject.none ? `version: 1\n|\n` : `version: 1\n${name}:\n  |\n`);
    const snippet = offered.find(({ label }) => label === (subject.none ? name : `${name}: ${subject.example}`));
    if (!t.ok(snippet, name) || subject.none || !snippet) continue;
    const body = accept(newText(snippet)).replace(/^/gm, '  ');
    const { problems } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': specOf(`${name}:\n${body}\n`) }));
    t.strictSame(problems.map(sayProblem), [], body);
  }
  const target = (await server.complete('version: 1\ntargets:\n  |\n')).filter(({ label }) => label.startsWith('a '));
  t.strictSame(labels(target), ['a server', 'a staging VM']);
});

t.test('what a snippet leaves open holds an example', async (t) => {
  t.equal(accept('${1:nginx.service}:\n  active: true'), 'nginx.service:\n  active: true');
});

t.test('targets and tags of a spec, for the schema that was made for it', async (t) => {
  const spec = `version: 1
targets:
  staging: { vm: { flake: ".#web" } }
  production: { ssh: root@web, compare-with: staging }
unit:
  nginx: { active: true, tags: [web, quick] }
`;
  const file = writeFiles(folder, { 'nixspec.yaml': spec });
  const schema = join(folder, '.nixspec/schema.json');
  const made = await nixspec(['schema', '--spec', file, '--write', schema], { cwd: folder });
  t.equal(made.status, 0, made.err);
  t.equal(made.out, '');
  const special = await LanguageServer.start(schema);
  t.teardown(() => special.stop());
  const offer = async (rest: string) => labels(await special.complete(`${spec}${rest}\n`));
  t.strictSame(await offer('  sshd:\n    only: [|]'), ['staging', 'production']);
  t.strictSame(await offer('  sshd:\n    except:\n      - |'), ['staging', 'production']);
  t.strictSame(await offer('  sshd:\n    tags: [|]'), ['quick', 'web']);
  const branches = await offer('  sshd:\n    active:\n      per-target:\n        |');
  t.ok(
    ['staging', 'production', 'default'].every((name) => branches.includes(name)),
    branches.join(', '),
  );
  t.match(labels(await special.complete('version: 1\ntargets:\n  staging:\n    compare-with: |\n')), [
    'staging',
    'production',
  ]);
  const others = `${spec}  sshd: { active: { per-target: { elsewhere: true } }, only: [elsewhere], tags: [new] }\n`;
  t.strictSame(await special.diagnose(others), [], 'a name that it does not know is for lint to judge');
});

t.test('schema --spec of what is not there', async (t) => {
  t.match(await nixspec(['schema', '--spec', '/nowhere.yaml'], { cwd: folder }), {
    status: 65,
    out: '',
    err: /does not exist/,
  });
});

/** As an editor puts it in when one goes on without typing: each place has what is offered there. */
function accept(snippet: string): string {
  return snippet.replace(/\$\{\d+:((?:\\.|[^}\\])*)\}|\$\d+/g, (_, text = '') => text).replace(/\\(.)/g, '$1');
}
