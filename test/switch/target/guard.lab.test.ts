import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { arm } from '../../../src/switch/target/arm.js';
import { disarm, extend, readGuard } from '../../../src/switch/target/guard.js';
import { inspectTarget } from '../../../src/switch/target/inspect.js';
import { enterCommand, followJob, startJob } from '../../../src/switch/target/job.js';
import { reboot } from '../../../src/switch/target/reboot.js';
import { followRollback, startRollback } from '../../../src/switch/target/rollback.js';
import { takeSnapshot } from '../../../src/switch/target/snapshot.js';
import { startNixosMachine } from '../../lab/nixos-lab.js';
import { armed, jobEnds, request, rollbackEnds, timeIsUp, until } from './guarded.js';
import { runStep } from './run-step.js';

// Arming, keeping, and what may come in between.

const machine = await startNixosMachine('guard');
if ('skip' in machine) t.test('the guard', { skip: machine.skip }, async () => {});
else {
  t.setTimeout(900_000);
  t.teardown(() => machine.down());
  t.beforeEach(() => machine.reset());
  const { base } = machine;
  const untouched = { current: base, booted: base, profile: base, generation: 'system-1-link', boot: base };

  const cleared = async (t: Tap, id: string) => {
    t.same(await runStep(machine, disarm(id)), { status: 'disarmed' });
    t.same(await machine.leftovers(), []);
  };
  type Tap = Pick<typeof t, 'same'>;

  t.test('what is there before', async (t) => {
    const next = await machine.makeSystem({
      label: 'next',
      kernel: '6.13',
      kernelParams: 'quiet',
      inhibitors: { dbus: 'broker' },
    });
    const state = await runStep(machine, inspectTarget(next));
    t.match(state, {
      ...{ root: true, lacks: [], current: base, booted: base, profile: base, generation: 1, lockHeld: false },
      boot: { loader: 'systemd-boot', system: base, once: true },
      bootId: /^[0-9a-f-]{36}$/,
      systemState: 'running',
      failedUnits: [],
      cursor: /^s=/,
      free: { '/nix/store': Number, '/run': Number },
      next: {
        status: 'whole',
        isCurrent: false,
        reboot: ['kernel', 'kernel-modules', 'kernel-params'],
        inhibitors: ['dbus'],
      },
    });
    t.equal(state.guard, undefined);
    const dead = '/nix/store/00000000000000000000000000000000-none';
    t.match((await runStep(machine, inspectTarget(dead))).next, { status: 'missing' });
    t.match((await runStep(machine, inspectTarget(base))).next, { status: 'whole', isCurrent: true, isProfile: true });
    await machine.sh(
      'systemd-run -q --collect --unit=somebody flock /run/nixos/switch-to-configuration.lock sleep 600',
    );
    t.match(await until(machine, inspectTarget(), ({ lockHeld }) => lockHeld), { lockHeld: true });
    await machine.sh('systemctl stop somebody.service');
    t.equal((await runStep(machine, inspectTarget())).lockHeld, false);
    t.same(await machine.leftovers(), []);
  });

  t.test('armed and disarmed, nothing is touched', async (t) => {
    const next = await machine.makeSystem({ label: 'next' });
    t.match(await armed(machine, 'one', 60, { next }), { remaining: 60, old: base, profile: base });
    const guard = await runStep(machine, readGuard());
    t.match(guard, { id: 'one', phase: 'armed', trigger: 'timer', runner: 'me@here', old: base, profile: base, next });
    t.match(await runStep(machine, arm(request('two', 60))), { status: 'busy', guard: { id: 'one' } });
    t.match(await runStep(machine, extend('two', 60)), { status: 'too-late', reason: 'another switch is armed' });
    t.match(await runStep(machine, disarm('two')), { status: 'failed', reason: 'another switch is armed' });
    t.match(await runStep(machine, extend('one', 600)), { status: 'extended', remaining: 600 });
    t.match(await runStep(machine, extend('one', 5)), { status: 'extended' });
    await cleared(t, 'one');
    t.equal(await runStep(machine, readGuard()), 'absent');
    await cleared(t, 'one');
    t.same(await machine.links(), untouched);
  });

  t.test('an extended deadline is waited for', async (t) => {
    const next = await machine.makeSystem({ label: 'next' });
    await armed(machine, 'one', 20, { next });
    t.match(await runStep(machine, extend('one', 600)), { status: 'extended' });
    await runStep(machine, startJob('one', 'test', next));
    await jobEnds(machine, 'one');
    await sleep(20_000);
    t.match(
      await runStep(machine, readGuard()),
      { trigger: 'timer', phase: 'activated' },
      'its timer is over, it waits',
    );
    t.match(await runStep(machine, followRollback('one')), { status: 'waiting' });
    t.match(await runStep(machine, extend('one', 900)), { status: 'extended', remaining: 900 });
    await cleared(t, 'one');
    t.equal((await machine.links()).current, next);
  });

  t.test('two at once: one is armed', async (t) => {
    const answers = await Promise.all(['one', 'two', 'three'].map((id) => runStep(machine, arm(request(id, 60)))));
    t.same(answers.map(({ status }) => status).sort(), ['armed', 'busy', 'busy']);
    const guard = await runStep(machine, readGuard());
    await cleared(t, guard === 'absent' ? '' : guard.id);
  });

  t.test('kept: profile and boot default, by one generation', async (t) => {
    const next = await machine.makeSystem({ label: 'next' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'test', next));
    await jobEnds(machine, 'one');
    await runStep(machine, startJob('one', 'keep', next));
    t.match(await jobEnds(machine, 'one'), { status: 'ended', exit: 0 });
    t.match(await runStep(machine, readGuard()), { phase: 'kept', trigger: 'timer' });
    await machine.sh('nix-collect-garbage -d >/dev/null 2>&1');
    await cleared(t, 'one');
    t.match(await machine.links(), { current: next, profile: next, boot: next, generation: 'system-2-link' });
  });

  t.test('kept, and then not disarmed: all is put back, also after a garbage collection', async (t) => {
    const next = await machine.makeSystem({ label: 'next' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'test', next));
    await jobEnds(machine, 'one');
    await runStep(machine, startJob('one', 'keep', next));
    await jobEnds(machine, 'one');
    t.match(await machine.links(), { current: next, profile: next, boot: next });
    await machine.sh('nix-collect-garbage -d >/dev/null 2>&1');
    await timeIsUp(machine);
    const result = await rollbackEnds(machine, 'one');
    t.match(result, { ended: 'restored', bootExit: 0, exit: 0 }, result.log);
    t.match(await machine.links(), { current: base, profile: base, boot: base });
    await cleared(t, 'one');
  });

  t.test('the boot loader cannot be installed', async (t) => {
    const next = await machine.makeSystem({ label: 'next', bootLoaderFails: true });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'test', next));
    await jobEnds(machine, 'one');
    await runStep(machine, startJob('one', 'keep', next));
    t.match(await jobEnds(machine, 'one'), { status: 'ended', exit: 1 });
    t.match(await runStep(machine, readGuard()), { phase: 'keeping' });
    await runStep(machine, startRollback('one'));
    t.match(await rollbackEnds(machine, 'one'), {
      ended: 'restored',
      cause: 'asked',
      profileRestored: true,
      bootExit: 0,
    });
    t.same(await machine.links(), untouched);
    await cleared(t, 'one');
  });

  t.test('a deployer that does everything at once', async (t) => {
    const next = await machine.makeSystem({ label: 'next' });
    await armed(machine, 'one', 600);
    await runStep(machine, enterCommand('one'));
    await machine.sh(
      `nix-env -p /nix/var/nix/profiles/system --set ${next} && ${next}/bin/switch-to-configuration switch`,
    );
    t.match(await machine.links(), { current: next, profile: next, boot: next });
    await runStep(machine, startRollback('one'));
    t.match(await rollbackEnds(machine, 'one'), { ended: 'restored' });
    t.same(await machine.links(), untouched);
    await cleared(t, 'one');
  });

  t.test('a specialisation ran, and the boot default was another generation', async (t) => {
    const second = await machine.makeSystem({ label: 'second', specialisations: { bright: { label: 'bright' } } });
    const bright = (await machine.sh(`readlink -f ${second}/specialisation/bright`)).trim();
    await machine.sh(
      `nix-env -p /nix/var/nix/profiles/system --set ${second} && ${base}/bin/switch-to-configuration boot`,
    );
    await machine.sh(`${bright}/bin/switch-to-configuration test`);
    const before = await machine.links();
    t.match(before, { current: bright, profile: second, boot: base });
    const next = await machine.makeSystem({ label: 'next' });
    t.match(await armed(machine, 'one', 600, { next }), { old: bright, profile: second });
    for (const job of ['test', 'keep'] as const) {
      await runStep(machine, startJob('one', job, next));
      await jobEnds(machine, 'one');
    }
    await runStep(machine, startRollback('one'));
    t.match(await rollbackEnds(machine, 'one'), { ended: 'restored' });
    t.same(await machine.links(), before);
    await cleared(t, 'one');
  });

  t.test('the new system is the one that runs', async (t) => {
    await armed(machine, 'one', 600, { next: base });
    for (const job of ['test', 'keep'] as const) {
      await runStep(machine, startJob('one', job, base));
      t.match(await jobEnds(machine, 'one'), { status: 'ended', exit: 0 });
    }
    await cleared(t, 'one');
    t.same(await machine.links(), untouched);
  });

  t.test('no room for the guard', async (t) => {
    await machine.sh('mkdir -p /run/nixspec && mount -t tmpfs -o size=4k,mode=700 none /run/nixspec');
    t.match(await runStep(machine, arm(request('one', 60))), { status: 'failed', reason: /could not be written/ });
    await machine.sh('umount /run/nixspec; rmdir /run/nixspec');
    t.same(await machine.leftovers(), []);
  });

  t.test('no room any more when it restores', async (t) => {
    await machine.sh('mkdir -p /run/nixspec && mount -t tmpfs -o size=256k,mode=700 none /run/nixspec');
    const next = await machine.makeSystem({ label: 'next' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'test', next));
    await jobEnds(machine, 'one');
    await machine.run('echo 0 >/run/nixspec/switch/until; head -c 1000000 /dev/zero >/run/nixspec/full');
    await machine.sh('systemctl start --no-block nixspec-rollback.service');
    const result = await rollbackEnds(machine, 'one');
    t.match(result, { ended: 'restored', current: base, exit: 0 }, result.log);
    t.same(await machine.links(), untouched);
    await runStep(machine, disarm('one'));
    await machine.sh('rm /run/nixspec/full; umount /run/nixspec; rmdir /run/nixspec');
    t.same(await machine.leftovers(), []);
  });

  t.test('a reboot half way is a rollback', async (t) => {
    const next = await machine.makeSystem({ label: 'next', activationAfter: 'sleep 1000' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'test', next));
    for (let look = 0; look < 60 && (await machine.links()).current !== next; look += 1) await sleep(200);
    const before = await machine.bootId();
    t.same(await runStep(machine, reboot('one')), { status: 'started' });
    await machine.waitForReboot(before);
    t.same(await machine.links(), untouched);
    t.match(await runStep(machine, followRollback('one')), { status: 'gone', current: base });
    await cleared(t, 'one');
  });

  t.test('a new kernel, for one boot, and back by another', async (t) => {
    const next = await machine.makeSystem({ label: 'next', kernel: '6.13' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'boot-once', next));
    t.match(await jobEnds(machine, 'one'), { status: 'ended', exit: 0 });
    t.match(await machine.links(), { current: base, profile: next, boot: base });
    let boot = await machine.bootId();
    await runStep(machine, reboot('one'));
    await machine.waitForReboot(boot);
    t.match(await machine.links(), { current: next, booted: next, boot: base });
    const restore = { current: base, profile: base, generation: 1 };
    t.match(await armed(machine, 'one', 600, { next, restore }), { old: base, profile: base });
    boot = await machine.bootId();
    await timeIsUp(machine);
    await machine.waitForReboot(boot);
    t.same(await machine.links(), untouched);
    await cleared(t, 'one');
  });

  t.test('a new kernel that nobody can reach: it comes back alone', async (t) => {
    const next = await machine.makeSystem({ label: 'next', kernel: '6.13', units: { 'sshd.service': null } });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'boot-once', next, 4));
    t.match(await jobEnds(machine, 'one'), { status: 'ended', exit: 0 });
    const boots = [await machine.bootId()];
    await runStep(machine, reboot('one'));
    const seen = new Set<string>();
    for (let look = 0; look < 900 && !(seen.has(next) && [...seen].at(-1) === base); look += 1) {
      const { booted } = await machine.links().catch(() => ({ booted: '' }));
      if (booted !== '' && !(booted === base && (await machine.bootId().catch(() => boots[0])) === boots[0]))
        seen.add(booted);
      await sleep(200);
    }
    t.same([...seen], [next, base]);
    await cleared(t, 'one');
    t.same(await machine.links(), untouched);
  });

  t.test('a new kernel, booted, and nobody has armed again yet', async (t) => {
    const next = await machine.makeSystem({ label: 'next', kernel: '6.13' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'boot-once', next, 600));
    await jobEnds(machine, 'one');
    t.match(await runStep(machine, readGuard()), { phase: 'preparing', trigger: 'timer' });
    // It is to take its time to shut down.
    await machine.sh("systemd-run -q --unit=slow -p ExecStop='/bin/sleep 15' sleep infinity");
    let boot = await machine.bootId();
    t.same(await runStep(machine, reboot('one')), { status: 'started' });
    t.same(await runStep(machine, reboot('one')), { status: 'started' }, 'asked twice, it reboots once');
    t.match(await runStep(machine, readGuard()), { phase: 'rebooting', trigger: 'timer' });
    t.match(await runStep(machine, startRollback('one')), { status: 'refused', reason: /it shuts down for a reboot/ });
    await machine.waitForReboot(boot);

    const about = { id: 'one', runner: 'me@here', spec: 'spec.yaml', target: 'web', old: base, profile: base, next };
    const guard = await runStep(machine, readGuard());
    t.match(guard, { ...about, phase: 'booted', trigger: 'timer', generation: 1, boot: base, bootId: boot });
    t.ok(guard !== 'absent' && guard.remaining !== undefined && guard.remaining > 300 && guard.remaining <= 600);
    t.match((await runStep(machine, inspectTarget())).guard, { id: 'one', phase: 'booted' });
    t.match(await runStep(machine, arm(request('two', 60))), { status: 'busy', guard: { id: 'one' } });
    await runStep(machine, disarm('two'));
    t.match(await runStep(machine, startRollback('one')), { status: 'refused' });
    t.match(await runStep(machine, followRollback('one')), { status: 'gone', current: next });
    t.match(await runStep(machine, readGuard()), { id: 'one', phase: 'booted' }, 'it is still there');

    await machine.sh('nix-collect-garbage >/dev/null 2>&1');
    const restore = { current: base, profile: base, generation: 1, boot: base };
    await armed(machine, 'one', 600, { next, restore });
    t.match(await runStep(machine, readGuard()), { phase: 'activated', trigger: 'timer', generation: 1 });
    boot = await machine.bootId();
    t.same(await runStep(machine, startRollback('one')), { status: 'started' });
    await machine.waitForReboot(boot);
    t.same(await machine.links(), untouched);
    t.match(await runStep(machine, followRollback('one')), { status: 'gone', current: base });
    await cleared(t, 'one');
  });

  t.test(
    'a power cut before the reboot: the new system comes, guarded; kept, another one brings it again',
    async (t) => {
      const next = await machine.makeSystem({ label: 'next', kernel: '6.13' });
      await armed(machine, 'one', 600, { next });
      await runStep(machine, startJob('one', 'boot-once', next, 600));
      await jobEnds(machine, 'one');
      const cut = async () => {
        const boot = await machine.bootId();
        await machine.run('sync; systemctl reboot --force --force');
        await machine.waitForReboot(boot);
      };
      await cut();
      t.match(await machine.links(), { current: next, booted: next, profile: next, boot: base });
      t.match(await runStep(machine, readGuard()), { phase: 'booted', next });
      await armed(machine, 'one', 600, { next, restore: { current: base, profile: base, generation: 1, boot: base } });
      await runStep(machine, startJob('one', 'keep', next));
      t.match(await jobEnds(machine, 'one'), { status: 'ended', exit: 0 });
      await cleared(t, 'one');
      await cut();
      t.match(await machine.links(), { current: next, booted: next, profile: next, boot: next });
      t.same(await machine.leftovers(), []);
    },
  );

  t.test('the old system came up in its place: the profile is put back', async (t) => {
    const next = await machine.makeSystem({ label: 'next', kernel: '6.13' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'boot-once', next, 5));
    await jobEnds(machine, 'one');
    await machine.sh('rm /boot/loader/once');
    const boot = await machine.bootId();
    await runStep(machine, reboot('one'));
    await machine.waitForReboot(boot);
    for (let look = 0; look < 150 && (await machine.leftovers()).length > 0; look += 1) await sleep(200);
    t.same(await machine.leftovers(), [], 'by itself');
    t.same(await machine.links(), untouched);
    await cleared(t, 'one');
  });

  t.test('one boot, asked for, and then taken back', async (t) => {
    const next = await machine.makeSystem({ label: 'next', kernel: '6.13' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'boot-once', next));
    await jobEnds(machine, 'one');
    await runStep(machine, startRollback('one'));
    t.match(await rollbackEnds(machine, 'one'), { ended: 'restored' });
    t.same(await machine.links(), untouched);
    await cleared(t, 'one');
  });

  t.test('the rollback fails, is told as such, and can be begun again', async (t) => {
    const old = await machine.makeSystem({ label: 'old', activationBefore: '[ ! -e /run/break ]' });
    await machine.sh(
      `nix-env -p /nix/var/nix/profiles/system --set ${old} && ${old}/bin/switch-to-configuration switch`,
    );
    const next = await machine.makeSystem({ label: 'next' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'test', next));
    await jobEnds(machine, 'one');
    await machine.sh(': >/run/break');
    await runStep(machine, startRollback('one'));
    const failed = await rollbackEnds(machine, 'one');
    t.match(failed, {
      ended: 'failed',
      exit: 2,
      tries: 3,
      current: next,
      reason: /^the old system could not be activated in 3 tries/,
    });
    t.match(await runStep(machine, readGuard()), { phase: 'rollback-failed', trigger: 'none', old });
    await machine.sh('rm /run/break');
    t.same(await runStep(machine, startRollback('one')), { status: 'started' });
    t.match(await rollbackEnds(machine, 'one'), { ended: 'restored', current: old });
    await cleared(t, 'one');
  });

  t.test('the last resort: a reboot', async (t) => {
    const old = await machine.makeSystem({ label: 'old', activationBefore: '[ ! -e /run/break ]' });
    await machine.sh(
      `nix-env -p /nix/var/nix/profiles/system --set ${old} && ${old}/bin/switch-to-configuration switch`,
    );
    const next = await machine.makeSystem({ label: 'next' });
    await armed(machine, 'one', 600, { next, lastResort: 'reboot' });
    await runStep(machine, startJob('one', 'test', next));
    await jobEnds(machine, 'one');
    const boot = await machine.bootId();
    await machine.sh(': >/run/break');
    await timeIsUp(machine);
    await machine.waitForReboot(boot);
    t.match(await machine.links(), { current: old, booted: old, profile: old, boot: old });
    await cleared(t, 'one');
  });

  t.test('a rollback that is killed is seen, and begun again', async (t) => {
    const next = await machine.makeSystem({ label: 'next' });
    await armed(machine, 'one', 600, { next });
    await runStep(machine, startJob('one', 'test', next));
    await jobEnds(machine, 'one');
    await machine.sh(
      'systemd-run -q --collect --unit=somebody flock /run/nixos/switch-to-configuration.lock sleep 600',
    );
    await until(machine, inspectTarget(), ({ lockHeld }) => lockHeld);
    await runStep(machine, startRollback('one'));
    await until(machine, followRollback('one'), ({ status }) => status === 'running');
    await machine.sh('systemctl kill -s KILL nixspec-rollback.service; sleep 0.5; systemctl stop somebody.service');
    t.match(await runStep(machine, followRollback('one')), { status: 'cut-short' });
    t.match(await runStep(machine, disarm('one')), {
      status: 'too-late',
      reason: 'the rollback began, and was cut short',
    });
    t.same(await runStep(machine, startRollback('one')), { status: 'started' });
    t.match(await rollbackEnds(machine, 'one'), { ended: 'restored' });
    await cleared(t, 'one');
  });

  t.test('steps that come too late', async (t) => {
    await armed(machine, 'one', 2);
    t.match(await rollbackEnds(machine, 'one'), { ended: 'restored', tries: 0, log: /nothing has changed/ });
    t.match(await runStep(machine, extend('one', 60)), { status: 'too-late' });
    t.match(await runStep(machine, startJob('one', 'test', base)), { status: 'refused' });
    t.match(await runStep(machine, followJob('one')), { status: 'gone' });
    t.match(await runStep(machine, startRollback('one')), { status: 'started' }, 'it has run already');
    await cleared(t, 'one');
  });

  t.test('copies of data', async (t) => {
    const dump = { name: 'db', kind: 'dump', source: 'echo rows', into: '/var/backup/x', timeout: 10 } as const;
    t.match(await runStep(machine, takeSnapshot('one', dump)), {
      status: 'taken',
      made: '/var/backup/x/db-one',
      bytes: 5,
    });
    t.equal((await machine.sh('stat -c %a%U /var/backup/x/db-one; cat /var/backup/x/db-one')).trim(), '600root\nrows');
    t.match(await runStep(machine, takeSnapshot('one', dump)), { status: 'failed', reason: /is there already/ });
    t.match(await runStep(machine, takeSnapshot('two', { ...dump, source: 'echo no >&2; exit 3' })), {
      status: 'failed',
      reason: 'it ended with exit status 3: no',
    });
    t.match(await runStep(machine, takeSnapshot('two', { ...dump, source: 'true' })), {
      status: 'failed',
      reason: /wrote nothing/,
    });
    t.match(await runStep(machine, takeSnapshot('two', { ...dump, user: 'deploy', source: 'id -un' })), {
      status: 'taken',
    });
    t.match(await runStep(machine, takeSnapshot('two', { ...dump, into: '/tmp' })), {
      status: 'failed',
      reason: /others may write/,
    });
    t.match(await runStep(machine, takeSnapshot('two', { ...dump, kind: 'btrfs', source: '/root' })), {
      status: 'failed',
      reason: /no subvolume/,
    });
    t.match(await runStep(machine, takeSnapshot('two', { ...dump, kind: 'zfs', source: 'tank/a' })), {
      status: 'failed',
      reason: 'zfs is missing',
    });
    t.equal(await machine.sh('ls /var/backup/x'), 'db-one\ndb-two\n');
  });
}
