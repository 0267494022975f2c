import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { CommandInput, Io } from '../../src/command.js';
import { readRequest } from '../../src/discover/request.js';
import { saveSpec } from '../../src/discover/save.js';

const spec = `version: 1
targets:
  web: { ssh: root@web.example.org }
  db: { local: true }
unit: { nginx: { active: true } }
`;

async function read(folder: string, args: readonly string[], options: CommandInput['options'] = {}) {
  const err: string[] = [];
  const io = { env: {}, err: (text: string) => err.push(text), color: { err: false, out: false } } as unknown as Io;
  return readRequest({ args, options: { spec: join(folder, 'nixspec.yaml'), ...options } }, io);
}

t.test('a target of the spec, a destination of ssh, this machine', async (t) => {
  const folder = t.testdir({ 'nixspec.yaml': spec });
  const target = async (word: string, options = {}) => {
    const { targets, fresh } = await read(folder, [word], options);
    const { position: _, ...rest } = targets[0] ?? { name: '' };
    return [rest, [...fresh]];
  };
  t.same(await target('web'), [{ name: 'web', ssh: { host: 'web.example.org', user: 'root' }, from: 'runner' }, []]);
  t.same(await target('root@web.example.org'), [
    { name: 'web', ssh: { host: 'web.example.org', user: 'root' }, from: 'runner' },
    [],
  ]);
  t.same(await target('root@db.example.org'), [
    { name: 'db.example.org', ssh: { host: 'db.example.org', user: 'root' }, from: 'runner' },
    ['db.example.org'],
  ]);
  t.same(await target('ssh://192.0.2.1:2222', { sudo: true, sshConfig: '/c' }), [
    { name: '192.0.2.1', ssh: { host: '192.0.2.1', port: 2222, config: '/c' }, sudo: true, from: 'runner' },
    ['192.0.2.1'],
  ]);
  t.same(await target('local'), [{ name: 'local', local: true, from: 'runner' }, ['local']]);
});

t.test('a word that the spec does not have is a misspelt target; without a spec it is an alias of ssh', async (t) => {
  await t.rejects(read(t.testdir({ 'nixspec.yaml': spec }), ['wep']), { code: 'usage', hint: 'did you mean "web"?' });
  const { targets, draft } = await read('/nonexistent', ['wep']);
  t.same([targets, draft], [[{ name: 'wep', ssh: { host: 'wep' }, from: 'runner' }], undefined]);
});

t.test('a spec that is yet to be filled is no mistake, what it says wrongly is one', async (t) => {
  const begin = 'version: 1\ntargets: { web: { ssh: root@web.example.org } }\n';
  for (const text of ['', 'unit: {}\nport:\nlisteners: ~\n']) {
    const { targets } = await read(t.testdir({ 'nixspec.yaml': `${begin}${text}` }), ['web'], { write: true });
    t.same(
      targets.map(({ name }) => name),
      ['web'],
      text,
    );
  }
  for (const text of ['unit: { nginx: {} }\n', 'unit: {}\nport: { tcp:1: { listening: { not: {} } } }\n'])
    await t.rejects(read(t.testdir({ 'nixspec.yaml': `${begin}${text}` }), ['web'], { write: true }), {
      code: 'spec-invalid',
      message: 'the spec has 1 mistake',
    });
});

t.test('what cannot be done', async (t) => {
  await t.rejects(read('/nonexistent', ['-oProxyCommand=x']), { code: 'usage' });
  await t.rejects(read('/nonexistent', ['x'], { spec: '-', write: true }), { code: 'usage' });
  const broken = t.testdir({ 'nixspec.yaml': 'version: 1\nunit: { a: { actve: true } }\n' });
  await t.rejects(read(broken, ['root@x.org'], { write: true }), { code: 'spec-invalid' });
  t.same((await read(broken, ['root@x.org'])).fresh.size, 1, 'only to be printed: the spec does not matter');
});

t.test('saved whole, mode kept, links followed, nothing left behind', async (t) => {
  const folder = t.testdir({});
  const [real, link] = [join(folder, 'real.yaml'), join(folder, 'link.yaml')];
  writeFileSync(real, '\ufeffold');
  chmodSync(real, 0o640);
  symlinkSync('real.yaml', link);
  await saveSpec(link, 'new', 'old');
  t.equal(readFileSync(real, 'utf8'), '\ufeffnew');
  t.equal(statSync(real).mode & 0o777, 0o640);
  t.ok(lstatSync(link).isSymbolicLink());
  await t.rejects(saveSpec(link, 'newer', 'old'), { message: /it was changed while nixspec looked/ });
  await t.rejects(saveSpec(join(folder, 'none', 'x.yaml'), 'a', undefined), { code: 'usage' });
  await saveSpec(join(folder, 'fresh.yaml'), 'a', undefined);
  t.same(readdirSync(folder).sort(), ['fresh.yaml', 'link.yaml', 'real.yaml']);
});
