import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { ShellOutput } from '../../../src/model.js';
import type { Step } from '../../../src/switch/state.js';
import { arm } from '../../../src/switch/target/arm.js';
import { askBootOnce } from '../../../src/switch/target/boot-loader.js';
import { disarm, extend, readGuard } from '../../../src/switch/target/guard.js';
import { inspectTarget } from '../../../src/switch/target/inspect.js';
import { adoptNext, enterCommand, explainActivation, followJob, startJob } from '../../../src/switch/target/job.js';
import { reboot } from '../../../src/switch/target/reboot.js';
import { followRollback, startRollback } from '../../../src/switch/target/rollback.js';
import { rollbackScript } from '../../../src/switch/target/rollback-script.js';
import { takeSnapshot } from '../../../src/switch/target/snapshot.js';
import { missingShells, shells } from '../../run-script.js';

const next = '/nix/store/00000000000000000000000000000000-nixos-system-web-26.05';
// Whatever a person may have chosen must stay a word.
const odd = `it's "odd" $(touch /tmp/x) \`y\` ; $HOME`;
const request = {
  id: 'a',
  runner: odd,
  spec: `${odd}\nkeep id other`,
  target: odd,
  seconds: 60,
  lastResort: 'none',
} as const;

const steps: { readonly [name: string]: Step<unknown> } = {
  inspect: inspectTarget(next),
  arm: arm({ ...request, next }),
  'arm after a reboot': arm({ ...request, restore: { current: next, profile: next, generation: 3 } }),
  extend: extend('a', 60),
  disarm: disarm('a'),
  guard: readGuard(),
  test: startJob('a', 'test', next),
  keep: startJob('a', 'keep', next),
  'boot-once': startJob('a', 'boot-once', next),
  follow: followJob('a'),
  command: enterCommand('a'),
  adopt: adoptNext('a', next),
  reboot: reboot('a'),
  rollback: startRollback('a'),
  'follow the rollback': followRollback('a'),
  btrfs: takeSnapshot('a', { name: odd, kind: 'btrfs', source: odd, timeout: 5 }),
  zfs: takeSnapshot('a', { name: odd, kind: 'zfs', source: odd, timeout: 5 }),
  dump: takeSnapshot('a', { name: odd, kind: 'dump', source: odd, user: odd, timeout: 5 }),
};

function answer(fields: Record<string, string>, more: Partial<ShellOutput> = {}): ShellOutput {
  const text = Object.entries(fields).map(([name, value]) => `${name}\0${value}\0`);
  return { exit: 0, stdout: Buffer.from(text.join('')), stderr: Buffer.alloc(0), truncated: false, ...more };
}

t.test('every script is one, in every shell', async (t) => {
  for (const [shell, why] of missingShells) t.comment(`${shell} is not tried: ${why}`);
  const scripts = {
    ...Object.fromEntries(Object.entries(steps).map(([name, { script }]) => [name, script])),
    rollbackScript,
  };
  for (const [name, script] of Object.entries(scripts))
    for (const [command = '', ...words] of shells) {
      const { status, stderr } = spawnSync(command, [...words, '-n'], { input: script.raw, encoding: 'utf8' });
      t.equal(status, 0, `${name} in ${command}: ${stderr}`);
      t.notMatch(script.raw, /undefined|\[object|\\\$\{/, name);
    }
});

t.test('what a shell of its own is given is a script, too', async (t) => {
  for (const [name, { script }] of Object.entries(steps)) {
    if (!script.raw.startsWith('exec env -u NIXSPEC_MARK /bin/sh -c ')) continue;
    const inner = script.raw.replace('exec env -u NIXSPEC_MARK /bin/sh -c ', 'printf %s ');
    const { stdout } = spawnSync('sh', ['-c', inner], { encoding: 'utf8' });
    t.match(stdout, /^trap '' HUP INT PIPE\n/, name);
    const { status, stderr } = spawnSync('sh', ['-n'], { input: stdout, encoding: 'utf8' });
    t.equal(status, 0, `${name}: ${stderr}`);
  }
});

t.test('an answer that is cut off, empty or noise is none', async (t) => {
  const broken: readonly Record<string, string>[] = [{}, { status: 'armed' }, { status: 'disarmed', old: next }];
  for (const [name, step] of Object.entries(steps))
    for (const fields of broken)
      t.throws(() => step.parse(answer(fields)), /the answer is not whole/, `${name} of ${JSON.stringify(fields)}`);
  const output = answer({}, { exit: 127, stderr: Buffer.from('warning\nsystemctl: not found\n') });
  t.throws(() => readGuard().parse(output), {
    message: 'the answer is not whole (exit status 127): systemctl: not found',
  });
});

t.test('an answer without its words is no success', async (t) => {
  const nothing = answer({ end: '1' });
  t.match(arm(request).parse(nothing), { status: 'failed', reason: 'it does not say why' });
  t.match(arm(request).parse(answer({ status: 'armed', end: '1' })), { status: 'failed' });
  t.match(extend('a', 1).parse(nothing), { status: 'too-late' });
  t.match(disarm('a').parse(nothing), { status: 'failed' });
  t.match(startJob('a', 'test', next).parse(nothing), { status: 'refused' });
  t.match(followJob('a').parse(nothing), { status: 'gone' });
  t.match(followRollback('a').parse(nothing), { status: 'gone', current: '' });
  t.match(takeSnapshot('a', { name: 'a', kind: 'zfs', source: 'a', timeout: 1 }).parse(nothing), { status: 'failed' });
  t.equal(readGuard().parse(nothing), 'absent');
});

t.test('guards', async (t) => {
  const there = { guard: '1', 'guard-id': 'a', 'guard-up': '100', 'guard-until': '160', end: '1' };
  const read = (fields: Record<string, string>) => readGuard().parse(answer({ ...there, ...fields }));
  const timer = { 'guard-timer': 'active', 'guard-service': 'inactive' };
  const service = { 'guard-timer': 'inactive', 'guard-service': 'active' };
  t.match(read({ ...timer, 'guard-phase': 'armed' }), { phase: 'armed', trigger: 'timer', remaining: 60 });
  t.match(read({ ...service, 'guard-phase': 'activated' }), { trigger: 'timer', remaining: 60 }, 'it waits');
  const rolling = read({ ...service, 'guard-phase': 'rolling-back' });
  t.match(rolling, { trigger: 'rollback' });
  t.notOk(rolling !== 'absent' && 'remaining' in rolling);
  t.match(read({ 'guard-phase': 'arming' }), { phase: 'arming', trigger: 'none' }, 'a crash left it');
  t.match(read({ 'guard-phase': '\u001b[2J' }), { phase: 'unknown', trigger: 'none' });
});

t.test('after a reboot', async (t) => {
  const there = { guard: '1', 'guard-id': 'a', 'guard-phase': 'booted', 'guard-generation': '3', 'guard-boot': next };
  const times = { 'guard-up': '20', 'guard-until': '300', 'guard-timer': 'active', end: '1' };
  const guard = readGuard().parse(answer({ ...there, ...times }));
  t.match(guard, { phase: 'booted', trigger: 'timer', remaining: 280, generation: 3, boot: next });
  const state = inspectTarget().parse(answer({ 'etc-volatile': '1', 'reboot-pending': '1', end: '1' }));
  t.match(state, { etcVolatile: true, rebootPending: true });
});

t.test('one boot of GRUB: the entry by its number in its menu', async (t) => {
  const folder = t.testdir({
    'grub.cfg': `set timeout=5
if [ "\${next_entry}" ]; then
  set default="\${next_entry}"
fi
function savedefault {
    true
}
menuentry "NixOS" --class nixos {
  linux /kernels/a init=/nix/store/aaa-old/init loglevel=4
}
menuentry "Memtest" { linux16 /memtest }
submenu "NixOS - All configurations" --class submenu {
  menuentry "NixOS - Configuration 2" --class nixos {
    linux /kernels/b init=/nix/store/bbb-new/init loglevel=4
  }
  menuentry "NixOS - Configuration 1" --class nixos {
    linux /kernels/a init=/nix/store/ccc-older/init
  }
}
menuentry "Other" {
  linux /kernels/c init=/nix/store/ddd-other/init
}
`,
    'grub-editenv': '#!/bin/sh\nprintf "%s\\n" "$*"\n',
  });
  chmodSync(join(folder, 'grub-editenv'), 0o755);
  const ask = (system: string) => {
    const script = `PATH=${folder}:$PATH boot_loader=grub config=${folder}/grub.cfg\n${askBootOnce.raw}\nask_boot_once ${system}; echo $?`;
    return spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout;
  };
  const rows = [
    ['aaa-old', '0'],
    ['bbb-new', '2>0'],
    ['ccc-older', '2>1'],
    ['ddd-other', '3'],
  ] as const;
  for (const [system, entry] of rows)
    t.equal(ask(`/nix/store/${system}`), `/boot/grub/grubenv set next_entry=${entry}\n0\n`);
  t.equal(ask('/nix/store/bbb'), 'the boot loader has no entry for the new system\n1\n');
});

t.test('jobs', async (t) => {
  const read = (fields: Record<string, string>) =>
    followJob('a').parse(answer({ started: '10', up: '14', ...fields, end: '1' }));
  t.same(read({ service: 'active', output: 'x' }), { status: 'running', seconds: 4, output: 'x' });
  t.same(read({ service: 'active', exit: '4', ended: '13' }), { status: 'ended', exit: 4, seconds: 3, output: '' });
  t.same(read({ service: 'inactive' }), { status: 'killed', output: '' });
  t.match(read({ gone: '1' }), { status: 'gone' });
  t.match(read({ exit: 'many', service: 'inactive' }), { status: 'killed' });
  t.match(read({ service: '' }), { status: 'running' }, 'systemd did not answer');
});

t.test('rollbacks', async (t) => {
  const read = (fields: Record<string, string>) =>
    followRollback('a').parse(answer({ found: '1', ...fields, end: '1' }));
  t.same(read({ phase: 'activated', remaining: '7' }), { status: 'waiting', remaining: 7 });
  t.same(read({ phase: 'rolling-back', service: 'active', log: 'x' }), { status: 'running', log: 'x' });
  t.same(read({ phase: 'rolling-back', service: 'failed' }), { status: 'cut-short', log: '' });
  t.match(
    read({ result: '1', ended: 'restored', exit: '4', restarted: 'a.service b.service ', 'profile-restored': '1' }),
    {
      status: 'ended',
      result: {
        ended: 'restored',
        exit: 4,
        restarted: ['a.service', 'b.service'],
        profileRestored: true,
        cause: 'deadline',
      },
    },
  );
  t.match(read({ result: '1', ended: 'wonderful', reason: '; it broke' }), {
    result: { ended: 'failed', reason: 'it broke' },
  });
});

t.test('inhibitors: names whose values differ', async (t) => {
  const read = (next: string, now: string) =>
    inspectTarget('/x').parse(answer({ next: 'whole', inhibitors: next, 'inhibitors-now': now, end: '1' })).next
      ?.inhibitors;
  t.same(read('{"a":"1"}', '{"a":"1"}'), []);
  t.same(read('{"a":"1","b":"1"}', '{"a":"2"}'), ['a', 'b']);
  t.same(read('', '{"a":"2"}'), [], 'a system that knows of none');
  t.same(read('no', '{}'), ['switch-inhibitors']);
});

t.test('exit statuses', async (t) => {
  t.same(
    [0, 1, 2, 4, 11, 100, 137, 5].map((exit) => explainActivation(exit).activated),
    [true, false, true, true, false, false, false, false],
  );
  t.equal(explainActivation(137).meaning, 'it was killed by signal 9');
});
