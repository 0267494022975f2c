import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { type Bench, makeBench, processesOf } from './fake/fake-machine.js';

/** Whatever nixspec is at when it is told to end, or is killed: no QEMU, no process, no folder, no socket is left. */
interface Phase {
  readonly name: string;
  readonly script: string;
  readonly entries?: string;
  /** The file that tells that it is there. */
  readonly mark: string;
}

const phases: readonly Phase[] = [
  {
    name: 'while the start script makes the disk',
    script: 'touch $SHARED_DIR/disk\nsleep 30\nfake good "$@"',
    mark: 'disk',
  },
  { name: 'while it waits for the boot', script: 'touch $SHARED_DIR/boot\nfake deaf "$@"', mark: 'boot' },
  {
    name: 'while it waits for it to settle',
    script: '(sleep 2; touch $SHARED_DIR/settle) &\nfake never-settles "$@"',
    mark: 'settle',
  },
  {
    name: 'while it verifies',
    script: 'fake good "$@"',
    entries: 'command:\n  "touch FOLDER/verify; sleep 30": { exit-status: 0, timeout: 40s }\n',
    mark: 'verify',
  },
  { name: 'while it shuts down', script: 'fake ignores-poweroff "$@"', mark: 'poweroff' },
];

const ways: readonly {
  readonly name: string;
  readonly signals: readonly NodeJS.Signals[];
  readonly status: number | null;
}[] = [
  { name: 'Ctrl-C', signals: ['SIGINT'], status: 130 },
  { name: 'SIGTERM', signals: ['SIGTERM'], status: 130 },
  { name: 'Ctrl-C twice', signals: ['SIGINT', 'SIGINT'], status: 130 },
  { name: 'kill -9', signals: ['SIGKILL'], status: null },
];

for (const phase of phases) {
  t.test(phase.name, { timeout: 60_000 }, async (t) => {
    for (const way of ways) {
      const bench = makeBench(t, phase.script, 'timeout: 60s', phase.entries);
      const running = bench.run('verify', 'vm', '--no-save', '--no-inventory');
      await bench.mark(phase.mark);
      await sleep(300);
      const began = performance.now();
      for (const signal of way.signals) {
        running.kill(signal);
        await sleep(50);
      }
      const { status, err } = await running.ended;
      // What was verified was verified, whether or not the machine was given its time to shut down.
      const isDone = phase.mark === 'poweroff' && way.signals.length === 1 && way.status !== null;
      t.equal(status, isDone ? 0 : way.status, `${way.name}: exit code; ${err}`);
      if (way.status !== null && way.signals.length === 1 && !isDone)
        t.match(err, /^error\[interrupted\]: interrupted\n$/);
      t.same(await bench.leftovers(), [], `${way.name}: leftovers`);
      t.ok(performance.now() - began < 9000, `${way.name}: ${Math.round(performance.now() - began)} ms`);
    }
  });
}

t.test('a machine that even ignores to be told to end', async (t) => {
  const bench = makeBench(t, 'fake ignores-term "$@"', 'timeout: 60s', phases[3]?.entries);
  const running = bench.run('verify', 'vm', '--no-save', '--no-inventory');
  await bench.mark('verify');
  running.kill('SIGKILL');
  await running.ended;
  t.same(await bench.leftovers(10), []);
});

t.test('two at once have a port and a disk each, and leave nothing', async (t) => {
  const bench = makeBench(t, 'echo "$NIX_DISK_IMAGE" >>$SHARED_DIR/disks\nfake good "$@"');
  const both = await Promise.all([1, 2].map(() => bench.run('verify', 'vm', '--no-save').ended));
  t.same(
    both.map(({ status }) => status),
    [0, 0],
  );
  const ports = both.map(({ out }) => /127\.0\.0\.1:(\d+)/.exec(out)?.[1]);
  t.not(ports[0], ports[1]);
  t.same(await bench.leftovers(), []);
});

t.test('what a killed run left is cleared by the next', async (t) => {
  const bench = makeBench(t, 'fake good "$@"');
  const orphan = leave(bench, 'dead', { pid: 999_999_999, started: '1' });
  const reused = leave(bench, 'reused', { pid: process.pid, started: '1' });
  const nobody = leave(bench, 'nobody', undefined);
  const { status, err } = await bench.run('verify', 'vm', '--no-save').ended;
  t.equal(status, 0, err);
  // It may be one that is just being made.
  t.same(await bench.leftovers(1), [nobody], `${orphan} and ${reused} are gone`);
});

t.test('an orphan whose supervisor was killed too is ended by the next', async (t) => {
  const bench = makeBench(t, 'fake good "$@"', 'timeout: 60s', phases[3]?.entries);
  const running = bench.run('verify', 'vm', '--no-save', '--no-inventory');
  await bench.mark('verify');
  running.kill('SIGSTOP');
  for (const { pid, words } of processesOf(bench.place))
    if (words.startsWith('/bin/sh -c')) process.kill(pid, 'SIGKILL');
  running.kill('SIGKILL');
  await running.ended;
  await sleep(500);
  t.match(await bench.leftovers(0), [/nixspec-vm-/, /fake-qemu/]);
  writeFileSync(join(bench.folder, 'run-vm'), '#!/bin/sh\nexit 1\n');
  await bench.run('verify', 'vm', '--no-save').ended;
  t.same(await bench.leftovers(), []);
});

function leave(bench: Bench, name: string, owner: object | undefined): string {
  const folder = `nixspec-vm-${name}`;
  mkdirSync(join(bench.place, folder), { mode: 0o700 });
  if (owner) {
    const whole = { ...owner, kept: false, target: 'vm', specFolder: bench.folder, since: '2026-01-01T00:00:00Z' };
    writeFileSync(join(bench.place, folder, 'owner.json'), JSON.stringify(whole));
  }
  return folder;
}
