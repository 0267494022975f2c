import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import t from 'tap';
import { convertPkcs8, inspectKeyFile, readPublicKey } from '../../src/ssh/private-key.js';
import { showKey, typeOfKey } from '../../src/ssh/public-key.js';

const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const locked = { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
const pairs = {
  'ssh-ed25519': generateKeyPairSync('ed25519').privateKey,
  'ssh-rsa': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  'ecdsa-sha2-nistp256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
};

t.test('PKCS#8 becomes what ssh2 can sign with', async (t) => {
  for (const [type, key] of Object.entries(pairs)) {
    for (const [text, passphrase] of [
      [key.export(pkcs8).toString()],
      [key.export(locked).toString(), 'secret'],
    ] as const) {
      const parsed = ssh2.utils.parseKey(convertPkcs8(text ?? '', passphrase));
      if (parsed instanceof Error) throw parsed;
      const one = Array.isArray(parsed) ? parsed[0] : parsed;
      t.equal(one?.type, type);
      t.ok(one?.verify('data', one.sign('data')), `${type}${passphrase ? ', encrypted' : ''}`);
    }
  }
  t.throws(() => convertPkcs8(pairs['ssh-ed25519'].export(locked).toString(), 'wrong'), 'a wrong passphrase');
  t.throws(() => convertPkcs8(generateKeyPairSync('x25519').privateKey.export(pkcs8).toString()), {
    message: 'a key of type x25519 cannot log in',
  });
  t.equal(convertPkcs8('anything else'), 'anything else');
});

t.test('what a file shows without its passphrase', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));
  const make = (name: string, ...args: string[]) => {
    const path = join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-f', path, '-C', 'me', ...args]);
    return { text: readFileSync(path, 'utf8'), pub: readFileSync(`${path}.pub`, 'utf8') };
  };
  const plain = make('plain', '-t', 'ed25519', '-N', '');
  const encrypted = make('encrypted', '-t', 'ed25519', '-N', 'secret');
  const pem = make('pem', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'secret');
  t.match(inspectKeyFile(plain.text), { kind: 'private', encrypted: false, publicKey: readPublicKey(plain.pub) });
  t.match(inspectKeyFile(encrypted.text), {
    kind: 'private',
    encrypted: true,
    publicKey: readPublicKey(encrypted.pub),
  });
  t.match(inspectKeyFile(pem.text), { kind: 'private', encrypted: true, publicKey: undefined });
  t.match(inspectKeyFile(plain.pub), { kind: 'public', encrypted: false });
  t.match(inspectKeyFile(pairs['ssh-rsa'].export(locked).toString()), { kind: 'private', encrypted: true });
  t.match(inspectKeyFile(pairs['ssh-rsa'].export(pkcs8).toString()), { kind: 'private', encrypted: false });
  t.match(
    readPublicKey(plain.pub) && showKey(readPublicKey(plain.pub) ?? Buffer.alloc(0)),
    /^ssh-ed25519 SHA256:.{43}$/,
  );
});

t.test('what is no key', async (t) => {
  const cases = [
    '',
    'hello',
    'ssh-ed25519 not-base64',
    'ssh-ed25519 AAAA',
    'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from('openssh-key-v1\0\0\0\0\xff').toString('base64')}\n-----END`,
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  ];
  for (const text of cases) t.equal(inspectKeyFile(text), undefined, text.slice(0, 40));
  t.equal(typeOfKey(Buffer.from([0, 0, 1])), undefined);
});
