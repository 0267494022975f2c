import t from 'tap';
import { formats } from '../../src/files/settings.js';

const sshd = `
# Comments, also ; of the other kind
; here
Port 22
PermitRootLogin prohibit-password
AcceptEnv LANG LC_*
Ciphers=aes256-gcm@openssh.com
HostKey /etc/ssh/a
HostKey /etc/ssh/b
  Indented\tyes
Alone
`;

t.test('settings: the first word, and the rest', async (t) => {
  t.strictSame(formats.settings(sshd), {
    Port: '22',
    PermitRootLogin: 'prohibit-password',
    AcceptEnv: 'LANG LC_*',
    Ciphers: 'aes256-gcm@openssh.com',
    HostKey: '/etc/ssh/a\n/etc/ssh/b',
    Indented: 'yes',
    Alone: '',
  });
  const cases: readonly [string, Record<string, string>][] = [
    ['ID=nixos\r\nNAME="NixOS"\r\n', { ID: 'nixos', NAME: 'NixOS' }],
    ["export LANG='C.UTF-8'", { LANG: 'C.UTF-8' }],
    ['SetEnv FOO=bar', { SetEnv: 'FOO=bar' }],
    ['postmaster: root, alice', { postmaster: 'root, alice' }],
    ['kernel.sysrq = 0', { 'kernel.sysrq': '0' }],
    ['URL=https://example.org/?a=b#c', { URL: 'https://example.org/?a=b#c' }],
    ['HALF="open', { HALF: '"open' }],
    ['__proto__=x', JSON.parse('{"__proto__":"x"}') as Record<string, string>],
    ['', {}],
    ['a=1\n[section]\na=2', { a: '1' }],
  ];
  for (const [text, expected] of cases) t.strictSame(formats.settings(text), expected, text);
});

t.test('ini: sections', async (t) => {
  const text = `before = x
[mysqld]
bind-address = 127.0.0.1
max connections=100
skip-networking
url: http://localhost
[ client "ü" ]
password = "a;b # c"
[mysqld]
bind-address = ::1
[empty]
`;
  t.strictSame(formats.ini(text), {
    before: 'x',
    'mysqld.bind-address': '127.0.0.1\n::1',
    'mysqld.max connections': '100',
    'mysqld.skip-networking': '',
    'mysqld.url': 'http://localhost',
    'client "ü".password': 'a;b # c',
  });
  t.strictSame(formats.ini('[only]\n'), {});
});

t.test('json', async (t) => {
  t.strictSame(formats.json(' {"a":[1,null]}\n'), { a: [1, null] });
  t.strictSame(formats.json('null'), null);
  t.strictSame(formats.json(' \n'), { noReading: 'absent', reason: 'it is empty' });
  t.strictSame(formats.json('{"a":1'), { noReading: 'absent', reason: 'it is not JSON' });
  t.strictSame(formats.json('['.repeat(100_000)), { noReading: 'absent', reason: 'it is not JSON' });
  t.strictSame(formats.json(`${'['.repeat(5000)}${']'.repeat(5000)}`), {
    noReading: 'absent',
    reason: 'it is not JSON',
  });
});

t.test('yaml', async (t) => {
  t.strictSame(formats.yaml('server: { port: 8080, tls: yes }\nlist:\n  - 1.10\n'), {
    server: { port: 8080, tls: 'yes' },
    list: [1.1],
  });
  t.match(formats.yaml('a: [1'), { noReading: 'absent', reason: /^it cannot be read as YAML: Flow sequence/ });
});
