import { spawnSync } from 'node:child_process';
import t from 'tap';
import { compareVersions } from '../src/version-order.js';

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

const dpkg = spawnSync('dpkg', ['--compare-versions', '1', 'lt', '2']).status === 0;
t.test('dpkg has the same order', { skip: !dpkg && 'there is no dpkg' }, async (t) => {
  for (const [at, version] of debian.entries()) {
    const later = debian[at + 1];
    if (later === undefined) continue;
    t.equal(spawnSync('dpkg', ['--compare-versions', version, 'lt', later]).status, 0, `${version} lt ${later}`);
  }
});
