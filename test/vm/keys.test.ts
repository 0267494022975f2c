import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeKey } from '../../src/vm/keys.js';

const none = spawnSync('ssh-keygen', ['-?']).error && 'no ssh-keygen here';

t.test('a key that OpenSSH takes, and another one each time', { skip: none ?? false }, async (t) => {
  const [one, other] = [makeKey(), makeKey()];
  t.not(one.open, other.open);
  t.match(one.open, /^ssh-ed25519 AAAA[A-Za-z0-9+/]+=*$/);
  const file = join(t.testdir(), 'key');
  writeFileSync(file, one.secret, { mode: 0o600 });
  const { stdout } = spawnSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' });
  t.equal(stdout.trim(), one.open);
});
