import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { nixspec } from '../fixture/nixspec.js';
import { type Lab, machine, startLab } from '../lab/lab.js';

/** A newcomer's way: a spec of a machine that runs, which passes there at once. */
const found = await startLab();
const skip = 'skip' in found && found.skip;
const lab = found as Lab;
const config = () => ['--ssh-config', lab.sshConfig];

/** Other tests use the machines too, and break and repair things there: one look may meet that, not each of several. */
async function undisturbed(
  attempt: (folder: string) => Promise<string | undefined>,
  t: Test,
): Promise<string | undefined> {
  let failure: string | undefined;
  for (let tries = 0; tries < 6; tries += 1) {
    failure = await attempt(t.testdir({}));
    if (failure === undefined) return undefined;
  }
  return failure;
}

const typical = [
  '  worker: { active: true, enabled: true, healthy: true }',
  '  backup.timer: { active: true, enabled: true, since-last-trigger: { le: 65m } }',
  '  tcp:5432: { unit: postgresql@17-main.service, addresses: [127.0.0.1, ::1] }',
  '  https://git.lab.test/: { insecure: true, status: 200 }',
  '  deploy: { shell: /bin/bash, groups: [deploy, wheel], locked: true }',
  'failed-units: { have-len: { le: 1 } }',
  'so not asserted: crash-loop, fails',
];

t.test('what is discovered passes, and is the same when asked again', { skip }, async (t) => {
  for (const name of ['staging', 'production'] as const) {
    const failure = await undisturbed(async (folder) => {
      const once = await nixspec(['discover', name, ...config()], { cwd: folder });
      if (once.status !== 0) return once.err;
      const lacks = typical.find((text) => !once.out.includes(text));
      if (lacks) return `it lacks ${lacks}`;
      const again = await nixspec(['discover', name, ...config()], { cwd: folder });
      if (again.out !== once.out) return `another thing each time:\n${once.out}\n${again.out}`;
      if (once.out.split('\n').length > 160) return `${once.out.split('\n').length} lines`;
      writeFileSync(join(folder, 'nixspec.yaml'), once.out);
      const lint = await nixspec(['lint'], { cwd: folder });
      if (lint.status !== 0) return lint.err;
      const verify = await nixspec(['verify', name, '--no-save'], { cwd: folder });
      return verify.status === 0 && /: \d{2,} passed in /.test(verify.out) ? undefined : verify.out + verify.err;
    }, t);
    t.equal(failure, undefined, name);
  }
});

t.test('a look starts nothing', { skip }, async (t) => {
  const look = await nixspec(['discover', 'staging', ...config()], { cwd: t.testdir({}) });
  t.match(look.out, '  proxy.socket: { active: true, enabled: true }');
  // Its service is started by the first connection.
  t.equal((await machine(lab, 'staging').run('systemctl is-active proxy.service')).stdout, 'inactive\n');
});

t.test('two machines: what differs, and what only one has', { skip }, async (t) => {
  const failure = await undisturbed(async (folder) => {
    const both = await nixspec(['discover', 'staging', 'production', '--write', ...config()], { cwd: folder });
    if (both.status !== 0) return both.err;
    const text = readFileSync(join(folder, 'nixspec.yaml'), 'utf8');
    const lacks = [
      'hostname: { per-target: { staging: staging, production: production } }',
      '  tcp:2201: { unit: sshd-face@cert.service, only: [production] }',
      'per-target: { staging: { have-prefix: minica root ca }, production: { have-prefix: Pebble',
    ].find((part) => !text.includes(part));
    if (lacks) return `it lacks ${lacks}`;
    const verify = await nixspec(['verify', 'staging', 'production', '--no-save', '-c', 'none'], { cwd: folder });
    if (verify.status !== 0) return verify.out + verify.err;
    const again = await nixspec(['discover', 'staging', 'production', '--write'], { cwd: folder });
    if (again.status !== 0 || !again.err.endsWith('nixspec.yaml covers all that was found\n')) return again.err;
    return readFileSync(join(folder, 'nixspec.yaml'), 'utf8') === text ? undefined : 'the second time changed it';
  }, t);
  t.equal(failure, undefined);
});

t.test('--write adds what is new, and leaves the rest as it is', { skip }, async (t) => {
  const spec = `# My server.
version: 1
include: [more.yaml]
vars: { domain: lab.test }
targets: { staging:   { ssh: { host: staging, config: ${lab.sshConfig} } } } # odd   spacing

unit:
  nginx: &ok
    active:   yes   # must run
  worker: *ok
  # the end of the units

http: {"https://git.\${domain}/": {insecure: true, from: target, status: 200}}
# the end`;
  const more =
    'version: 1\nkernel-param: { kernel.hostname: { exists: true } }\nuser: { root: { shell: /bin/bash } }\n';
  const failure = await undisturbed(async (folder) => {
    const real = join(folder, 'real.yaml');
    writeFileSync(real, spec);
    chmodSync(real, 0o640);
    writeFileSync(join(folder, 'more.yaml'), more);
    symlinkSync('real.yaml', join(folder, 'nixspec.yaml'));
    const written = await nixspec(['discover', 'staging', '--write'], { cwd: folder });
    if (written.status !== 0) return written.err;
    t.match(written.err, / {2}\+ unit unbound\n/);
    t.notMatch(written.err, / {2}\+ (unit (nginx|worker)|user root|http https:\/\/git\.lab\.test\/)\n/);
    t.same(missing(spec, readFileSync(real, 'utf8')), [], 'every line is there, in its order');
    t.ok(lstatSync(join(folder, 'nixspec.yaml')).isSymbolicLink());
    t.equal(statSync(real).mode & 0o777, 0o640);
    const verify = await nixspec(['verify', 'staging', '--no-save'], { cwd: folder });
    return verify.status === 0 ? undefined : verify.out + verify.err;
  }, t);
  t.equal(failure, undefined);
});

/** The lines of the one text that do not stand in the other, or not in that order; a line in braces may have grown. */
function missing(before: string, after: string): string[] {
  const lines = after.split('\n');
  return before.split('\n').filter((line) => {
    const at = lines.findIndex(
      (other) => other === line || (line.includes('{"') && other.startsWith(line.slice(0, -1))),
    );
    lines.splice(0, at + 1);
    return at < 0;
  });
}

t.test('hostile names are data', { skip }, async (t) => {
  const odd = ['/srv/dis: #${HOME} "x"', "/srv/dis'{{*&!", '/srv/dis\nx'];
  const quoted = odd.map((path) => `'${path.replaceAll("'", `'\\''`)}'`);
  const staging = machine(lab, 'staging');
  t.teardown(() => staging.run(quoted.map((path) => `umount ${path}; rmdir ${path}`).join('\n')));
  await staging.sh(quoted.map((path) => `mkdir -p ${path} && mount -t tmpfs -o size=1m odd ${path}`).join('\n'));
  const failure = await undisturbed(async (folder) => {
    const { status, out, err } = await nixspec(['discover', 'staging', ...config()], { cwd: folder });
    if (status !== 0) return err;
    t.match(out, `  '/srv/dis: #$\${HOME} "x"': { filesystem: tmpfs`);
    t.match(out, `"/srv/dis'{{*&!": { filesystem: tmpfs`);
    t.match(out, /so left out: "\/srv\/dis\\\\nx"\./);
    writeFileSync(join(folder, 'nixspec.yaml'), out);
    const verify = await nixspec(['verify', 'staging', '--no-save'], { cwd: folder });
    return verify.status === 0 ? undefined : verify.out + verify.err;
  }, t);
  t.equal(failure, undefined);
});

t.test('not as root: what could not be seen is said', { skip }, async (t) => {
  const folder = t.testdir({});
  const plain = await nixspec(['discover', 'production-deploy', ...config()], { cwd: folder });
  t.equal(plain.status, 0, plain.err);
  t.match(plain.err, /not seen: user locked of .*: passwords may be seen by root only/);
  t.match(plain.out, /^# What could not be seen:\n(#.*\n)*# - wireguard .* of wg0: /m);
  t.notMatch(plain.out, /^wireguard:|locked: true/m);
  const sudo = await nixspec(['discover', 'production-deploy', '--sudo', ...config()], { cwd: folder });
  t.match(sudo.out, /sudo: true[\s\S]*^wireguard:/m);
});

t.test('nobody there, nothing there', { skip }, async (t) => {
  const folder = t.testdir({});
  const nobody = await nixspec(['discover', 'ssh://root@127.0.0.1:1', '--write'], { cwd: folder });
  t.match(nobody, { status: 69, out: '' });
  t.throws(() => readFileSync(join(folder, 'nixspec.yaml')), 'nothing was written');
});
