import ssh2 from 'ssh2';
import t from 'tap';
import { chooseAlgorithms } from '../../src/ssh/algorithms.js';
import { resolveSshConfig, type SshConfig } from '../../src/ssh/config.js';

const signal = new AbortController().signal;
const ask = (resolved?: Record<string, string>) =>
  chooseAlgorithms({
    ...(resolved && { resolved: new Map(Object.entries(resolved).map(([name, value]) => [name, [value]])) }),
  } as SshConfig);

t.test('the fast ones come first, and the slow choice of a group last', async (t) => {
  const { kex, cipher } = ask();
  t.equal(kex[0], 'curve25519-sha256');
  t.equal(kex.at(-1), 'diffie-hellman-group-exchange-sha256');
  t.match(cipher[0], /gcm/);
});

t.test('the configuration limits them, and may ask for old ones', async (t) => {
  const found = ask({
    kexalgorithms: 'sntrup761x25519-sha512,ecdh-sha2-nistp256,curve25519-sha256,diffie-hellman-group1-sha1',
    ciphers: 'aes256-ctr',
    macs: 'hmac-sha2-512',
    hostkeyalgorithms: 'ssh-rsa,ssh-ed25519-cert-v01@openssh.com',
  });
  t.same(found, {
    kex: ['curve25519-sha256', 'ecdh-sha2-nistp256', 'diffie-hellman-group1-sha1'],
    cipher: ['aes256-ctr'],
    hmac: ['hmac-sha2-512'],
    serverHostKey: ['ssh-rsa'],
  });
  t.same(ask({ kexalgorithms: 'mlkem768x25519-sha256' }).kex, []);
});

t.test('ssh2 has all that is offered, with what this ssh allows and without', async (t) => {
  const config = await resolveSshConfig({ host: 'web', config: '/dev/null', target: 'production', signal });
  for (const algorithms of [ask(), chooseAlgorithms(config)]) {
    const client = new ssh2.Client();
    client.on('error', () => {});
    t.doesNotThrow(() =>
      client.connect({ host: '127.0.0.1', port: 1, username: 'x', algorithms: algorithms as never }),
    );
    for (const [kind, names] of Object.entries(algorithms)) t.ok(names.length > 0, kind);
    client.destroy();
  }
});
