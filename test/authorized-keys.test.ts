import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { printAuthorizedKeys, readAuthorizedKeys } from '../src/authorized-keys.js';
import { readSections, section } from '../src/shell/sections.js';
import { runScript, shells } from './run-script.js';

const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIG0Lx1mVzKeNl1pCFrbU2c0aOlFZ5kYIqBVTQ9pM3Hc1';
const unread = (reason: string) => ({ noReading: 'unknown', reason });

function keysOf(lines: readonly string[], said: readonly string[] = [], exit = 0) {
  const file = '/home/alice/.ssh/authorized_keys';
  return readAuthorizedKeys({ exit, lines: lines.map((line) => `${file}\0${line}`), said }, 'alice', '/home/alice');
}

t.test('lines of the format', async (t) => {
  const cases: readonly [string, readonly string[]][] = [
    [`ssh-ed25519 ${blob} alice@laptop`, [`ssh-ed25519 ${blob}`]],
    [`  ssh-ed25519\t${blob}`, [`ssh-ed25519 ${blob}`]],
    [`sk-ssh-ed25519@openssh.com ${blob}`, [`sk-ssh-ed25519@openssh.com ${blob}`]],
    [`ecdsa-sha2-nistp256 ${blob}== x`, [`ecdsa-sha2-nistp256 ${blob}==`]],
    [`restrict,command="a \\"b\\" ssh-rsa AAAA",from="10.0.0.0/8, x" ssh-ed25519 ${blob}`, [`ssh-ed25519 ${blob}`]],
    [`cert-authority,principals="a" ssh-ed25519 ${blob}`, [`cert-authority ssh-ed25519 ${blob}`]],
    [`# ssh-ed25519 ${blob}`, []],
    ['', []],
    ['garbage', []],
    [`command="ssh-ed25519 ${blob}`, []],
    [`ssh-ed25519-cert-v01@openssh.com ${blob}`, []],
  ];
  for (const [line, keys] of cases) t.strictSame(keysOf([line]), keys, line);
  t.strictSame(keysOf([`ssh-rsa ${blob} b`, `ssh-ed25519 ${blob}`, `ssh-rsa ${blob} a`]), [
    `ssh-ed25519 ${blob}`,
    `ssh-rsa ${blob}`,
  ]);
});

t.test('files that cannot be read', async (t) => {
  const at = 'grep: /home/alice/.ssh/authorized_keys';
  t.strictSame(keysOf([], [`${at}: No such file or directory`, `${at}2: Not a directory`], 2), []);
  t.strictSame(
    keysOf([`ssh-rsa ${blob}`], ['grep: /etc/ssh/authorized_keys.d/alice: Permission denied'], 2),
    unread('this user may not read /etc/ssh/authorized_keys.d/alice: connect as root or set `sudo: true`'),
  );
  t.strictSame(
    keysOf([], [`${at}: Input/output error`], 2),
    unread('/home/alice/.ssh/authorized_keys could not be read: Input/output error'),
  );
  t.strictSame(keysOf([], ['sh: 1: grep: not found'], 127), unread('grep gave no answer'));
  t.strictSame(
    keysOf([], ['grep: unrecognized option: Z'], 2),
    unread('the keys could not be read: grep: unrecognized option: Z'),
  );
  t.strictSame(readAuthorizedKeys(undefined, 'alice', '/'), unread('grep gave no answer'));
  const other = { exit: 0, lines: [`/home/bob/.ssh/authorized_keys\0ssh-rsa ${blob}`], said: [] };
  t.strictSame(readAuthorizedKeys(other, 'alice', '/home/alice'), []);
});

t.test('real files, and what must not hang', async (t) => {
  const home = join(t.testdir({}), "a b's");
  mkdirSync(join(home, '.ssh'), { recursive: true });
  writeFileSync(join(home, '.ssh/authorized_keys'), `ssh-rsa ${blob}\n\n# x\n`);
  execFileSync('mkfifo', [join(home, '.ssh/authorized_keys2')]);
  const getent = `getent() { printf '%s\\n' "alice:x:1:1::${home}:/bin/sh" "none:x:2:2:::"; }\n`;
  const script = getent + section('keys', printAuthorizedKeys(['alice', 'none'])).raw;
  for (const shell of shells) {
    const keys = readSections(runScript(script, shell)).get('keys');
    t.strictSame(readAuthorizedKeys(keys, 'alice', home), [`ssh-rsa ${blob}`], shell.join(' '));
    t.strictSame(readAuthorizedKeys(keys, 'none', ''), []);
  }
});
