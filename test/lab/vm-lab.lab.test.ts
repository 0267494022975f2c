import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { boot, build, findVmLab, type RunningVm } from './vm-lab.js';

const lab = findVmLab();

/** A VM of a host, with the key that it is given when it starts; as nixspec does it, by extending the configuration. */
const extended = (host: string) => `(flake.nixosConfigurations.${host}.extendModules {
  modules = [ { virtualisation.vmVariant.imports = map (name: "\${flake}/hosts/\${name}.nix") [ "credentials" "peer-beside" ]; } ];
}).config.system.build.vm`;

t.test('a machine of the VM lab', { skip: 'skip' in lab && lab.skip }, async (t) => {
  if ('skip' in lab) return;
  const folder = t.testdir();
  const script = join(build(lab, extended('demo')), 'bin/run-demo-vm');
  t.ok(existsSync(script), script);

  const machine = await boot(script, folder);
  t.teardown(machine.kill);
  t.comment(`SSH after ${Math.round(machine.booted / 100) / 10} s`);

  t.match(machine.run('systemctl is-system-running --wait'), { status: 0, stdout: 'running\n' });
  t.match(machine.run('curl -sSk https://git.lab.test/ --resolve git.lab.test:443:127.0.0.1'), {
    stdout: 'welcome to git.lab.test\n',
  });
  t.match(
    machine.run('openssl x509 -noout -issuer -ext subjectAltName -in /var/lib/acme/git.lab.test/cert.pem').stdout,
    /minica root ca [0-9a-f]{6}\n.*\n *DNS:git\.lab\.test/,
  );
  t.equal(handshakes(machine), 1, 'the peer beside it has shaken hands, production’s never did');
  t.match(machine.run('readlink /run/current-system').stdout, /^\/nix\/store\/.*-nixos-system-demo-26\.05/);
  t.match(machine.run('/run/current-system/sw/bin/nixos-version --json').stdout, /"nixosVersion":"26.05/);

  t.equal(await machine.powerOff(), 0, 'a power-off from inside ends QEMU');
});

function handshakes({ run }: RunningVm): number {
  const now = Number(run('date +%s').stdout);
  const lines = run('wg show wg0 latest-handshakes').stdout.trim().split('\n');
  return lines.filter((line) => now - Number(line.split('\t')[1]) < 180).length;
}
