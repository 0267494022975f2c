import t from 'tap';
import packages from '../../src/resources/package.js';
import { ask, read, shellProbes } from '../run-script.js';

const wanted = ['installed', 'versions'];

function look(subject: string, stdout: string) {
  const query = ask(packages, subject, wanted);
  const observation = read(packages, [query], { stdout }).get(query.id);
  return observation?.status === 'known' ? observation.readings : observation;
}

const absent = (reason: string) => ({ exists: false, installed: false, versions: { noReading: 'absent', reason } });
const present = (...versions: string[]) => ({ exists: true, installed: true, versions });

const hash = '0c3mxq7ckgwlvqk8cpsa3mm4fmzlrjsg';
const closure = [
  'openssl-3.0.14',
  'openssl-3.0.14-bin',
  'openssl-3.0.14-man',
  'openssl-3.0.9',
  'openssl-1.1.1w',
  'postgresql-16.10',
  'postgresql-16.9-lib',
  'gcc-13.3.0-lib',
  'python3.12-requests-2.32.3',
  'system-path',
];
const nix = `=nix\n${closure.map((name) => `/nix/store/${hash}-${name}\n`).join('')}=end\n`;
const dpkg = `=dpkg
nginx	amd64	ii 	1.26.3-3+deb13u1
libc6	amd64	ii 	2.41-12
libc6	i386	hi 	2.41-11
held	amd64	hi 	1:2.0-1
leaving	amd64	ri 	1.0
gone	amd64	rc 	1.0
never	amd64	un 	
half	amd64	iF 	1.0
unpacked	amd64	iU 	1.0
triggers	amd64	it 	1.0
broken	all	iHR	1.0
=end
`;

t.test('subjects', async (t) => {
  for (const name of ['nginx', 'libstdc++6', 'python3.12-requests', 'libc6:i386', 'unit-a.service'])
    t.match(name, packages.subject.pattern, name);
  for (const name of ['', '-x', 'a b', 'a/b', 'a\n', 'a:']) t.notMatch(name, packages.subject.pattern, name);
});

t.test('the closure of a NixOS system', async (t) => {
  for (const [name, expected] of [
    // Each version once, in the order of Nix, whichever outputs are there.
    ['openssl', present('1.1.1w', '3.0.9', '3.0.14')],
    ['postgresql', present('16.9', '16.10')],
    ['gcc', present('13.3.0')],
    ['python3.12-requests', present('2.32.3')],
    ['openssl-1.1.1w', present('1.1.1w')],
    ['openssl-3.0.14-man', present('3.0.14')],
    ['openssl-1.1.1', absent('openssl-1.1.1 is not installed')],
    ['open', absent('open is not installed')],
    ['OpenSSL', absent('OpenSSL is not installed')],
    ['openssl-3.0.9-man', absent('openssl-3.0.9-man is not installed')],
    ['requests', absent('requests is not installed')],
    ['toString', absent('toString is not installed')],
    ['system-path', { ...present(), versions: { noReading: 'absent', reason: 'its store path has no version' } }],
  ] as const) {
    t.same(look(name, nix), expected, name);
  }
});

t.test('what dpkg says', async (t) => {
  for (const [name, expected] of [
    ['nginx', present('1.26.3-3+deb13u1')],
    ['libc6', present('2.41-11', '2.41-12')],
    ['libc6:i386', present('2.41-11')],
    ['libc6:arm64', absent('libc6:arm64 is not installed')],
    ['held', present('1:2.0-1')],
    ['leaving', present('1.0')],
    ['triggers', present('1.0')],
    ['gone', absent('gone is not installed: removed, only its configuration is left')],
    ['gone:amd64', absent('gone:amd64 is not installed: removed, only its configuration is left')],
    ['never', absent('never is not installed: never installed')],
    ['half', absent('half is not installed: half configured')],
    ['unpacked', absent('unpacked is not installed: unpacked, not configured')],
    ['broken', absent('broken is not installed: half installed')],
    ['nosuch', absent('nosuch is not installed')],
  ] as const) {
    t.same(look(name, dpkg), expected, name);
  }
});

t.test('a store without nix-store: what is not in it is not installed, the rest cannot be told', async (t) => {
  const listing = `=listing\n${hash}-nginx-1.26.2\n=end\n`;
  t.same(look('apache', listing), absent('apache is not installed'));
  t.match(look('nginx', listing), { status: 'unknown', reason: /^it is in the Nix store, but without nix-store/ });
});

t.test('a broken answer is no answer', async (t) => {
  for (const text of ['', '=nix\n', nix.slice(0, -5), '=dpkg\n=end\n'])
    t.same(look('nginx', text), { status: 'unknown', reason: 'the list of packages is not whole' });
});

t.test('a thousand packages are one question', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(packages, `p${at}`, wanted));
  t.equal(shellProbes(packages, queries).length, 1);
});

t.test('versions are ordered by the rules of what keeps them', async (t) => {
  for (const [stdout, subject, versionRules] of [
    [nix, 'openssl', 'nix'],
    [dpkg, 'nginx', 'debian'],
  ] as const) {
    const query = ask(packages, subject, wanted);
    t.match(read(packages, [query], { stdout }).get(query.id), { status: 'known', versionRules });
  }
});
