import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { nixspec } from '../fixture/nixspec.js';
import { findVmLab } from '../lab/vm-lab.js';

/**
 * What cannot be the same in a VM, in real ones: a host that has all of it is booted twice, as it is and with the options
 * turned (fixture/troubles), and a spec tells what must be so.
 */
const lab = findVmLab();
// Two boots, emulated: a minute where nothing else runs.
t.setTimeout(600_000);

const boots = [
  { target: 'as-is', atLeast: 65 },
  { target: 'local-ca', atLeast: 60 },
] as const;

t.test('what cannot be the same in a VM', { skip: 'skip' in lab && lab.skip }, async (t) => {
  if ('skip' in lab) return;
  const folder = t.testdir();
  cpSync(fileURLToPath(new URL('../fixture/troubles', import.meta.url)), folder, { recursive: true });
  // As an ordinary user would have it: its files are nobody's in the VM.
  execFileSync('chown', ['-R', '12345:12345', join(folder, 'seed')]);
  chmodSync(join(folder, 'seed'), 0o700);
  // What a VM finds at 10.0.2.2 where it may reach the machine that it runs on.
  const runner = createServer((stream) => stream.end()).listen(0, '127.0.0.1');
  t.teardown(() => runner.close());
  await new Promise((resolve) => runner.once('listening', resolve));
  const { port } = runner.address() as AddressInfo;

  for (const { target, atLeast } of boots) {
    const flags = ['--var', `flake=${lab.flake}`, '--var', `runner-port=${port}`];
    const { status, out, err } = await nixspec(['verify', target, '--spec', join(folder, 'spec.yaml'), ...flags], {
      env: lab.environment,
    });
    if (!t.equal(status, 0, target)) t.comment(`${out}${err}`);
    const passed = Number(/: (\d+) passed/.exec(out)?.[1]);
    t.ok(passed >= atLeast, `${target}: ${passed} passed, none is missing`);
    t.notMatch(out, /failed in|unknown|skipped/, target);
  }
});
