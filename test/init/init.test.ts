import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { composeSpecSchema } from '../../src/spec-schema.js';
import { cli, nixspec, start } from '../fixture/nixspec.js';

/** `nixspec init` as a user calls it, with real flakes; none needs nixpkgs, a network or a build. */
const hasNix = spawnSync('nix', ['--version']).status === 0;
const skip = hasNix ? false : 'nix is not here (Debian: apt install nix-bin)';
const hasScript = spawnSync('script', ['--version']).status === 0;

/** As where the Debian package is used without a daemon; the user's own settings may lack `nix-command flakes`. */
const env = {
  NIX_CONFIG: 'build-users-group =\nsubstituters =\nexperimental-features =',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** Outside of this repository: in one, Nix sees only what Git knows. */
function makeFolder(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-init-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: name.startsWith('bin/') ? 0o755 : 0o644 });
  }
  return folder;
}

const several = '{ outputs = { self }: { nixosConfigurations = { web = { }; db = { }; }; }; }';
const one = `{ outputs = { self }: { nixosConfigurations.web.config = {
  networking = { hostName = "web"; fqdn = "web.example.org"; firewall.enable = true; nftables.enable = false; };
  services.openssh = { enable = true; ports = [ 2022 ]; startWhenNeeded = false; };
  services.timesyncd.enable = throw "not to be known";
  systemd.services = {
    nginx = { enable = true; wantedBy = [ "multi-user.target" ]; };
    off = { enable = false; wantedBy = [ "multi-user.target" ]; };
    job = { wantedBy = [ ]; };
    nscd.wantedBy = [ "multi-user.target" ];
  };
}; }; }`;
/** What a build during evaluation looks like where none is allowed, and where it fails. */
const needsBuild = (rest: string) => `{ outputs = { self }: { checks.x86_64-linux.a = import (derivation {
  name = "a"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "exit 1" ]; }); ${rest} }; }`;

interface Row {
  readonly what: string;
  readonly flake?: string;
  readonly words?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly git?: true;
  readonly files?: Record<string, string>;
  readonly status: number;
  readonly err: RegExp | string;
  readonly spec?: RegExp;
}

const guess = 'web: reached as root@web, which is a guess: --ssh says it, or the spec (`ssh:`)\n';
const rows: readonly Row[] = [
  {
    what: 'several hosts, and nobody to ask',
    flake: several,
    status: 64,
    err: 'error[usage]: the flake . has several hosts: db, web\nhint: say which: --host db; it may be repeated\n',
  },
  {
    what: 'a host that is not there',
    flake: several,
    words: ['--host', 'webb'],
    status: 64,
    err: 'error[usage]: the flake has no host "webb": did you mean "web"?\n',
  },
  {
    what: 'both of them',
    flake: several.replaceAll('{ }', '{ config = { }; }'),
    words: ['--host', 'web', '--host', 'db', '--ssh', 'web=root@web.example.org', '--ssh', 'db=10.0.0.2'],
    status: 0,
    err: '',
    spec: /\n {2}web: \{ vm: \{ flake: .#web \} \}\n {2}web-production: \{ ssh: root@web\.example\.org, compare-with: web \}\n {2}db: /,
  },
  {
    what: 'the only host, which says what it is',
    flake: one,
    status: 0,
    err: 'web: reached as root@web.example.org, which is a guess: --ssh says it, or the spec (`ssh:`)\n',
    spec: /unit:\n {2}sshd: \{ active: true \}\n {2}firewall: \{ active: true \}\n {2}nginx: \{ healthy: true, enabled: true \}\n\nport:\n {2}tcp:2022:/,
  },
  {
    what: 'another output cannot be evaluated',
    flake: '{ outputs = { self }: { checks.x86_64-linux.a = throw "broken"; nixosConfigurations.web.config = { }; }; }',
    status: 0,
    err: guess,
    spec: /flake: \.#web/,
  },
  {
    what: 'another output needs a build to be evaluated',
    flake: needsBuild('nixosConfigurations.web.config = { };'),
    status: 0,
    err: guess,
    spec: /flake: \.#web/,
  },
  {
    what: 'the host itself cannot be evaluated',
    flake: '{ outputs = { self }: { nixosConfigurations.web = throw "no such module"; }; }',
    words: ['--ssh', 'root@h'],
    status: 0,
    err: 'web: its configuration cannot be evaluated: no such module\n',
    spec: /flake: \.#web/,
  },
  {
    what: 'no hosts yet',
    flake: '{ outputs = { self }: { }; }',
    status: 64,
    err: /^the flake has no nixosConfigurations yet\nerror\[usage\]: nothing says which host of the flake \. the spec is for\nhint: say which: --host web; it may be repeated\n$/,
  },
  {
    what: 'no hosts yet, but one is named',
    flake: '{ outputs = { self }: { }; }',
    words: ['--host', 'web'],
    status: 0,
    err: guess,
    spec: /flake: \.#web/,
  },
  {
    what: 'a flake that cannot be read, whose text names a host',
    flake: '{ outputs = { self }: { nixosConfigurations.mail = { ; }',
    status: 64,
    err: /^the flake: its hosts could not be listed: syntax error[\s\S]*at \/nix\/store\/[^\n]*flake\.nix:1:\d+\nerror\[usage\]: nothing says which host[^\n]*\nhint: say which: --host mail;/,
  },
  {
    what: 'a flake that cannot be read, and the host is named',
    flake: '{ x',
    words: ['--flake', '.#web', '--ssh', 'web'],
    status: 0,
    err: /^the flake: its hosts could not be listed: syntax error/,
    spec: /flake: \.#web/,
  },
  {
    what: 'Git does not know the flake',
    flake: one,
    git: true,
    words: ['--ssh', 'web'],
    status: 0,
    err: 'Git does not know flake.nix, and Nix sees only what it knows: git add flake.nix\n',
    spec: /tcp:2022/,
  },
  {
    what: 'no flake, no name',
    status: 64,
    err: /there is no flake\.nix here or above, and nobody to ask[\s\S]*hint: say it: nixspec init --flake PATH/,
  },
  {
    what: 'no flake: production alone, and how to have a VM',
    words: ['--host', 'web', '--ssh', 'root@web'],
    status: 0,
    err: '',
    spec: /targets:\n {2}# The staging VM needs what[^\n]*\n {2}production: \{ ssh: root@web \}\n/,
  },
  {
    what: 'a configuration without a flake',
    files: { 'configuration.nix': '{ }' },
    words: ['--host', 'web', '--ssh', 'root@web'],
    status: 0,
    err: '',
    spec: /vm: \{ vm: \{ file: configuration\.nix \} \}/,
  },
  {
    what: 'a flake that is not there',
    words: ['--flake', './nowhere'],
    status: 64,
    err: /there is no flake\.nix in .*\/nowhere\n/,
  },
  {
    what: 'an address that is none',
    flake: one,
    words: ['--ssh', '-oProxyCommand=x'],
    status: 64,
    err: /--ssh -oProxyCommand=x: a host does not begin with "-"/,
  },
];

for (const { what, flake, words = [], git, files = {}, status, err, spec } of rows) {
  t.test(what, { skip: flake === undefined ? false : skip }, async (t) => {
    const folder = makeFolder(t, { ...files, ...(flake !== undefined && { 'flake.nix': flake }) });
    if (git) spawnSync('git', ['init', '--quiet'], { cwd: folder });
    const ended = await nixspec(['init', ...words], { cwd: folder, env });
    if (typeof err === 'string') t.equal(ended.err, err);
    else t.match(ended.err, err);
    t.equal(ended.status, status);
    t.equal(existsSync(join(folder, 'flake.lock')), false, 'nothing of the user is changed');
    if (status !== 0) return t.equal(existsSync(join(folder, 'nixspec.yaml')), false, 'and nothing was written');
    t.match(readFileSync(join(folder, 'nixspec.yaml'), 'utf8'), spec);
    t.match(await nixspec(['lint'], { cwd: folder }), { status: 0, err: '' });
  });
}

t.test('no Nix: it says so, and goes on with what is said', async (t) => {
  const folder = makeFolder(t, { 'flake.nix': several });
  const without = { cwd: folder, env: { PATH: folder } };
  const unsaid = await nixspec(['init'], without);
  t.match(unsaid, { status: 64, err: /^the flake: its hosts could not be listed: there is no `nix` here\nerror/ });
  const said = await nixspec(['init', '--host', 'web', '--ssh', 'root@web'], without);
  t.match(said, { status: 0, err: 'the flake: its hosts could not be listed: there is no `nix` here\n' });
});

t.test('a `nix` that is not Nix', async (t) => {
  const folder = makeFolder(t, { 'flake.nix': several, 'bin/nix': '#!/bin/sh\necho hello\n' });
  const ended = await nixspec(['init'], { cwd: folder, env: { PATH: `${join(folder, 'bin')}:/bin` } });
  t.match(ended, { status: 64, err: /^the flake: its hosts could not be listed: what Nix said is not JSON\n/ });
});

t.test('the flake of a folder above; a spec of another name; VS Code', { skip }, async (t) => {
  const folder = makeFolder(t, { 'flake.nix': one, 'servers/.vscode/settings.json': '{ /* mine */ }\n' });
  const words = ['init', '--spec', 'servers/web.yaml', '--ssh', 'root@web', '--vscode'];
  const ended = await nixspec(words, { cwd: folder, env });
  t.equal(ended.status, 0, ended.err);
  t.match(readFileSync(join(folder, 'servers/web.yaml'), 'utf8'), 'vm: { vm: { flake: ..#web } }');
  t.equal(readFileSync(join(folder, 'servers/.vscode/settings.json'), 'utf8'), '{ /* mine */ }\n', 'left as it is');
  t.match(ended.out, /servers\/\.vscode\/settings\.json is there already; add to it:\n\{\n {2}"yaml\.schemas"/);
  t.match(ended.out, 'nixspec verify vm --spec servers/web.yaml');
  const extensions = readFileSync(join(folder, 'servers/.vscode/extensions.json'), 'utf8');
  t.strictSame(JSON.parse(extensions), { recommendations: ['redhat.vscode-yaml'] });
  const [modeline = ''] = readFileSync(join(folder, 'servers/web.yaml'), 'utf8').split('\n');
  const schema = join(folder, 'servers', modeline.replace('# yaml-language-server: $schema=', ''));
  const made = await composeSpecSchema(join(folder, 'servers/web.yaml'));
  t.strictSame(JSON.parse(readFileSync(schema, 'utf8')), JSON.parse(JSON.stringify(made)), 'with its own targets');
});

t.test('what is there is not overwritten, but by --force', async (t) => {
  const folder = makeFolder(t, { 'nixspec.yaml': 'mine' });
  const words = ['init', '--host', 'web', '--ssh', 'root@web'];
  const refused = await nixspec(words, { cwd: folder });
  t.match(refused, { status: 64, err: /nixspec\.yaml is there already\nhint: `nixspec discover` adds to a spec/ });
  t.equal(readFileSync(join(folder, 'nixspec.yaml'), 'utf8'), 'mine');
  t.equal((await nixspec([...words, '--force'], { cwd: folder })).status, 0);
  t.match(readFileSync(join(folder, 'nixspec.yaml'), 'utf8'), 'version: 1');
});

t.test('a server that cannot be looked at: the spec is there all the same', async (t) => {
  const folder = makeFolder(t, {});
  const words = ['init', '--host', 'web', '--ssh', 'ssh://root@127.0.0.1:1', '--discover'];
  const ended = await nixspec(words, { cwd: folder });
  t.match(ended, {
    status: 69,
    err: /error\[connection-refused\]/,
    out: /written[\s\S]*Next:\n {2}nixspec verify prod/,
  });
  t.equal((await nixspec(['lint'], { cwd: folder })).status, 0);
});

/** At a real terminal: `script` gives one. Each answer is typed when its question is there. */
async function talk(folder: string, talk: readonly (readonly [question: string, answer: string])[]) {
  const { spawn } = await import('node:child_process');
  const command = `${process.execPath} ${cli} init; echo status $?`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, ...env, NODE_OPTIONS: '', NO_COLOR: '1', TERM: 'xterm', SHELL: '/bin/sh' },
  });
  let said = '';
  let seen = 0;
  const left = [...talk];
  child.stdout.on('data', (chunk) => {
    said += chunk;
    const [next] = left;
    const at = next === undefined ? -1 : said.indexOf(next[0], seen);
    if (next === undefined || at < 0) return;
    seen = at + next[0].length;
    left.shift();
    child.stdin.write(next[1]);
  });
  const stuck = setTimeout(() => child.kill(), 60_000);
  await new Promise((done) => child.on('close', done));
  clearTimeout(stuck);
  return { said, unasked: left };
}

const lacksTerminal = skip || (hasScript ? false : '`script` is not here (Debian: apt install bsdutils)');

t.test('asked at a terminal', { skip: lacksTerminal }, async (t) => {
  const folder = makeFolder(t, { 'flake.nix': several.replaceAll('{ }', '{ config = { }; }') });
  const { said, unasked } = await talk(folder, [
    ['Which of these 2 hosts?', 'webb\r'],
    ['did you mean "web"?', 'web\r'],
    ['How is web reached?', 'root@[::zz\r'],
    ['is no IPv6 address', '\r'],
    ['Look at the running server now', 'n\r'],
  ]);
  t.same(unasked, [], said);
  t.match(said, 'status 0');
  t.match(said, 'db, web\r\n');
  t.match(readFileSync(join(folder, 'nixspec.yaml'), 'utf8'), /ssh: root@web, compare-with: vm/);
});

for (const [key, typed] of [
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
] as const) {
  t.test(`${key} at a question: nothing is written`, { skip: lacksTerminal }, async (t) => {
    const folder = makeFolder(t, { 'flake.nix': several });
    const { said } = await talk(folder, [['Which of these 2 hosts?', typed]]);
    t.match(said, /interrupted\]: nothing was written\r\nstatus 130/);
    t.equal(existsSync(join(folder, 'nixspec.yaml')), false);
  });
}

t.test('a Nix that hangs is ended with nixspec', async (t) => {
  const folder = makeFolder(t, {
    'flake.nix': several,
    'bin/nix': '#!/bin/sh\necho started >&2; echo $$ > pid; exec sleep 1000\n',
  });
  const child = start(['init'], { cwd: folder, env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` } });
  while (!existsSync(join(folder, 'pid'))) await new Promise((done) => setTimeout(done, 50));
  child.kill('SIGINT');
  t.match(await child.ended, { status: 130 });
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});
