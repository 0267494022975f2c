// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import t, { type Test } from 'tap';
import { readSpec } from '../../src/spec/read.js';
import { readSshAddress } from '../../src/spec/ssh-address.js';
import { readTargets } from '../../src/spec/targets.js';
import { sayProblem, writeFiles } from '../fixture/check-spec.js';

t.test('what one types after ssh', async (t) => {
  const table: readonly (readonly [text: string, read: object])[] = [
    ['web', { host: 'web' }],
    ['root@web.example.org', { host: 'web.example.org', user: 'root' }],
    ['me@corp.example@web', { host: 'web', user: 'me@corp.example' }],
    ['ssh://web', { host: 'web' }],
    ['ssh://root@web:2222', { host: 'web', user: 'root', port: 2222 }],
    ['ssh://root@web:2222/', { host: 'web', user: 'root', port: 2222 }],
    ['ssh://a%40b@web', { host: 'web', user: 'a@b' }],
    ['ssh://[2001:db8::1]:22', { host: '2001:db8::1', port: 22 }],
    ['ssh://root@[fe80::1%eth0]', { host: 'fe80::1%eth0', user: 'root' }],
    ['2001:db8::1', { host: '2001:db8::1' }],
    ['root@2001:db8::1', { host: '2001:db8::1', user: 'root' }],
    ['root@[2001:db8::1]', { host: '2001:db8::1', user: 'root' }],
    ['192.0.2.7', { host: '192.0.2.7' }],
    ['@web', { mistake: 'the user before "@" is missing' }],
    ['root@', { mistake: 'there is no host in it' }],
    ['root@-web', { mistake: 'a host does not begin with "-"' }],
    ['root@web:22', { mistake: 'a port cannot stand here', hint: 'write ssh://root@web:22' }],
    ['2001:db8::zz', { mistake: '2001:db8::zz is no IPv6 address' }],
    ['ssh://', { mistake: 'it is not ssh://user@host:port' }],
    ['ssh://web/path', { mistake: 'it is not ssh://user@host:port' }],
    ['ssh://web:0', { mistake: 'a port is 1 to 65535' }],
    ['web;reboot', { mistake: '"web;reboot" is no host' }],
    ['$(id)@web', { mistake: '"$(id)" is no user' }],
    ['ssh://-oProxyCommand=x@web', { mistake: '"-oProxyCommand=x" is no user' }],
  ];
  for (const [text, read] of table) t.strictSame(readSshAddress(text), read, text);
});

async function targetsOf(t: Test, text: string, vars = {}, env = {}) {
  const folder = t.testdir();
  const source = await readSpec(writeFiles(folder, { 'sub/nixspec.yaml': `version: 1\n${text}` }), { env });
  const { targets, problems } = readTargets(source, { vars });
  t.strictSame(problems.map(sayProblem), []);
  const read = [...targets.values()].map(({ position, ...target }) => target);
  return JSON.parse(JSON.stringify(read).replaceAll(folder, '<folder>')) as unknown;
}

t.test('targets', async (t) => {
  const table: readonly (readonly [text: string, read: object])[] = [
    ['a: { ssh: root@web }', { name: 'a', ssh: { host: 'web', user: 'root' }, from: 'runner' }],
    [
      'a: { ssh: web, from: target, sudo: true, transport: openssh }',
      { name: 'a', ssh: { host: 'web' }, transport: 'openssh', sudo: true, from: 'target' },
    ],
    ['a: { local: true }', { name: 'a', local: true, from: 'runner' }],
    [
      'a: { vm: { flake: ".#web", memory: 4GiB, cores: 4, timeout: 5m, network: open } }',
      {
        name: 'a',
        vm: { flake: '.#web', memory: 4294967296, cores: 4, timeout: 300, network: 'open' },
        from: 'target',
      },
    ],
    ['a: { vm: {}, from: runner }', { name: 'a', vm: {}, from: 'runner' }],
    [
      'a: { ssh: { host: web, user: root, port: 2222, identity-file: key, known-hosts: /k, config: ~/c, jump: b@c } }',
      {
        name: 'a',
        ssh: {
          host: 'web',
          user: 'root',
          port: 2222,
          identityFile: '<folder>/sub/key',
          knownHosts: '/k',
          config: '~/c',
          jump: 'b@c',
        },
        from: 'runner',
      },
    ],
    [
      'a: { ssh: { host: ssh://root@web:22, port: 23 } }',
      { name: 'a', ssh: { host: 'web', user: 'root', port: 23 }, from: 'runner' },
    ],
    [
      'a: { ssh: "${user}@${host}", vars: { user: "${host}-admin" } }',
      { name: 'a', ssh: { host: 'web', user: 'web-admin' }, from: 'runner' },
    ],
    [
      'a: { ssh: { host: web, config: "${env.DIR}/config" } }',
      { name: 'a', ssh: { host: 'web', config: '/lab/config' }, from: 'runner' },
    ],
  ];
  for (const [text, read] of table) {
    t.test(text, async (t) => {
      t.strictSame(await targetsOf(t, `targets: { ${text} }`, { host: 'web' }, { DIR: '/lab' }), [read]);
    });
  }
  t.test('compare-with', async (t) => {
    t.match(await targetsOf(t, 'targets: { a: { local: true }, b: { local: true, compare-with: a } }'), [
      {},
      { compareWith: 'a' },
    ]);
  });
  t.test('of included files; the including file wins', async (t) => {
    const files = {
      'nixspec.yaml': 'version: 1\ninclude: [b.yaml]\ntargets: { a: { ssh: here } }',
      'b.yaml': 'version: 1\ntargets: { a: { ssh: there }, c: { ssh: other } }',
    };
    const source = await readSpec(writeFiles(t.testdir(), files), { env: {} });
    const { targets } = readTargets(source, { vars: {} });
    t.equal(targets.get('a')?.ssh?.host, 'here');
    t.equal(targets.get('c')?.ssh?.host, 'other');
  });
});
