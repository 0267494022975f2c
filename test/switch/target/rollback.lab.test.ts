import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { disarm } from '../../../src/switch/target/guard.js';
import { startJob } from '../../../src/switch/target/job.js';
import { type NixosMachine, type NixosSystem, startNixosMachine } from '../../lab/nixos-lab.js';
import { armed, jobEnds, rollbackEnds, timeIsUp } from './guarded.js';
import { runStep } from './run-step.js';

// Nobody disarms: the target must come back by itself from whatever the new system has broken.

interface Row {
  readonly name: string;
  readonly system: Partial<NixosSystem>;
  /** How the activation ends; `hangs`: not at all; `any`: it depends on who is faster. */
  readonly exit: number | 'any' | 'hangs';
  /** Something beside it, after the activation has ended or hangs. */
  readonly meanwhile?: string;
}

const oneshot = (command: string) => `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=${command}\n`;

const rows: readonly Row[] = [
  { name: 'a good one', system: {}, exit: 0 },
  { name: 'a service fails at once', system: { units: { 'app.service': oneshot('/bin/false') } }, exit: 4 },
  {
    name: 'a service fails late',
    system: { units: { 'app.service': "[Service]\nExecStart=/bin/sh -c 'sleep 2; exit 1'\n" } },
    exit: 'any',
  },
  {
    name: 'a crash loop',
    system: {
      units: {
        'app.service':
          '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=100ms\n',
      },
    },
    exit: 'any',
  },
  { name: 'the firewall closes SSH', system: { firewall: 'tcp dport { 22, 80 } drop' }, exit: 0 },
  {
    name: 'the network goes down',
    system: { units: { 'network-addresses-eth0.service': oneshot("/bin/sh -c 'ip link set eth0 down'") } },
    exit: 0,
  },
  {
    name: 'sshd is broken',
    system: { units: { 'sshd.service': '[Service]\nExecStart=/usr/sbin/sshd -D -o NoSuchOption=yes\n' } },
    exit: 'any',
  },
  { name: 'sshd is gone', system: { units: { 'sshd.service': null } }, exit: 0 },
  { name: 'the activation hangs', system: { activationBefore: 'sleep 1000' }, exit: 'hangs' },
  {
    name: 'the activation hangs and ignores SIGTERM',
    system: { activationBefore: "trap '' TERM; sleep 1000; sleep 1000" },
    exit: 'hangs',
  },
  { name: 'a unit never starts', system: { units: { 'app.service': oneshot('/bin/sleep 1000') } }, exit: 'hangs' },
  { name: 'a check refuses', system: { preSwitchCheck: 'exit 1' }, exit: 1 },
  { name: 'the activation script fails', system: { activationAfter: 'exit 3' }, exit: 2 },
  { name: 'another init interface', system: { initInterface: '300' }, exit: 100 },
  { name: 'systemd is executed again', system: { reexecs: true }, exit: 0 },
  { name: 'its tools are broken', system: { tools: 'systemctl flock sed grep sh find mv readlink' }, exit: 0 },
  { name: 'emergency mode', system: {}, exit: 0, meanwhile: 'systemctl isolate --no-block emergency.target; sleep 1' },
  {
    name: 'systemd reads its units again',
    system: {},
    exit: 0,
    meanwhile: 'systemctl daemon-reload; systemctl daemon-reexec',
  },
  { name: 'everything that can fail is reset', system: {}, exit: 0, meanwhile: 'systemctl reset-failed' },
  { name: 'the garbage collector runs', system: {}, exit: 0, meanwhile: 'nix-collect-garbage -d >/dev/null 2>&1' },
  {
    name: 'somebody else holds the lock, and lets go',
    system: {},
    exit: 0,
    meanwhile: 'systemd-run -q --collect flock /run/nixos/switch-to-configuration.lock sleep 12',
  },
];

const answers = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, host, () => resolve(socket.destroy() !== undefined));
    socket.setTimeout(2000, () => resolve(socket.destroy() === undefined));
    socket.on('error', () => resolve(false));
  });

async function comesBack(t: Test, machine: NixosMachine, { name, system, exit, meanwhile }: Row) {
  const id = name.replaceAll(/[^a-z]+/g, '-');
  const next = await machine.makeSystem({ label: 'next', ...system });
  await armed(machine, id, 600, { next });
  t.same(await runStep(machine, startJob(id, 'test', next)), { status: 'started' });
  if (exit !== 'hangs')
    t.match(await jobEnds(machine, id), { status: 'ended', exit: exit === 'any' ? Number : exit }, 'the activation');
  if (meanwhile !== undefined) await machine.sh(meanwhile);
  await timeIsUp(machine);
  const result = await rollbackEnds(machine, id);
  t.match(result, { ended: 'restored', cause: 'deadline', profileRestored: true, current: machine.base }, result.log);
  const { base } = machine;
  t.same(await machine.links(), {
    current: base,
    booted: base,
    profile: base,
    generation: 'system-1-link',
    boot: base,
  });
  t.equal(await machine.sh(`curl -s http://127.0.0.1`), 'base\n', 'the web server');
  t.ok(await answers(machine.address, 22), 'SSH from outside');
  t.equal((await machine.run('systemctl is-system-running')).stdout.trim(), 'running');
  t.same(await runStep(machine, disarm(id)), { status: 'disarmed' });
  t.same(await machine.leftovers(), []);
}

// Several machines side by side: most of the time is waiting.
const machines = await Promise.all(['rollback-a', 'rollback-b', 'rollback-c'].map(startNixosMachine));
const [first] = machines;
if (first === undefined || 'skip' in first)
  t.test('the rollback', { skip: first?.skip ?? 'no machine' }, async () => {});
else {
  t.setTimeout(900_000);
  t.jobs = machines.length;
  const free = machines.filter((machine): machine is NixosMachine => !('skip' in machine));
  t.teardown(() => {
    for (const machine of machines) if (!('skip' in machine)) machine.down();
  });
  for (const row of rows)
    t.test(row.name, { buffered: true }, async (t) => {
      const machine = free.pop();
      if (machine === undefined) throw new Error('more tests at once than machines');
      try {
        await machine.reset();
        await comesBack(t, machine, row);
      } finally {
        free.push(machine);
      }
    });
}
