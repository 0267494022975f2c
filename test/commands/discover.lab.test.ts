import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nixspec } from '../fixture/nixspec.js';
import { type Lab, machine, startLab } from '../lab/lab.js';

/** A newcomer's way: a spec of a machine that runs, which passes there at once. */
const found = await startLab();
const skip = 'skip' in found && found.skip;
const lab = found as Lab;
const config = () => ['--ssh-config', lab.sshConfig];

t.test('what is discovered passes, and is the same when asked again', { skip }, async (t) => {
  for (const name of ['staging', 'production']) {
    const folder = t.testdir({});
    const once = await nixspec(['discover', name, ...config()], { cwd: folder });
    t.equal(once.status, 0, once.err);
    const again = await nixspec(['discover', name, ...config()], { cwd: folder });
    t.equal(again.out, once.out, 'byte for byte');
    t.ok(once.out.split('\n').length < 160, `${once.out.split('\n').length} lines`);
    writeFileSync(join(folder, 'nixspec.yaml'), once.out);
    const lint = await nixspec(['lint'], { cwd: folder });
    t.equal(lint.status, 0, lint.err);
    const verify = await nixspec(['verify', name, '--no-save'], { cwd: folder });
    t.equal(verify.status, 0, verify.out + verify.err);
    t.match(verify.out, /: \d{2,} passed in /);
    for (const text of [
      '  worker: { active: true, enabled: true, healthy: true }',
      '  backup.timer: { active: true, enabled: true, since-last-trigger: { le: 65m } }',
      '  tcp:5432: { unit: postgresql@17-main.service, addresses: [127.0.0.1, ::1] }',
      '  https://git.lab.test/: { insecure: true, status: 200 }',
      '  deploy: { shell: /bin/bash, groups: [deploy, wheel], locked: true }',
      'failed-units: [fails.service]',
      'so not asserted: crash-loop, fails',
    ]) {
      t.match(once.out, text);
    }
    // Its service is started by the first connection: a look must not be one.
    t.equal((await machine(lab, 'staging').run('systemctl is-active proxy.service')).stdout, 'inactive\n');
  }
});

t.test('two machines: what differs, and what only one has', { skip }, async (t) => {
  const folder = t.testdir({});
  const both = await nixspec(['discover', 'staging', 'production', '--write', ...config()], { cwd: folder });
  t.equal(both.status, 0, both.err);
  const text = readFileSync(join(folder, 'nixspec.yaml'), 'utf8');
  t.match(text, 'hostname: { per-target: { staging: staging, production: production } }');
  t.match(text, /^ {2}tcp:2201: \{ unit: sshd-face@cert.service, only: \[production\] \}$/m);
  t.match(text, 'per-target: { staging: { have-prefix: minica root ca }, production: { have-prefix: Pebble');
  const verify = await nixspec(['verify', 'staging', 'production', '--no-save', '-c', 'none'], { cwd: folder });
  t.equal(verify.status, 0, verify.out + verify.err);
  const again = await nixspec(['discover', 'staging', 'production', '--write'], { cwd: folder });
  t.match(again, { status: 0, out: '', err: /nixspec.yaml covers all that was found\n$/ });
  t.equal(readFileSync(join(folder, 'nixspec.yaml'), 'utf8'), text);
});

t.test('--write adds what is new, and leaves the rest as it is', { skip }, async (t) => {
  const folder = t.testdir({});
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
  const [real, link] = [join(folder, 'real.yaml'), join(folder, 'nixspec.yaml')];
  writeFileSync(real, spec);
  chmodSync(real, 0o640);
  writeFileSync(join(folder, 'more.yaml'), more);
  symlinkSync('real.yaml', link);
  const written = await nixspec(['discover', 'staging', '--write'], { cwd: folder });
  t.equal(written.status, 0, written.err);
  t.match(written.err, / {2}\+ unit unbound\n/);
  t.notMatch(written.err, / {2}\+ (unit (nginx|worker)|user root|http https:\/\/git\.lab\.test\/)\n/);
  const text = readFileSync(real, 'utf8');
  t.same(missing(spec, text), [], 'every line is there, in its order');
  t.ok(lstatSync(link).isSymbolicLink());
  t.equal(statSync(real).mode & 0o777, 0o640);
  const verify = await nixspec(['verify', 'staging', '--no-save'], { cwd: folder });
  t.equal(verify.status, 0, verify.out + verify.err);
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
  const folder = t.testdir({});
  const { status, out, err } = await nixspec(['discover', 'staging', ...config()], { cwd: folder });
  t.equal(status, 0, err);
  t.match(out, `  '/srv/dis: #$\${HOME} "x"': { filesystem: tmpfs`);
  t.match(out, `"/srv/dis'{{*&!": { filesystem: tmpfs`);
  t.match(out, /so left out: "\/srv\/dis\\\\nx"\./);
  writeFileSync(join(folder, 'nixspec.yaml'), out);
  const verify = await nixspec(['verify', 'staging', '--no-save'], { cwd: folder });
  t.equal(verify.status, 0, verify.out + verify.err);
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
