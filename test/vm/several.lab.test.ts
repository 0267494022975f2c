import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { nixspec } from '../fixture/nixspec.js';
import { findVmLab } from '../lab/vm-lab.js';

/** Two VMs on one private network: the built command line, real machines under QEMU. */
const lab = findVmLab();
const skip = 'skip' in lab && lab.skip;

// Emulated beside other tests' machines they are slow.
t.setTimeout(400_000);

/** Whatever is left of the machines was left in a folder of this test's own; names of sockets are short. */
async function verify(t: Test, second: string, entries: string) {
  if ('skip' in lab) throw new Error(lab.skip);
  const folder = mkdtempSync('/var/tmp/several-');
  t.teardown(() => rmSync(folder, { recursive: true }));
  const spec = join(t.testdir({}), 'nixspec.yaml');
  const vm = (host: string) => `{ vm: { flake: "${lab.flake}#${host}", cores: 1, memory: 512MiB } }`;
  writeFileSync(spec, `version: 1\ntargets:\n  web: ${vm('web')}\n  db: ${vm(second)}\n${entries}`);
  const env = { ...lab.environment, TMPDIR: folder };
  const ended = await nixspec(['verify', 'web', 'db', '--spec', spec, '--report', 'json'], { env });
  t.same(readdirSync(folder), [], 'nothing is left of machines and network');
  return ended;
}

/** Counts who comes: on loopback, where QEMU's own network would lead. */
async function listen(t: Test): Promise<{ readonly port: number; readonly came: () => number }> {
  let came = 0;
  const server = createServer((socket) => {
    came += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, came: () => came };
}

interface Report {
  readonly runs: readonly {
    readonly target: string;
    readonly outcomes: readonly { readonly id: string; readonly status: string; readonly message: string }[];
  }[];
}

t.test('two machines that need each other', { skip }, async (t) => {
  const listener = await listen(t);
  const ended = await verify(
    t,
    'db',
    `
http:
  # By the addresses of production: the one they share a network by, and one that a router leads to.
  http://www.lab.test/db: { only: [web], body: "rows: 42, for 10.20.0.2", within: 60s }
  http://www.lab.test/public: { only: [web], body: "for everybody, also 198.51.100.7", within: 60s }
  # By names: the target's, and the public one.
  http://db:8081/: { only: [web], status: 200 }
  http://web/: { only: [db], status: 200 }
  http://www.lab.test/: { only: [db], body: welcome to www.lab.test }
addr:
  tcp://192.168.1.1:8081: { only: [web], reachable: true }
  # db's firewall goes by the card.
  tcp://192.168.1.1:8080: { only: [web], reachable: false, timeout: 3s }
  tcp://10.20.0.1:8080: { only: [web], reachable: true }
  # The world is as far away as ever.
  tcp://10.0.2.2:${listener.port}: { reachable: false, timeout: 3s }
system:
  state: running
`,
  );
  const { runs } = JSON.parse(ended.out) as Report;
  t.same(
    runs.map(({ target }) => target),
    ['web', 'db'],
  );
  for (const { target, outcomes } of runs) {
    for (const { id, status, message } of outcomes) t.equal(status, 'passed', `${target}: ${id}: ${message}`);
  }
  t.equal(runs.flatMap(({ outcomes }) => outcomes).length, 12);
  t.equal(ended.status, 0, ended.err);
  t.equal(listener.came(), 0, 'nobody came to the machine that runs them');
});

t.test('one that does not come up ends the other', { skip }, async (t) => {
  const ended = await verify(t, 'panics', 'system:\n  state: running\n');
  t.equal(ended.status, 69, ended.out);
  t.match(ended.err, /error\[vm-boot-failed\]: db: the VM did not come up/);
  t.notMatch(ended.err, /interrupted/);
});
