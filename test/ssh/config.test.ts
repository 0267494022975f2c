import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { NixspecError } from '../../src/error.js';
import { type ConfigQuestion, expandPath, resolveSshConfig } from '../../src/ssh/config.js';
import { resolveRoute } from '../../src/ssh/jump.js';

const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));
const { homedir, username } = userInfo();
const ask = (host: string, config: string, more: Partial<ConfigQuestion> = {}): ConfigQuestion => ({
  ...{ host, target: 'production', signal: new AbortController().signal },
  config: write(config),
  ...more,
});

function write(text: string): string {
  const file = join(mkdtempSync(join(folder, 'c-')), 'config');
  writeFileSync(file, text);
  return file;
}

t.test('what ssh resolves, expanded', async (t) => {
  mkdirSync(join(folder, 'more'), { recursive: true });
  writeFileSync(join(folder, 'more', 'one'), 'Host web\n  User deploy\n  Port 2222\n');
  const config = `Include ${folder}/more/*
Host web
  HostName %h.example.org
  User ignored
  IdentityFile ~/.ssh/%r@%n
  IdentityFile \${NIXSPEC_TEST_KEYS}/%h-%p
  IdentitiesOnly yes
  IdentityAgent /run/%u.sock
  UserKnownHostsFile ~/.ssh/known_%k /etc/ssh/%%
  GlobalKnownHostsFile none
  HostKeyAlias web-key
  StrictHostKeyChecking accept-new
  ConnectTimeout 3
  ServerAliveInterval 7
  ServerAliveCountMax 2
  AddressFamily inet
  ProxyJump %r@bastion-%n
Match host *.example.org
  BindAddress 127.0.0.1
`;
  process.env.NIXSPEC_TEST_KEYS = '/keys';
  const found = await resolveSshConfig(ask('web', config));
  const { resolved, ...known } = found;
  t.same(known, {
    ...{ alias: 'web', host: 'web.example.org', port: 2222, user: 'deploy', jump: 'deploy@bastion-web' },
    identityFiles: [`${homedir}/.ssh/deploy@web`, '/keys/web.example.org-2222'],
    ...{ identitiesOnly: true, agent: `/run/${username}.sock` },
    knownHostsFiles: [`${homedir}/.ssh/known_web-key`, '/etc/ssh/%'],
    ...{ hostKeyAlias: 'web-key', strictHostKeyChecking: 'accept-new' },
    ...{ connectTimeout: 3, aliveInterval: 7, aliveCountMax: 2, family: 4, bindAddress: '127.0.0.1' },
  });
  t.ok(resolved?.get('kexalgorithms')?.[0]?.includes('curve25519-sha256'));
});

t.test('what the spec says goes before the configuration', async (t) => {
  const config = 'Host web\n  User deploy\n  Port 2222\n  IdentityFile /keys/theirs\n  UserKnownHostsFile /theirs\n';
  const more = { user: 'root', port: 22, identityFile: '/keys/ours', knownHosts: '~/ours', jump: 'me@bastion' };
  const found = await resolveSshConfig(ask('web', config, more));
  t.match(found, { user: 'root', port: 22, jump: 'me@bastion' });
  t.equal(found.identityFiles[0], '/keys/ours');
  t.equal(found.knownHostsFiles[0], `${homedir}/ours`);
  t.notOk(found.knownHostsFiles.includes('/theirs'));
});

t.test('an empty configuration', async (t) => {
  process.env.SSH_AUTH_SOCK = '/agent.sock';
  const found = await resolveSshConfig(ask('web', ''));
  t.match(found, {
    host: 'web',
    port: 22,
    user: username,
    agent: '/agent.sock',
    connectTimeout: 10,
    aliveInterval: 10,
  });
  t.match(await resolveSshConfig(ask('web', 'IdentityAgent none')), { agent: undefined });
  process.env.OTHER_AGENT = '/other.sock';
  t.match(await resolveSshConfig(ask('web', 'IdentityAgent $OTHER_AGENT')), { agent: '/other.sock' });
});

t.test('without an ssh the plain defaults hold', async (t) => {
  const path = process.env.PATH;
  process.env.PATH = folder;
  t.teardown(() => {
    process.env.PATH = path;
  });
  const found = await resolveSshConfig(ask('web', 'Host web\n  Port 2222\n', { jump: 'bastion' }));
  t.match(found, { host: 'web', port: 22, user: username, jump: 'bastion', resolved: undefined });
  t.equal(found.identityFiles[0], `${homedir}/.ssh/id_ed25519`);
  t.same(found.knownHostsFiles, [`${homedir}/.ssh/known_hosts`, '/etc/ssh/ssh_known_hosts']);
});

t.test('mistakes in the configuration', async (t) => {
  const failure = async (question: ConfigQuestion) => {
    const error = await resolveSshConfig(question).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(error instanceof NixspecError)) throw new Error('it should fail');
    return {
      code: error.code,
      message: error.message.replaceAll(folder, '…').replace(/c-\w+/g, 'c'),
      hint: error.hint,
    };
  };
  t.match(await failure(ask('web', 'Nonsense yes')), {
    code: 'usage',
    message:
      /^production: ssh cannot read its configuration: …\/c\/config: line 1: Bad configuration option: nonsense; /,
    hint: 'try `ssh -G web`',
  });
  t.match(await failure({ ...ask('web', ''), config: '/nowhere' }), {
    code: 'usage',
    message: /open user config file/,
  });
  t.match(await failure({ ...ask('web', ''), signal: AbortSignal.abort() }), { code: 'interrupted' });
});

t.test('a host that looks like an option stays a host', async (t) => {
  const error = await resolveSshConfig(ask('-oProxyCommand=touch /tmp/x', '')).catch((error: Error) => error);
  t.ok(error instanceof NixspecError || (error as { host: string }).host.startsWith('-o'));
});

t.test('tokens that are none stay as they are', async (t) => {
  const tokens = { alias: 'a', host: 'h', port: 1, user: 'r', hostKey: undefined };
  t.equal(expandPath('%z-%%-%p-%j-%k', tokens), '%z-%-1--a');
  t.equal(expandPath('~other/x', tokens), '~other/x');
});

t.test('routes', async (t) => {
  const config = `Host target
  HostName 10.0.0.9
  ProxyJump me@near:2201,far
Host chained
  ProxyJump far2
Host far2
  ProxyJump near
Host loop
  ProxyJump loop2
Host loop2
  ProxyJump loop
Host wrong
  ProxyJump near
Host near
  HostName 10.0.0.1
`;
  const route = async (host: string, more: Partial<ConfigQuestion> = {}) =>
    (await resolveRoute(ask(host, config, more))).map(
      ({ user, host, port }) => `${user === username ? '' : `${user}@`}${host}:${port}`,
    );
  t.same(await route('target'), ['me@10.0.0.1:2201', 'far:22', '10.0.0.9:22']);
  t.same(await route('chained'), ['10.0.0.1:22', 'far2:22', 'chained:22'], 'a jump host has a ProxyJump of its own');
  t.same(
    await route('near', { user: 'root' }),
    ['root@10.0.0.1:22'].map((place) => (username === 'root' ? place.slice(5) : place)),
  );
  t.same(await route('target', { jump: 'near' }), ['10.0.0.1:22', '10.0.0.9:22'], 'the spec goes first');
  await t.rejects(route('loop'), {
    code: 'usage',
    message: 'production: more than 8 jump hosts: does one lead to itself?',
  });
});
