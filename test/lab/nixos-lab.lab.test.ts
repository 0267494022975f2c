import t from 'tap';
import { startNixosMachine } from './nixos-lab.js';

// What the machines in the shape of NixOS are relied on for. Their name is this file's, so that it runs beside others.
const machine = await startNixosMachine('lab-itself');
if ('skip' in machine) {
  t.test('a machine in the shape of NixOS', { skip: machine.skip }, async () => {});
} else {
  t.setTimeout(300_000);
  t.teardown(() => machine.down());
  t.beforeEach(() => machine.reset());

  const switchTo = (system: string, action: string) => machine.run(`${system}/bin/switch-to-configuration ${action}`);

  t.test('test, boot, and back', async (t) => {
    const good = await machine.makeSystem({ label: 'good' });
    t.same((await switchTo(good, 'test')).status, 0);
    t.match(await machine.links(), { current: good, booted: machine.base, profile: machine.base, boot: machine.base });
    t.equal(await machine.sh(`curl -s http://${machine.address}`), 'good\n');
    await machine.sh(`nix-env -p /nix/var/nix/profiles/system --set ${good}`);
    t.same((await switchTo(good, 'boot')).status, 0);
    t.match(await machine.links(), { current: good, profile: good, boot: good, generation: 'system-2-link' });
    t.same((await switchTo(machine.base, 'test')).status, 0);
    t.equal(await machine.sh(`curl -s http://${machine.address}`), 'base\n');
  });

  t.test('exit codes', async (t) => {
    const fails = { 'app.service': '[Service]\nExecStart=/bin/false\n' };
    const crash = { 'app.service': '[Service]\nType=oneshot\nExecStart=/bin/false\n' };
    const systems = [
      [1, { label: 'check', preSwitchCheck: 'exit 1' }],
      [1, { label: 'inhibited', inhibitors: { dbus: 'broker' } }],
      [2, { label: 'activation', activationAfter: 'exit 3' }],
      [4, { label: 'fails', units: fails }],
      [4, { label: 'crash', units: crash }],
      [100, { label: 'init', initInterface: '300' }],
    ] as const;
    for (const [exit, system] of systems) {
      t.equal((await switchTo(await machine.makeSystem(system), 'test')).status, exit, system.label);
      t.equal((await switchTo(machine.base, 'test')).status, 0, `${system.label}: back`);
    }
    const good = await machine.makeSystem({ label: 'good' });
    const held = await machine.run(
      `flock /run/nixos/switch-to-configuration.lock ${good}/bin/switch-to-configuration test`,
    );
    t.equal(held.status, 11, 'the lock');
    const broken = await machine.makeSystem({ label: 'boot', bootLoaderFails: true });
    t.equal((await switchTo(broken, 'boot')).status, 1, 'boot loader');
  });

  t.test('a reboot brings the boot default; an entry for once, once', async (t) => {
    const good = await machine.makeSystem({ label: 'good', kernel: '6.12.2' });
    await machine.sh(`nix-env -p /nix/var/nix/profiles/system --set ${good}`);
    await machine.sh(`${machine.base}/bin/switch-to-configuration boot`);
    await machine.sh('/run/current-system/sw/bin/bootctl set-oneshot nixos-generation-2.conf');
    for (const expected of [good, machine.base]) {
      const before = await machine.bootId();
      await machine.sh('systemctl reboot');
      await machine.waitForReboot(before);
      t.match(await machine.links(), { current: expected, booted: expected, boot: machine.base });
    }
    t.same(await machine.leftovers(), []);
  });

  t.test('leftovers are seen', async (t) => {
    await machine.sh('systemd-run --on-active=1h --unit=nixspec-rollback true; mkdir /run/nixspec');
    await machine.sh('ln -s /run/nixspec/old /nix/var/nix/gcroots/auto/nixspec-old');
    const left = await machine.leftovers();
    for (const part of ['unit nixspec-rollback.timer', 'file /run/nixspec', 'GC root /nix'])
      t.match(left.join('\n'), part);
    await machine.reset();
    t.same(await machine.leftovers(), []);
  });
}
