import { chmodSync } from 'node:fs';
import t from 'tap';
import { askForPackages, readPackages, splitStoreName } from '../src/packages.js';
import { runScript, shells } from './run-script.js';

t.test('names of store paths', async (t) => {
  const all = new Set(['linux-6.12.30', 'glibc-2.40-66', 'demo-1.0']);
  for (const [full, name, version, output] of [
    ['nginx-1.26.2', 'nginx', '1.26.2', undefined],
    ['openssl-3.0.14-bin', 'openssl', '3.0.14', 'bin'],
    ['glibc-2.40-66', 'glibc', '2.40-66', undefined],
    ['glibc-2.40-66-bin', 'glibc', '2.40-66', 'bin'],
    ['gcc-13.3.0-libgcc', 'gcc', '13.3.0', 'libgcc'],
    ['gcc-wrapper-13.3.0', 'gcc-wrapper', '13.3.0', undefined],
    ['python3-3.12.7', 'python3', '3.12.7', undefined],
    ['python3-3.12.7-env', 'python3', '3.12.7', 'env'],
    ['python3.12-requests-2.32.3', 'python3.12-requests', '2.32.3', undefined],
    ['linux-6.12.30-modules-shrunk', 'linux', '6.12.30', 'modules-shrunk'],
    // Not one that is known, but what it would be of is there.
    ['linux-6.12.30-novel', 'linux', '6.12.30', 'novel'],
    ['linux-6.12.31-novel', 'linux', '6.12.31-novel', undefined],
    ['linux-6.12.30-zen1', 'linux', '6.12.30-zen1', undefined],
    ['demo-1.0-rc1', 'demo', '1.0-rc1', undefined],
    ['demo-1.0-beta-dev', 'demo', '1.0-beta', 'dev'],
    ['hello-0-unstable-2024-05-01', 'hello', '0-unstable-2024-05-01', undefined],
    ['nixos-system-web-25.11.20251120.abc', 'nixos-system-web', '25.11.20251120.abc', undefined],
    ['lib2geom-1.3', 'lib2geom', '1.3', undefined],
    ['system-path', 'system-path', undefined, undefined],
    ['unit-nginx.service', 'unit-nginx.service', undefined, undefined],
    ['X-Restart-Triggers-nginx', 'X-Restart-Triggers-nginx', undefined, undefined],
    ['-1', '-1', undefined, undefined],
  ] as const) {
    t.same({ version: undefined, output: undefined, ...splitStoreName(full, all) }, { name, version, output }, full);
  }
});

const output = (stdout: string) => ({
  exit: 0,
  stdout: Buffer.from(stdout),
  stderr: Buffer.alloc(0),
  truncated: false,
});
const hash = '0c3mxq7ckgwlvqk8cpsa3mm4fmzlrjsg';

t.test('what is no package is left out, and what is broken is no list', async (t) => {
  const paths = ['nginx-1.26.2', 'nginx-1.26.2.tar.gz', 'fix-1.patch', 'x-1.drv', 'y.lock'];
  const text = paths.map((name) => `/nix/store/${hash}-${name}\n`).join('');
  t.same(readPackages(output(`=nix\n${text}=end\n`))?.packages, [{ name: 'nginx', version: '1.26.2' }]);
  t.equal(readPackages(output(`=listing\n${hash}-a-1\n=end\n`))?.source, 'listing');
  for (const broken of [
    '',
    `=nix\n${text}`,
    '=nix\n=end\n',
    '=nix\ngarbage\n=end\n',
    '=listing\n=end\n',
    '=dpkg\n=end\n',
    '=dpkg\nx\tamd64\tiX \t1\n=end\n',
    '=dpkg\nx\n=end\n',
    '=rpm\nx\n=end\n',
  ]) {
    t.equal(readPackages(output(broken)), undefined, JSON.stringify(broken));
  }
});

t.test('which package manager is asked', async (t) => {
  const tools = t.testdir({
    nix: {
      'nix-store': `#!/bin/sh\n[ "$1 $2" = '--query --requisites' ] && [ -e "$3" ] && echo /nix/store/${hash}-a-1\n`,
    },
    denied: { 'nix-store': "#!/bin/sh\necho 'error: not allowed' >&2\nexit 1\n" },
    dpkg: { 'dpkg-query': '#!/bin/sh\nprintf "b\\tamd64\\tii \\t2\\n"\n' },
    none: {},
    here: {},
    store: { [`${hash}-c-3`]: '' },
  });
  for (const file of ['nix/nix-store', 'denied/nix-store', 'dpkg/dpkg-query']) chmodSync(`${tools}/${file}`, 0o755);
  const bare = '/nix-nothing-here';
  for (const shell of shells) {
    const run = (system: string, ...folders: string[]) => {
      const script = `ls() { command -p ls "$@"; }\nPATH=${folders.map((folder) => `${tools}/${folder}`).join(':') || bare}\n${askForPackages.raw}`;
      const faked = script.replaceAll('/run/current-system', system).replaceAll('/nix/store', `${tools}/store`);
      return runScript(faked, shell);
    };
    t.same(readPackages(run(`${tools}/here`, 'nix', 'dpkg'))?.packages, [{ name: 'a', version: '1' }]);
    const denied = run(`${tools}/here`, 'denied', 'dpkg');
    t.same([denied.exit, denied.stderr.toString()], [1, 'error: not allowed\n'], shell.join(' '));
    t.same(readPackages(run(`${tools}/here`, 'dpkg'))?.packages, [{ name: 'c', version: '3' }]);
    t.same(readPackages(run(`${tools}/gone`, 'nix', 'dpkg'))?.packages, [
      { name: 'b', version: '2', architecture: 'amd64' },
    ]);
    const nothing = run(`${tools}/gone`, 'none');
    t.equal(nothing.exit, 127);
    t.match(nothing.stderr.toString(), 'there is neither a NixOS system nor dpkg-query');
  }
});
