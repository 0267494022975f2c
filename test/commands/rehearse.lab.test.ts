import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { nixspec, start } from '../fixture/nixspec.js';
import { machine, startLab } from '../lab/lab.js';
import { findVmLab, type VmLab } from '../lab/vm-lab.js';

/** Upgrades that only an upgrade shows: real machines, whose disk goes from one system to the next. */
const found = findVmLab();
const lab = found as VmLab;
const skip = 'skip' in found && found.skip;
const real = await startLab();
const skipReal = skip || ('skip' in real && real.skip);

const env = 'skip' in found ? {} : { ...found.environment };
const words = (folder: string, ...more: string[]) => ['rehearse', 'vm', '-s', join(folder, 'nixspec.yaml'), ...more];

/** What is left of this test's machines: folders that name the folder of its spec. */
function leftovers(folder: string): string[] {
  return readdirSync('/var/tmp').filter((name) => {
    if (!name.startsWith('nixspec-vm-')) return false;
    try {
      return readFileSync(join('/var/tmp', name, 'owner.json'), 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

function writeSpec(folder: string, host: string, targets = '', entries = ''): void {
  writeFileSync(
    join(folder, 'nixspec.yaml'),
    `version: 1
targets:
  vm: { vm: { flake: "${host}", cores: 1, memory: 512MiB } }
  # Never booted: whose assertions a specialisation is verified by.
  maintenance: { vm: { flake: "${host}" } }
${targets}
unit:
  nginx.service: { active: true, only: [vm] }
http:
  https://git.lab.test/: { status: { per-target: { vm: 200, maintenance: 503 } }, insecure: true, within: 30s, only: [vm, maintenance] }
  https://git.lab.test/api/v1/version: { status: 200, insecure: true, body: [9.0.2], only: [vm] }
${entries}`,
  );
}

/** A copy of the lab's flake with more hosts, each an upgrade of `demo`. */
function copyFlake(t: Test, hosts: { readonly [name: string]: string }): string {
  const folder = join(t.testdir({ flake: {} }), 'flake');
  cpSync(realpathSync(lab.flake), folder, { recursive: true });
  for (const [name, text] of Object.entries(hosts)) writeFileSync(join(folder, 'hosts', `${name}.nix`), text);
  const file = join(folder, 'flake.nix');
  const names = Object.keys(hosts).map((name) => `"${name}"`);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"demo" ', `"demo" ${names.join(' ')} `));
  // NixOS's own leaves the system as it is where the new one has another init.
  const script = join(folder, 'nixos/scripts/switch-to-configuration');
  const text = readFileSync(script, 'utf8');
  const check =
    '[ ! -e @out@/etc/other-init ] || { echo "won\'t take effect until you reboot the system." >&2; exit 100; }\n';
  writeFileSync(script, text.replace('mkdir -p /run/nixos\n', `${check}mkdir -p /run/nixos\n`));
  return folder;
}

t.test('a migration that fails where there is old state, and only there', { skip }, async (t) => {
  const folder = t.testdir();
  writeSpec(folder, `${lab.flake}#demo-next`);
  const text = readFileSync(join(folder, 'nixspec.yaml'), 'utf8');
  writeFileSync(join(folder, 'nixspec.yaml'), text.replace('[9.0.2]', "['/9[.]0[.][23]/']"));
  const { status, out, err } = await nixspec(words(folder, '--from', `${lab.flake}#demo`), { env });
  t.equal(status, 1, out + err);
  t.match(out, 'vm+before: 4 passed');
  t.match(out, /! switch to the new configuration in the running VM .*\n {4}a unit failed: nixos-rebuild, too/);
  t.match(
    out,
    /✗ app\.service {2}breaks on the way\n {8}cannot migrate from schema 1 to 2: column owner is missing\n/,
    'why, in the words of the unit',
  );
  t.match(out, /restarted: .*nginx\.service/);
  t.match(out, 'vm+switched: 4 passed', 'the spec knows nothing of the application');
  t.match(out, 'vm+rebooted compared with vm+before');
  t.match(out, 'vm: the upgrade does not hold: app.service breaks on the way\n');
  t.same(leftovers(folder), []);
  const saved = readdirSync(join(folder, '.nixspec/runs')).map((name) => name.replace(/^.*Z-/, ''));
  t.same(saved, ['vm+before.json', 'vm+switched.json', 'vm+rebooted.json'], 'none is a baseline of vm');
});

t.test(
  'from the commit that production runs, over a lost connection, with a specialisation',
  { skip: skipReal },
  async (t) => {
    if ('skip' in real) return;
    const flake = copyFlake(t, {});
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', flake, '-c', 'user.name=t', '-c', 'user.email=t@lab.test', ...args], {
        encoding: 'utf8',
      });
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'deployed');
    const revision = git('rev-parse', 'HEAD').trim();
    const host = join(flake, 'hosts/demo.nix');
    writeFileSync(host, readFileSync(host, 'utf8').replace('welcome to', 'hello from'));
    // What cuts off whoever switches over SSH.
    writeFileSync(
      join(flake, 'hosts/cut.nix'),
      `{
  systemd.services.cut = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = "[ -e /run/nixspec-rehearsal ] || exit 0; pkill -KILL sshd; systemctl restart sshd.service; sleep 1";
  };
}`,
    );
    writeFileSync(
      host,
      readFileSync(host, 'utf8').replace('imports = [ ./app.nix ]', 'imports = [ ./app.nix ./cut.nix ]'),
    );
    git('add', '.');

    const inside = machine(real, 'production');
    const standIn = '/usr/local/bin/nixos-version';
    t.teardown(() => inside.sh(`rm -f ${standIn}`));
    const say = (json: string) =>
      inside.sh(`printf '#!/bin/sh\\necho '\\''${json}'\\''\\n' >${standIn}; chmod +x ${standIn}`);
    const folder = join(flake, '..');
    writeSpec(
      folder,
      `${flake}#demo`,
      `  production: { ssh: { host: production, config: ${real.sshConfig} }, compare-with: vm }`,
    );

    await say(`{"configurationRevision": "${revision}-dirty"}`);
    const dirty = await nixspec(words(folder), { env });
    t.equal(dirty.status, 64, dirty.err);
    t.match(dirty.err, `production runs ${revision}-dirty: what was not committed when it was deployed`);
    t.match(dirty.err, /hint: name it with --from/);

    await say(`{"configurationRevision": "${revision}"}`);
    const wrong = await nixspec(words(folder, '--specialisation', 'maintenence'), { env });
    t.equal(wrong.status, 64, wrong.err);
    t.match(wrong.err, 'no specialisation "maintenence"\nhint: it has maintenance\n');

    const { status, out, err } = await nixspec(words(folder, '--specialisation', 'maintenance=maintenance'), { env });
    t.equal(status, 0, out + err);
    t.match(out, `?rev=${revision}#demo  (what production says it runs)`);
    t.match(out, 'vm+switched: 4 passed');
    t.match(out, /started: cut\.service/);
    t.match(out, 'vm+rebooted: 4 passed');
    t.match(out, 'switch to the specialisation maintenance');
    t.match(out, 'vm+specialisation-maintenance: 1 passed');
    t.match(out, 'vm+back-from-maintenance: 4 passed');
    t.match(out, 'vm: the upgrade holds\n');
    t.same(leftovers(folder), []);
  },
);

t.test('what goes wrong with the switch and with the boot', { skip }, async (t) => {
  const copy = copyFlake(t, {
    // The switch waits for something that never comes; and there is no second stage to boot.
    stuck: `{
  imports = [ ./panics.nix ];
  systemd.services.stuck = { wantedBy = [ "multi-user.target" ]; serviceConfig.Type = "oneshot"; script = "sleep infinity"; };
}`,
    'other-init': `{ imports = [ ./demo.nix ]; environment.etc."other-init".text = ""; }`,
  });
  const folder = join(copy, '..');
  // By its path: it lies in a checkout that does not know it.
  const flake = `path:${copy}`;

  writeSpec(folder, `${flake}#demo`);
  const gone = await nixspec(words(folder, '--from', `${flake}#broken-evaluation`), { env });
  t.equal(gone.status, 69, gone.err);
  t.match(gone.err, /what is deployed, .*#broken-evaluation: .*services\.forgejo needs a database/s);
  const dead = await nixspec(words(folder, '--from', `${flake}#panics`), { env });
  t.equal(dead.status, 69, dead.err);
  t.match(dead.err, 'error[vm-boot-failed]');
  t.equal(dead.out, '');

  writeSpec(folder, `${flake}#stuck`);
  const from = ['--from', `${flake}#demo`];
  const stuck = await nixspec(words(folder, ...from, '--switch-timeout', '15s'), { env });
  t.equal(stuck.status, 1, stuck.out + stuck.err);
  t.match(stuck.out, /✗ switch to the new configuration .*\n {4}it did not end in time, and was killed\n/);
  t.match(stuck.out, /\| jobs of systemd that have not ended:\n(.*\n)* {4}\| .*stuck\.service +start +running\n/);
  t.match(stuck.out, /✗ boot the new VM on the same disk .*\n {4}vm: the VM did not come up/);
  t.match(stuck.out, 'vm: the upgrade does not hold: switched went wrong; rebooted went wrong');

  writeSpec(folder, `${flake}#other-init`);
  const interrupted = start(words(folder, ...from), { env });
  let said = '';
  const reboots = new Promise<void>((resolve) =>
    interrupted.onError((text) => {
      said += text;
      if (said.includes('it takes a reboot')) resolve();
    }),
  );
  await Promise.race([reboots, interrupted.ended]);
  t.match(said, 'vm: switched: it takes a reboot: the new init is another (exit status 100)');
  interrupted.kill('SIGINT');
  const ended = await interrupted.ended;
  t.equal(ended.status, 130, ended.err);
  t.same(leftovers(folder), []);
});
