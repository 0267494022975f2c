import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { InventoryChange } from '../src/inventory-model.js';
import type { Comparison, Run } from '../src/model.js';
import { nixspec } from './fixture/nixspec.js';
import { type Lab, machine, startLab } from './lab/lab.js';

/** Before and after changes on a real machine, as a user sees them. All names hold `nixspec-inv`: others test there too. */
const found = await startLab();
const skip = 'skip' in found && found.skip;
const lab = found as Lab;

function writeSpec(folder: string): string {
  const file = join(folder, 'nixspec.yaml');
  const config = lab.sshConfig;
  writeFileSync(
    file,
    `version: 1
targets:
  production: { ssh: { host: production, config: ${config} } }
  limited: { ssh: { host: production-limited, config: ${config} } }
  staging: { ssh: { host: staging, config: ${config} }, compare-with: production }
unit: { nixspec-inv-asserted: { load-state: loaded, active: { or: [true, false] } } }
`,
  );
  return file;
}

interface Report {
  readonly runs: readonly Run[];
  readonly comparisons: readonly Comparison[];
}

const ours = ({ subject }: InventoryChange) => /nixspec-inv|:4799\d$/.test(subject);

function say({ kind, subject, property, before, after, public: open }: InventoryChange): string {
  const words = [kind, subject, property].filter(Boolean).join(' ');
  return `${words}: ${before ?? '-'} → ${after ?? '-'}${open ? ' public' : ''}`;
}

/** Packages that hold nothing, made here: `dpkg-deb` is on every Debian. */
function makePackage(folder: string, name: string, version: string): string {
  const root = join(folder, `${name}-${version}`);
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: test <t@example.org>\nDescription: x\n`;
  writeFileSync(join(root, 'DEBIAN', 'control'), control);
  const file = `${root}.deb`;
  const made = spawnSync('dpkg-deb', ['--root-owner-group', '--build', root, file], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return readFileSync(file).toString('base64');
}

const units = '/run/systemd/system';
const service = (command: string) => `[Service]\\nExecStart=/bin/sh -c "${command}"\\n`;
const wanted = `${units}/multi-user.target.wants`;

function install(name: string, encoded: string): string {
  return `echo ${encoded} | base64 -d >/tmp/${name}.deb; dpkg -i /tmp/${name}.deb >/dev/null; rm /tmp/${name}.deb`;
}

function prepare(folder: string): string {
  const long = ['stops', 'fails', 'goes', 'asserted', 'demand'].map(
    (name) => `printf '${service('exec sleep 10000')}' >${units}/nixspec-inv-${name}.service`,
  );
  return [
    `mkdir -p ${wanted}`,
    ...long,
    `printf '${service('exit 0')}' >${units}/nixspec-inv-starts.service`,
    `printf '[Socket]\\nListenStream=127.0.0.1:47991\\n' >${units}/nixspec-inv-demand.socket`,
    `printf '[Socket]\\nListenStream=127.0.0.1:47992\\nAccept=yes\\n' >${units}/nixspec-inv-wide.socket`,
    `printf '${service('exit 0')}' >${units}/nixspec-inv-wide@.service`,
    `printf '[Socket]\\nListenStream=0.0.0.0:47993\\nAccept=yes\\n' >${units}/nixspec-inv-opens.socket`,
    `printf '${service('exit 0')}' >${units}/nixspec-inv-opens@.service`,
    ...['stops', 'fails', 'goes', 'asserted'].map(
      (name) => `ln -sf ../nixspec-inv-${name}.service ${wanted}/nixspec-inv-${name}.service`,
    ),
    'systemctl start nixspec-inv-stops nixspec-inv-fails nixspec-inv-goes nixspec-inv-asserted',
    'systemctl start nixspec-inv-demand.socket nixspec-inv-wide.socket nixspec-inv-demand.service',
    'useradd -M -u 7991 -s /bin/sh nixspec-inv-old; useradd -M -u 7992 -s /bin/sh nixspec-inv-same',
    'mkdir -p /srv/nixspec-inv-gone /srv/nixspec-inv-new; mount -t tmpfs nixspec-inv /srv/nixspec-inv-gone',
    install('nixspec-inv-a', makePackage(folder, 'nixspec-inv-a', '1.9-1')),
    install('nixspec-inv-b', makePackage(folder, 'nixspec-inv-b', '1.0')),
  ].join('\n');
}

function change(folder: string): string {
  return [
    'systemctl stop nixspec-inv-stops nixspec-inv-goes nixspec-inv-asserted nixspec-inv-demand.service',
    'systemctl kill -s KILL nixspec-inv-fails; systemctl start nixspec-inv-opens.socket',
    // A transient unit, a session's listener, a mount of a user and a connection are no changes.
    'systemd-run --unit=nixspec-inv-transient sleep 10000 2>/dev/null',
    `rm ${units}/nixspec-inv-goes.service ${wanted}/nixspec-inv-goes.service`,
    `printf '${service('exec sleep 10000')}' >${units}/nixspec-inv-new.service; systemctl start nixspec-inv-new`,
    'systemctl stop nixspec-inv-wide.socket',
    `printf '[Socket]\\nListenStream=0.0.0.0:47992\\nAccept=yes\\n' >${units}/nixspec-inv-wide.socket`,
    'systemctl daemon-reload; systemctl start nixspec-inv-wide.socket',
    'useradd -M -u 7993 -s /bin/sh -G adm nixspec-inv-new; userdel nixspec-inv-old',
    'usermod -s /bin/bash -G adm nixspec-inv-same',
    'umount /srv/nixspec-inv-gone; mount -t tmpfs -o ro nixspec-inv /srv/nixspec-inv-new',
    install('nixspec-inv-a', makePackage(folder, 'nixspec-inv-a', '1.10-1')),
    'dpkg -r nixspec-inv-b >/dev/null',
    install('nixspec-inv-c', makePackage(folder, 'nixspec-inv-c', '1:2')),
  ].join('\n');
}

const restore = `
systemctl stop 'nixspec-inv-*' 2>/dev/null
rm -f ${units}/nixspec-inv-* ${wanted}/nixspec-inv-*
systemctl daemon-reload; systemctl reset-failed 'nixspec-inv-*' 2>/dev/null
for user in old new same; do userdel nixspec-inv-$user 2>/dev/null; done
umount /srv/nixspec-inv-gone 2>/dev/null; umount /srv/nixspec-inv-new 2>/dev/null
rmdir /srv/nixspec-inv-gone /srv/nixspec-inv-new 2>/dev/null
dpkg -P nixspec-inv-a nixspec-inv-b nixspec-inv-c >/dev/null 2>&1
rm -f /tmp/nixspec-inv-*; :`;

const expected = [
  'failed nixspec-inv-fails.service: active (running) → failed (failed)',
  'gone nixspec-inv-goes.service: active (running) → -',
  'stopped nixspec-inv-stops.service: active (running) → inactive (dead)',
  'started nixspec-inv-opens.socket: not loaded → active (listening)',
  'new nixspec-inv-new.service: - → active (running)',
  'opened tcp:47993: - → 0.0.0.0 · systemd public',
  'changed tcp:47992 addresses: 127.0.0.1 · systemd → 0.0.0.0 · systemd public',
  'added nixspec-inv-new: - → uid 7993, group nixspec-inv-new, shell /bin/sh, groups adm',
  'changed nixspec-inv-same shell: /bin/sh → /bin/bash',
  'changed nixspec-inv-same groups: none → adm',
  'removed nixspec-inv-old: uid 7991, group nixspec-inv-old, shell /bin/sh → -',
  'removed /srv/nixspec-inv-gone: tmpfs of nixspec-inv → -',
  'added /srv/nixspec-inv-new: - → tmpfs of nixspec-inv, ro',
  'removed nixspec-inv-b: 1.0 → -',
  'up nixspec-inv-a: 1.9-1 → 1.10-1',
  'added nixspec-inv-c: - → 1:2',
];

t.test('before and after', { skip }, async (t) => {
  const production = machine(lab, 'production');
  const folder = t.testdir();
  const spec = writeSpec(folder);
  const verify = async (target: string, ...more: string[]) => {
    const { out, err } = await nixspec(['verify', target, '--spec', spec, '-r', 'json', ...more]);
    t.ok(out.startsWith('{'), `${out.slice(0, 300)}${err}`);
    return JSON.parse(out) as Report;
  };
  await production.run(restore);
  t.teardown(() => production.run(restore));
  await production.sh(`set -e\n${prepare(folder)}`);

  const before = await verify('production');
  t.same(before.comparisons, [], 'there is none before it');
  const inventory = before.runs[0]?.inventory;
  t.same(
    Object.values(inventory ?? {}).map(({ status }) => status),
    Array(6).fill('known'),
  );
  const again = await verify('production');
  t.same(
    again.comparisons.flatMap((one) => one.inventory?.changes.filter(ours)),
    [],
    'nothing happened',
  );
  const limited = await verify('limited');
  t.same(
    Object.values(limited.runs[0]?.inventory ?? {}).map(({ status }) => status),
    Array(6).fill('known'),
    'no root',
  );

  await production.sh(`set -e\n${change(folder)}`);
  const after = await verify('production');
  const [comparison] = after.comparisons;
  t.equal(comparison?.only, 'inventory');
  t.equal(comparison?.from, again.runs[0]?.id, 'with the run before it');
  t.same(comparison?.inventory?.changes.filter(ours).map(say), expected);
  t.same(comparison?.inventory?.unknown, []);

  const told = await nixspec(['diff', 'production~1', 'production', '--spec', spec, '-v']);
  t.equal(told.status, 0, 'it fails nothing');
  for (const line of [
    /production compared with production of .* before: 1 drifted\n/,
    / {4}unit failed +nixspec-inv-fails\.service {2}active \(running\) → failed \(failed\)\n/,
    / {4}port opened +tcp:47993 {2}0\.0\.0\.0 · systemd {2}public\n/,
    / {4}package up +nixspec-inv-a {2}1\.9-1 → 1\.10-1\n/,
  ]) {
    t.match(told.out, line);
  }
  t.notMatch(told.out, /unit stopped +nixspec-inv-asserted/);

  const staging = await nixspec(['verify', 'staging', '--spec', spec]);
  t.match(staging.out, /differs though nothing asserts it: .*--verbose shows them/);
  t.notMatch(staging.out, /nixspec-inv-(stops|goes|a|b)\b/, 'two machines are only counted');

  const without = await verify('production', '--no-inventory');
  t.same([without.comparisons, without.runs[0]?.inventory], [[], undefined]);
});
