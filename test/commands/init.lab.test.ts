import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { nixspec } from '../fixture/nixspec.js';
import { type Lab, startLab } from '../lab/lab.js';
import { type NixosMachine, startNixosMachine } from '../lab/nixos-lab.js';
import { findVmLab, type VmLab } from '../lab/vm-lab.js';

/** What `nixspec init` writes is of use at once: it passes where it is for, and what does not fit is told as that. */
function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-init-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const foundVms = findVmLab();
t.test('the first spec of a flake passes in its VM', { skip: 'skip' in foundVms && foundVms.skip }, async (t) => {
  const lab = foundVms as VmLab;
  const folder = makeFolder(t);
  cpSync(realpathSync(lab.flake), folder, { recursive: true, verbatimSymlinks: true });
  const env = lab.environment;
  const init = await nixspec(['init', '--host', 'demo', '--yes'], { cwd: folder, env });
  t.match(init, { status: 0, err: /^demo: reached as root@demo, which is a guess[^\n]*\n$/ });
  t.match(
    init.out,
    /^nixspec\.yaml: written, for demo: built from \.#demo, reached as root@demo\nNext:\n {2}nixspec verify vm /,
  );
  t.match(readFileSync(join(folder, 'nixspec.yaml'), 'utf8'), '  nginx: { healthy: true, enabled: true }\n');
  const verify = await nixspec(['verify', 'vm', '--no-save'], { cwd: folder, env });
  t.equal(verify.status, 0, verify.out + verify.err);
  t.match(verify.out, /vm: 15 passed, 1 skipped in /);
});

const foundNixos = await startNixosMachine('init');
if (!('skip' in foundNixos)) t.teardown(() => foundNixos.down());

t.test('and on a machine in the shape of NixOS', { skip: 'skip' in foundNixos && foundNixos.skip }, async (t) => {
  const machine = foundNixos as NixosMachine;
  const folder = makeFolder(t);
  const words = ['init', '--host', 'web', '--ssh', machine.name, '--discover', '-F', machine.sshConfig];
  const init = await nixspec(words, { cwd: folder });
  t.equal(init.status, 0, init.err);
  t.match(init.err, /nixspec\.yaml: added [1-9]\d* unit/);
  const verify = await nixspec(['verify', 'production', '--no-save', '-F', machine.sshConfig], { cwd: folder });
  t.equal(verify.status, 0, verify.out + verify.err);
});

const foundLab = await startLab();
t.test('what is of NixOS is told elsewhere', { skip: 'skip' in foundLab && foundLab.skip }, async (t) => {
  const { sshConfig } = foundLab as Lab;
  const folder = makeFolder(t);
  const init = await nixspec(['init', '--host', 'staging', '--ssh', 'staging'], { cwd: folder });
  t.match(init, { status: 0, err: '' });
  const verify = await nixspec(['verify', 'production', '--no-save', '-F', sshConfig], { cwd: folder });
  t.equal(verify.status, 1);
  t.match(verify.out, 'current-is-profile: expected true, found nothing: this is not a NixOS system');
  t.match(verify.out, '✓ unit sshd.service  active');
  t.match(verify.out, '✓ port tcp:22  listening');
  t.match(verify.out, '✓ mount /  usage');
});
