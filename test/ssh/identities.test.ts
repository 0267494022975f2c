import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { listAgentKeys } from '../../src/ssh/agent.js';
import type { SshConfig } from '../../src/ssh/config.js';
import { findIdentities } from '../../src/ssh/identities.js';
import { parseKnownHosts } from '../../src/ssh/known-hosts.js';
import { whyOpenssh } from '../../src/ssh/openssh-reasons.js';

const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));
const agent = join(folder, 'agent');

function makeKey(name: string, ...args: string[]): string {
  const path = join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}'s`, '-f', path, ...args]);
  return path;
}

const config = (identityFiles: string[], more: Partial<SshConfig> = {}): SshConfig => ({
  ...{ alias: 'web', host: 'web', port: 22, user: 'root', identitiesOnly: false, knownHostsFiles: [] },
  ...{ strictHostKeyChecking: 'ask', connectTimeout: 1, aliveInterval: 1, aliveCountMax: 1, family: 0 },
  ...{ identityFiles, resolved: new Map() },
  ...more,
});
const short = (label: string) => label.replaceAll(folder, '').replace(/SHA256:\S+/, '#');

t.before(async () => {
  const child = spawn('ssh-agent', ['-D', '-a', agent], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  t.teardown(() => child.kill());
});

const add = (path: string) =>
  execFileSync('ssh-add', ['-q', path], { env: { ...process.env, SSH_AUTH_SOCK: agent }, stdio: 'pipe' });

t.test('the order in which keys are tried is that of ssh', async (t) => {
  const [file, held, other, named] = ['file', 'held', 'other', 'named'].map((name) => makeKey(name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const key of [other, held, named]) add(key);
  const files = [file, held, `${named}.pub`];
  const labels = async (more: Partial<SshConfig>) =>
    (await findIdentities(config(files, more))).usable.map(({ label }) => short(label));
  t.same(await labels({ agent }), [
    'ssh-ed25519 # (agent: /held)',
    'ssh-ed25519 # (agent: /named.pub)',
    "ssh-ed25519 # (agent: other's)",
    'ssh-ed25519 # (/file)',
  ]);
  t.same(await labels({ agent, identitiesOnly: true }), [
    'ssh-ed25519 # (agent: /held)',
    'ssh-ed25519 # (agent: /named.pub)',
    'ssh-ed25519 # (/file)',
  ]);
  t.same(await labels({}), ['ssh-ed25519 # (/file)', 'ssh-ed25519 # (/held)']);
  t.same((await findIdentities(config(files))).problems.map(short), [
    '/named.pub is a public key, and no agent holds its private key',
  ]);
});

t.test('what cannot be used is told', async (t) => {
  writeFileSync(join(folder, 'nonsense'), 'hello\n');
  const problems = async (path: string, more: Partial<SshConfig> = {}) =>
    (await findIdentities(config([path], more))).problems.map(short);
  t.same(await problems(join(folder, 'missing')), ['/missing does not exist']);
  t.same(await problems('/nowhere/.ssh/id_rsa'), [], 'nobody asked for the default names');
  t.same(await problems(join(folder, 'nonsense')), ['/nonsense holds no key']);
  t.same(await problems(folder), [' cannot be read (EISDIR)']);
  t.same(await problems('/nowhere/.ssh/id_rsa', { agent: join(folder, 'no-agent') }), [
    'the agent at /no-agent gave no keys (connect ENOENT /no-agent)',
  ]);
});

t.test('an agent that answers nonsense', async (t) => {
  const answers: readonly (readonly [string, Buffer, RegExp])[] = [
    ['locked', Buffer.from([0, 0, 0, 1, 5]), /refused to list its keys/],
    ['huge', Buffer.from([0x7f, 0, 0, 0]), /does not speak its protocol/],
    ['cut off', Buffer.from([0, 0, 0, 5, 12, 0, 0, 0, 9]), /cut off/],
    ['gone', Buffer.alloc(0), /closed the connection/],
  ];
  for (const [name, answer, message] of answers) {
    const path = join(folder, `agent-${name}`);
    const server = createServer((socket) => socket.end(answer)).listen(path);
    await t.rejects(listAgentKeys(path), { message }, name);
    server.close();
  }
});

t.test('why only the system ssh will do', async (t) => {
  const authority = makeKey('authority');
  const certified = makeKey('certified');
  execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', 'root', `${certified}.pub`]);
  const plain = makeKey('plain-one');
  const why = async (path: string, more: Partial<SshConfig> = {}, known = '') => {
    const asked = config([path], more);
    const reason = whyOpenssh({
      config: asked,
      identities: await findIdentities(asked),
      knownHosts: parseKnownHosts(known, 'known'),
    });
    return reason === undefined ? undefined : short(reason);
  };
  const set = (keyword: string, value: string) => ({ resolved: new Map([[keyword, [value]]]) });
  t.equal(await why(plain), undefined);
  t.equal(await why(plain, set('proxycommand', 'none')), undefined);
  t.equal(await why(plain, set('proxycommand', 'nc %h %p')), 'web has a ProxyCommand');
  t.equal(await why(plain, set('certificatefile', '/cert')), 'web has a CertificateFile');
  t.equal(await why(plain, set('revokedhostkeys', '/revoked')), 'web has RevokedHostKeys');
  t.equal(await why(plain, set('knownhostscommand', '/x')), 'web has KnownHostsCommand');
  t.equal(await why(plain, set('pkcs11provider', '/x.so')), 'web has a PKCS11Provider');
  t.equal(await why(plain, set('pubkeyauthentication', 'false')), 'web has PubkeyAuthentication no');
  t.equal(await why(plain, set('gssapiauthentication', 'yes')), undefined, 'Debian sets it for everybody');
  t.equal(await why(certified), 'there is a certificate to log in with: /certified-cert.pub');
  t.equal(await why(`${certified}.pub`), 'there is a certificate to log in with: /certified-cert.pub');

  const line = readFileSync(`${authority}.pub`, 'utf8');
  t.equal(await why(plain, {}, `# c\n@cert-authority *.example.org ${line}`), undefined, 'for other hosts');
  t.equal(
    await why(plain, {}, `# c\n@cert-authority * ${line}`),
    'known:2 trusts a certificate authority for its host key',
  );

  const token = join(folder, 'token.pub');
  const sk = Buffer.concat(
    ['sk-ssh-ed25519@openssh.com', 'x'.repeat(32), 'ssh:'].map((field) => {
      const bytes = Buffer.from(field);
      return Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
    }),
  );
  const base64 = sk.toString('base64');
  writeFileSync(token, `sk-ssh-ed25519@openssh.com ${base64} token\n`);
  const stub = join(folder, 'token');
  // The private file of a token holds only a handle; its public half stands in front, as in every key of OpenSSH.
  const none = Buffer.from('\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(sk.length);
  const body = Buffer.concat([Buffer.from('openssh-key-v1\0'), none, length, sk, Buffer.alloc(8)]).toString('base64');
  writeFileSync(stub, `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`);
  chmodSync(stub, 0o600);
  t.match(await why(stub), /^there is a key on a security token: sk-ssh-ed25519@openssh.com # \(\/token\)$/);

  add(certified);
  t.match(
    await why(plain, { agent }),
    /^there is a certificate to log in with: ssh-ed25519-cert-v01@openssh.com # \(agent: /,
  );
  t.equal(await why(plain, { agent, identitiesOnly: true }), undefined, 'one that will not be offered');
});
