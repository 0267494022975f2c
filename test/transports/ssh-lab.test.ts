import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import t from 'tap';
import type { SshTarget, Target } from '../../src/model.js';
import { convertPkcs8 } from '../../src/ssh/private-key.js';
import { openTransport, type TransportOptions } from '../../src/transport.js';
import { type Lab, machine, startLab } from '../lab/lab.js';
import { runAll, testPrograms, waitFor } from './behaviour.js';

/** Real machines: every face that their SSH servers have, with ssh2 and with the system's ssh. */
const found = await startLab();
const skip = 'skip' in found ? found.skip : false;
const lab = found as Lab;
const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));

function open(host: string, ssh: Partial<SshTarget> = {}, more: Partial<Target & TransportOptions> = {}) {
  const { notice = () => {}, askPassphrase, signal = never, ...target } = more;
  return openTransport(
    { name: 'production', ssh: { host, config: lab.sshConfig, ...ssh }, from: 'runner', ...target },
    { notice, signal, ...(askPassphrase && { askPassphrase }) },
  );
}

/** The code and the message of what failed, or how it was reached. */
async function outcome(...args: Parameters<typeof open>) {
  try {
    const transport = await open(...args);
    const { output, error } = await runAll(transport.run('id -un\n', never));
    await transport.close();
    return {
      reached: transport.reached,
      user: output.trim().split('\n').pop(),
      ...(error && { error: { ...error, message: error.message } }),
    };
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    return { code, message, hint };
  }
}

for (const transport of ['ssh2', 'openssh'] as const) {
  t.test(transport, { skip }, async (t) => {
    t.test('programs', async (t) => {
      const opened = await open('production', {}, { transport });
      t.equal(opened.name, transport);
      t.equal(opened.reached, `root@10.213.0.20:22 by ${transport}`);
      await testPrograms(t, opened);
      await opened.close();
    });

    t.test('users, their shells and sudo', async (t) => {
      const cases: readonly (readonly [string, boolean, object])[] = [
        ['production', false, { user: 'root' }],
        ['production', true, { user: 'root' }],
        ['production-deploy', false, { user: 'deploy' }],
        ['production-deploy', true, { user: 'root' }],
        ['production-fishy', false, { user: 'fishy' }],
        ['production-fishy', true, { user: 'root' }],
        ['production-noisy', true, { user: 'root' }],
        [
          'production-limited',
          true,
          {
            error: {
              code: 'sudo-needs-password',
              message: /^production \(limited@10\.213\.0\.20:22\): sudo asks for a password/,
            },
          },
        ],
      ];
      for (const [host, sudo, expected] of cases) {
        t.match(await outcome(host, {}, { transport, sudo }), expected, `${host}${sudo ? ' with sudo' : ''}`);
      }
    });

    t.test('forwarded connections', async (t) => {
      const opened = await open('production', {}, { transport });
      const stream = await opened.connect('localhost', 22, never);
      t.match(String(await new Promise((resolve) => stream.once('data', resolve))), /^SSH-2\.0-/);
      stream.destroy();
      await t.rejects(opened.connect('localhost', 1, never), {
        name: 'Unreachable',
        reason: 'refused',
        message: 'connection refused: localhost:1',
      });
      await t.rejects(opened.connect('nope.invalid', 80, never), { name: 'Unreachable', reason: 'name-not-found' });
      const raw = await opened.connect('127.0.0.1', 443, never);
      const tls = connectTls({ socket: raw, servername: 'git.lab.test', rejectUnauthorized: false });
      await new Promise((resolve, reject) => tls.once('secureConnect', resolve).once('error', reject));
      t.match(tls.getPeerCertificate().subjectaltname, /git\.lab\.test/, 'TLS runs over it');
      tls.destroy();
      const streams = await Promise.all(Array.from({ length: 50 }, () => opened.connect('localhost', 22, never)));
      t.equal(streams.length, 50, 'many at once');
      for (const one of streams) one.destroy();
      await opened.close();

      const closed = await open('production-noforward', {}, { transport });
      await t.rejects(closed.connect('localhost', 22, never), { name: 'Unreachable', reason: 'forbidden' });
      await closed.close();
    });

    t.test('what is abandoned ends on the target too', async (t) => {
      const opened = await open('production', {}, { transport });
      const ending = new AbortController();
      const running = opened.run('echo start; read -r _; echo gone >/run/nixspec-test-gone\n', ending.signal);
      const output = running.output[Symbol.asyncIterator]();
      await output.next();
      ending.abort();
      t.match(await running.ended, { error: { code: 'interrupted' } });
      const isGone = async () => (await machine(lab, 'production').run('rm /run/nixspec-test-gone')).status === 0;
      t.ok(await waitFor(isGone, 5_000), 'its standard input has ended');

      const second = opened.run('echo start; read -r _; echo gone >/run/nixspec-test-gone\n', never);
      await second.output[Symbol.asyncIterator]().next();
      await opened.close();
      t.ok(await waitFor(isGone, 5_000), 'closing the connection does the same');
      t.match(await second.ended, { error: { code: 'connection-lost' } });
    });

    t.test('a jump host', async (t) => {
      t.match(await outcome('production-jump', {}, { transport }), {
        user: 'root',
        reached: /^root@10\.213\.1\.2:2205 by /,
      });
      t.match(await outcome('production-jump', { jump: 'staging:1' }, { transport }), { code: /^connection-/ });
    });

    t.test('host keys', async (t) => {
      t.match(await outcome('production-hashed', {}, { transport }), { user: 'root' });
      t.match(await outcome('production', { knownHosts: lab.knownHostsHashed }, { transport }), { user: 'root' });
      t.match(await outcome('production', { knownHosts: lab.knownHostsEmpty }, { transport }), {
        code: 'host-key-unknown',
        message:
          transport === 'ssh2'
            ? /its host key is not known: it showed ssh-ed25519 SHA256:/
            : /No ED25519 host key is known/,
        hint: /ssh-keyscan/,
      });
      t.match(await outcome('production', { knownHosts: lab.knownHostsChanged }, { transport }), {
        code: 'host-key-changed',
        message: new RegExp(`${lab.knownHostsChanged}:\\d+`),
      });
    });

    t.test('logging in', async (t) => {
      const only = (key: string) => ({ config: configWith(`IdentityFile ${key}`) });
      t.match(await outcome('production', only(lab.keys.rsa), { transport }), { user: 'root' }, 'RSA');
      t.match(await outcome('production', only(lab.keys.untrusted), { transport }), {
        code: 'authentication-failed',
        message: /publickey/,
      });
      const missing = await outcome('production', only('/nowhere'), { transport });
      t.match(missing, { code: 'authentication-failed' });
      if (transport === 'ssh2')
        t.match(missing, {
          message: /there was no key to offer; \/nowhere does not exist; the server accepts publickey/,
        });
    });

    t.test('an agent', async (t) => {
      const socket = join(folder, `agent-${transport}`);
      const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
      t.teardown(() => agent.kill());
      await new Promise((resolve) => agent.stdout.once('data', resolve));
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      execFileSync('ssh-add', ['-q', lab.keys.untrusted], { env, stdio: 'pipe' });
      execFileSync('ssh-add', ['-q', lab.keys.rsa], { env, stdio: 'pipe' });
      const all = configWith(`IdentityAgent ${socket}\n  IdentitiesOnly no\n  IdentityFile none`);
      t.match(await outcome('production', { config: all }, { transport }), { user: 'root' }, 'one key after the other');
      const named = configWith(`IdentityAgent ${socket}\n  IdentityFile ${lab.keys.rsa}.pub`);
      t.match(
        await outcome('production', { config: named }, { transport }),
        { user: 'root' },
        'the one of a .pub file',
      );
    });

    t.test('failures to connect', async (t) => {
      t.match(await outcome('production', { port: 1 }, { transport }), {
        code: 'connection-refused',
        message: /^production \(root@10\.213\.0\.20:1\): /,
      });
      t.match(await outcome('nope.invalid', {}, { transport }), { code: 'name-not-found' });
      t.match(await outcome('production', {}, { transport, signal: AbortSignal.abort() }), { code: 'interrupted' });
    });
  });
}

/** Production with these lines in place of its own key. */
function configWith(lines: string): string {
  const file = join(mkdtempSync(join(folder, 'c-')), 'config');
  const { host } = lab.machines.production;
  writeFileSync(
    file,
    `Host production\n  ${lines}\n  HostName ${host}\n  User root\n  IdentitiesOnly yes\n  IdentityAgent none
  UserKnownHostsFile ${lab.knownHosts}\n  GlobalKnownHostsFile /dev/null\n`,
  );
  return file;
}

t.test('encrypted keys', { skip }, async (t) => {
  t.match(await outcome('production-encrypted'), {
    code: 'key-unreadable',
    message:
      /the key ssh-ed25519 SHA256:\S+ \(.*id_encrypted\) cannot be used: it is encrypted, and there is no terminal/,
    hint: /ssh-add/,
  });
  const asked: string[] = [];
  const answer = (...words: string[]) => ({
    askPassphrase: async (prompt: string) => {
      asked.push(prompt);
      return words.shift() ?? 'nonsense';
    },
  });
  t.match(await outcome('production-encrypted', {}, answer('wrong', lab.keys.passphrase)), { user: 'root' });
  t.same(asked, Array(2).fill(`Passphrase for ${lab.keys.encrypted}: `));
  t.match(await outcome('production-encrypted', {}, answer()), {
    code: 'key-unreadable',
    message: /none of the passphrases opened it/,
  });
  asked.length = 0;
  const both = configWith(`IdentityFile ${lab.keys.plain}\n  IdentityFile ${lab.keys.encrypted}`);
  t.match(await outcome('production', { config: both }, answer()), { user: 'root' });
  t.same(asked, [], 'nobody is asked where another key does');
});

t.test('a key in PKCS#8', { skip }, async (t) => {
  const pem = execFileSync('ssh-keygen', ['-p', '-m', 'PKCS8', '-N', '', '-f', copyOf(lab.keys.rsa)]);
  t.ok(pem);
  const file = join(folder, 'copy');
  t.equal(createPrivateKey(execFileSync('cat', [file])).asymmetricKeyType, 'rsa');
  t.not(convertPkcs8(String(execFileSync('cat', [file]))), String(execFileSync('cat', [file])));
  t.match(await outcome('production', { config: configWith(`IdentityFile ${file}`) }), { user: 'root' });
});

function copyOf(key: string): string {
  const copy = join(folder, 'copy');
  execFileSync('cp', [key, copy]);
  return copy;
}

t.test('the system ssh where only that will do, and it is said so', { skip }, async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['production-cert', /^production: using the system's ssh, because production-cert has a CertificateFile$/],
    ['production-hostcert', /because \S+known_hosts:\d+ trusts a certificate authority for its host key$/],
    ['production-pq', /because ssh2 and production-pq have nothing in common: no matching key exchange algorithm$/],
    ['production-proxycommand', /because production-proxycommand has a ProxyCommand$/],
  ];
  for (const [host, expected] of cases) {
    const notices: string[] = [];
    t.match(
      await outcome(host, {}, { notice: (message) => notices.push(message) }),
      { user: 'root', reached: / by openssh$/ },
      host,
    );
    t.match(notices, [expected]);
  }
  const notices: string[] = [];
  t.match(await outcome('production', {}, { notice: (message) => notices.push(message) }), { reached: / by ssh2$/ });
  t.same(notices, []);
  t.match(await outcome('production-pq', {}, { transport: 'ssh2' }), {
    code: 'connection-failed',
    message: /nothing in common/,
    hint: /leave out/,
  });
});

t.test('a certificate that has expired', { skip }, async (t) => {
  const key = lab.keys.expiredCertificate.replace('-cert.pub', '');
  const config = configWith(`IdentityFile ${key}\n  Port ${lab.ports.cert}`);
  t.match(await outcome('production', { config }), {
    code: 'authentication-failed',
    message: /ssh says: .*Permission denied/,
  });
});
