import { spawnSync } from 'node:child_process';
import t from 'tap';
import { compareVersions, guessVersionRules } from '../src/version-order.js';

/** From earliest to latest; each is compared with all that come after it, in both directions, and with itself. */
const nix = [
  '2.3pre1',
  '2.3pre3',
  '2.3pre12',
  '2.3',
  '2.3a',
  '2.3c',
  '2.3.1',
  '2.4rc1',
  '2.4.0',
  '2.4-1',
  '2.10',
  '2.10-unstable-2026-01-02',
  '2.10-unstable-2026-11-01',
  '2.99999999999999999999',
  '2.100000000000000000000',
];

const debian = [
  '0~',
  '0',
  '1.0~~',
  '1.0~~a',
  '1.0~',
  '1.0~beta1-1',
  '1.0',
  '1.0-0+b1',
  '1.0-1',
  '1.0-1+deb13u1',
  '1.0-1.1',
  '1.0-2~bpo12+1',
  '1.0-2',
  '1.0-10',
  '1.0a',
  '1.0b-1',
  '1.0+dfsg',
  '1.0.1',
  '1.9',
  '1.10',
  '9',
  '1:0.1',
  '2:0',
];

for (const [rules, versions] of [
  ['nix', nix],
  ['debian', debian],
] as const) {
  t.test(rules, async (t) => {
    for (const [at, version] of versions.entries()) {
      t.equal(Math.sign(compareVersions(version, version, rules)), 0, `${version} is itself`);
      for (const later of versions.slice(at + 1)) {
        t.equal(Math.sign(compareVersions(version, later, rules)), -1, `${version} is before ${later}`);
        t.equal(Math.sign(compareVersions(later, version, rules)), 1, `${later} is after ${version}`);
      }
    }
  });
}

t.test('what is written in another way may be the same', async (t) => {
  for (const [a, b] of [
    ['1.0', '1-0'],
    ['1.0', '1..0'],
    ['01.2', '1.2'],
    ['1.2', '1.2.'],
    ['1.2b', '1.2.b'],
    ['', ''],
  ] as const) {
    t.equal(Math.sign(compareVersions(a, b, 'nix')), 0, `nix: ${a} and ${b}`);
  }
  for (const [a, b] of [
    ['0:1.0', '1.0'],
    ['1.0-0', '1.0'],
    ['01.02', '1.2'],
  ] as const) {
    t.equal(Math.sign(compareVersions(a, b, 'debian')), 0, `debian: ${a} and ${b}`);
  }
});

t.test('the words of Nix', async (t) => {
  t.ok(compareVersions('1.0', '1.0rc1', 'nix') < 0, 'nothing is before a word');
  t.ok(compareVersions('1.0', '1.0pre1', 'nix') > 0, 'but not before pre');
  t.ok(compareVersions('1.0preview', '1.0', 'nix') > 0, 'which is a word of its own');
  t.ok(compareVersions('1.0é', '1.0z', 'nix') > 0, 'by byte');
});

t.test('whose rules, where nothing but the versions tell', async (t) => {
  for (const [a, b, rules] of [
    ['1.24', '1.24.0', 'nix'],
    ['1:1.24', '1.24', 'debian'],
    ['1.24', '1.24~rc1', 'debian'],
    ['1.24', '1.24-1', 'debian'],
    ['1.24-2+deb13u1', '1.24', 'debian'],
    ['9.9p1', '9.10', 'nix'],
    ['24.05pre123', '24.05', 'nix'],
    ['2.4-rc1', '2.4', 'nix'],
    ['0-unstable-2026-01-02', '0-unstable-2026-11-01', 'nix'],
    ['6.1.0-18-amd64', '6.1', 'nix'],
  ] as const) {
    t.equal(guessVersionRules(a, b), rules, `${a} and ${b}`);
    t.equal(guessVersionRules(b, a), rules, `${b} and ${a}`);
  }
});

const dpkg = spawnSync('dpkg', ['--compare-versions', '1', 'lt', '2']).status === 0;
t.test('dpkg has the same order', { skip: !dpkg && 'there is no dpkg' }, async (t) => {
  for (const [at, version] of debian.entries()) {
    const later = debian[at + 1];
    if (later === undefined) continue;
    t.equal(spawnSync('dpkg', ['--compare-versions', version, 'lt', later]).status, 0, `${version} lt ${later}`);
  }
});

/** As hostile as deb-version(7) allows: every character it knows, in short runs, and numbers with zeros before them. */
function makeVersion(pick: (most: number) => number): string {
  const word = (alphabet: string, most: number) =>
    Array.from({ length: pick(most) }, () => alphabet[pick(alphabet.length - 1)]).join('');
  const epoch = pick(4) === 0 ? `${pick(2)}:` : '';
  // A dash begins the revision, which is not empty.
  const revision = pick(2) === 0 ? `${word('0019abZ+.~-', 3)}-${pick(1)}${word('019ab+.~', 3)}` : '';
  return `${epoch}${pick(2)}${word('0019abZ+.~', 5)}${revision}`;
}

/** Numbers from 0 to `most`, the same in every run. */
function makeRandom(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * (most + 1));
  };
}

t.test('dpkg says the same of versions made at random', { skip: !dpkg && 'there is no dpkg' }, async (t) => {
  const pick = makeRandom(20261123);
  const pairs = Array.from({ length: 2000 }, () => [makeVersion(pick), makeVersion(pick)] as const);
  const loop = `while read -r a b; do
    dpkg --compare-versions "$a" lt "$b" && echo -1 || { dpkg --compare-versions "$a" gt "$b" && echo 1 || echo 0; }
  done`;
  const { stdout, stderr } = spawnSync('sh', ['-c', loop], {
    input: pairs.map((pair) => `${pair.join(' ')}\n`).join(''),
    encoding: 'utf8',
  });
  t.equal(stderr, '', 'it knows all of them');
  const said = stdout.trim().split('\n').map(Number);
  t.equal(said.length, pairs.length);
  const other = pairs.filter(([a, b], at) => Math.sign(compareVersions(a, b, 'debian')) !== said[at]);
  t.strictSame(other, []);
  t.ok(said.filter((order) => order === 0).length > 5, 'some are equal');
});

// Numbers of more than nine digits are left out: Nix, which keeps 32 bits of them, takes longer ones for words.
const nixVersions = (pick: (most: number) => number) =>
  Array.from(
    { length: pick(5) },
    () => ['.', '-', '0', '1', '9', '10', '007', 'a', 'rc', 'pre', '+', '~', 'é', ':'][pick(13)],
  ).join('');

const hasNix = spawnSync('nix-instantiate', ['--version']).status === 0;
t.test(
  'nix says the same of versions made at random',
  { skip: !hasNix && 'there is no nix-instantiate' },
  async (t) => {
    const pick = makeRandom(42);
    const all = Array.from({ length: 5000 }, () => [nixVersions(pick), nixVersions(pick)] as const);
    const pairs = all.filter((pair) => !/[0-9]{10}/.test(pair.join(' ')));
    const list = pairs.map(([a, b]) => `(builtins.compareVersions ${JSON.stringify(a)} ${JSON.stringify(b)})`);
    const args = ['--eval', '--strict', '--store', 'dummy://', '-E', '-'];
    const { stdout, stderr } = spawnSync('nix-instantiate', args, {
      input: `[ ${list.join('\n')} ]`,
      encoding: 'utf8',
    });
    const said = (/\[ (.*) \]/.exec(stdout)?.[1] ?? '').split(' ').map(Number);
    t.equal(said.length, pairs.length, stderr);
    const other = pairs.filter(([a, b], at) => Math.sign(compareVersions(a, b, 'nix')) !== said[at]);
    t.strictSame(other, []);
  },
);
