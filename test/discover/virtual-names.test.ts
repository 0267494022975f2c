import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { listVirtualNames } from '../../src/discover/virtual-names.js';
import { printWebConfigs, readWebConfigs, type WebFile } from '../../src/discover/web-config.js';
import { runScript, shells } from '../run-script.js';

const names = (server: WebFile['server'], ...texts: string[]) =>
  listVirtualNames(texts.map((text, at) => ({ server, path: `/${at}`, text }))).map(({ name, ports }) =>
    `${name} ${ports.join(',')}`.trim(),
  );

t.test('nginx', async (t) => {
  const tables: readonly (readonly [string, string, readonly string[]])[] = [
    ['one server', 'server { listen 443 ssl; server_name git.example.org; }', ['git.example.org 443']],
    ['no port', 'server { server_name a.example.org b.example.org; }', ['a.example.org 80', 'b.example.org 80']],
    [
      'every form of address',
      'http { server { listen 127.0.0.1:8080; listen [::1]:8443 ssl http2; listen *:81; listen unix:/x; server_name A.Example.org; } }',
      ['a.example.org 81,8080,8443'],
    ],
    ['an address without a port', 'server { listen 192.0.2.1; server_name a.example.org; }', ['a.example.org 80']],
    [
      'no names',
      'server { server_name _ "" ~^(?<x>.+)\\.example\\.org$ *.example.org .example.org www.* localhost $hostname; }',
      [],
    ],
    [
      'comments and quotes',
      '# server { server_name no.example.org; }\nserver { server_name "a.example.org"; # }\n }',
      ['a.example.org 80'],
    ],
    [
      'inside a location',
      'server { location / { set $x "}"; server_name_in_redirect off; } server_name a.example.org; listen 443; }',
      ['a.example.org 443'],
    ],
    [
      'variables in braces',
      'server { return 301 https://${host}/; server_name a.example.org; listen 443; }',
      ['a.example.org 443'],
    ],
    ['ports in another file', 'server { include tls.conf; server_name a.example.org; }', ['a.example.org']],
    [
      'twice',
      'server { listen 80; server_name a.example.org; } server { listen 443; server_name a.example.org; }',
      ['a.example.org 80,443'],
    ],
    ['cut off', 'server { listen 443; server_name a.example.org; } server { server_name b.exa', ['a.example.org 443']],
    ['what could be an attack', 'server { server_name "a.example.org\n#${x}" a.example.org:80 -x.example.org; }', []],
  ];
  for (const [what, text, expected] of tables) t.same(names('nginx', text), expected, what);
});

t.test('caddy', async (t) => {
  const tables: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'blocks',
      '{\n  email a@example.org\n}\na.example.org, http://b.example.org {\n  reverse_proxy b.internal.example:80 {\n  }\n}\n',
      ['a.example.org 80,443', 'b.example.org 80'],
    ],
    ['ports', 'https://a.example.org:8443, b.example.org:9000/path {\n}', ['a.example.org 8443', 'b.example.org 9000']],
    ['a single site', 'a.example.org\n\nrespond hello.example.org', ['a.example.org 80,443']],
    ['no names', ':80, *.example.org, {$SITE}, (snippet) {\n}', []],
    [
      'JSON',
      '{"apps":{"http":{"servers":{"x":{"routes":[{"match":[{"host":["a.example.org","*.b.org"]}]}]}}}}}',
      ['a.example.org'],
    ],
  ];
  for (const [what, text, expected] of tables) t.same(names('caddy', text), expected, what);
});

t.test('apache', async (t) => {
  const text = `<VirtualHost *:80 [::]:8080>
  ServerName http://a.example.org:80
  ServerAlias b.example.org *.c.example.org
</VirtualHost>
ServerName outside.example.org
<virtualhost _default_:443>
  servername d.example.org
</virtualhost>`;
  t.same(names('apache', text), ['a.example.org 80,8080', 'b.example.org 80,8080', 'd.example.org 443']);
});

t.test('the files are followed as the server does, in every shell', async (t) => {
  const folder = t.testdir({
    etc: {
      'main.conf':
        'http {\n include mime.types;\n  include conf.d/*.conf;\n include "odd/with space.conf"; include main.conf;\n}\n',
      'mime.types': 'types { }',
      'conf.d': {
        'a.conf': 'server { server_name a.example.org; }',
        'b.conf': 'server { server_name b.example.org; }',
      },
      odd: { 'with space.conf': '$(touch /tmp/nixspec-was-run) `id`; include deep.conf;' },
      'deep.conf': 'server { server_name deep.example.org; }',
    },
    bin: {},
  });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const systemctl = `#!/bin/sh
case "$*" in *nginx*) printf 'ActiveState=active\\nExecStart={ path=/x/nginx ; argv[]=/x/nginx -c ${folder}/etc/main.conf -g daemon off; ; ignore_errors=no }\\n' ;; esac
`;
  writeFileSync(join(folder, 'bin', 'systemctl'), systemctl, { mode: 0o755 });
  symlinkSync('nowhere', join(folder, 'etc', 'conf.d', 'dangling.conf'));
  for (const shell of shells) {
    const output = runScript(printWebConfigs().raw, shell, { PATH: `${folder}/bin:${process.env.PATH}` });
    const files = readWebConfigs(output);
    t.same(
      files.map(({ server, path }) => `${server} ${path.slice(folder.length)}`),
      ['main.conf', 'conf.d/a.conf', 'conf.d/b.conf', 'odd/with space.conf', 'deep.conf'].map(
        (file) => `nginx /etc/${file}`,
      ),
      shell.join(' '),
    );
    t.same(
      listVirtualNames(files).map(({ name }) => name),
      ['a.example.org', 'b.example.org', 'deep.example.org'],
    );
  }
});

t.test('no web server runs: nothing', async (t) => {
  const folder = t.testdir({});
  writeFileSync(join(folder, 'systemctl'), '#!/bin/sh\necho ActiveState=inactive\n', { mode: 0o755 });
  const output = runScript(printWebConfigs().raw, ['sh'], { PATH: `${folder}:${process.env.PATH}` });
  t.same([output.exit, readWebConfigs(output)], [0, []]);
});

t.test('a file that may not be read has no text', async (t) => {
  const stdout = Buffer.from('nginx\0/etc/a\0\0caddy\0/etc/b\0+x\0');
  const files = readWebConfigs({ exit: 0, stdout, stderr: Buffer.alloc(0), truncated: false });
  t.same(files, [
    { server: 'nginx', path: '/etc/a' },
    { server: 'caddy', path: '/etc/b', text: 'x' },
  ]);
  const broken = { exit: 0, stdout: Buffer.from('nginx\0/etc/a'), stderr: Buffer.alloc(0), truncated: false };
  t.throws(() => readWebConfigs(broken));
});
