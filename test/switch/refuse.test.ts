import t from 'tap';
import { type Circumstances, findRefusals, throwRefusals } from '../../src/switch/refuse.js';
import type { Guard, NextSystem, TargetState } from '../../src/switch/state.js';

const next: NextSystem = {
  ...{ path: '/nix/store/new', status: 'whole', isCurrent: false, isProfile: false, reboot: [], inhibitors: [] },
  ...{ platform: 'x86_64-linux', currentPlatform: 'x86_64-linux' },
};
const guard: Guard = {
  ...{
    id: 'a',
    phase: 'activated',
    remaining: 41.6,
    trigger: 'timer',
    runner: 'me@laptop',
    spec: 's',
    target: 't',
    bootId: 'b',
  },
};
const state: TargetState = {
  ...{ root: true, lacks: [], current: '/nix/store/old', bootId: 'b', lockHeld: false, systemState: 'running' },
  ...{ failedUnits: [], boot: { loader: 'systemd-boot', once: true }, free: { '/run': 1e9, '/nix/var': 1e9 }, next },
};
const options = { withoutStaging: false, reboot: false, wrapped: false };
const ready: Circumstances = { target: 'production', state, staging: { status: 'none' }, options };

const boot = { loader: 'systemd-boot', once: true, system: '/nix/store/old' } as const;
const reboot = (given: Partial<TargetState>): Circumstances => ({
  ...ready,
  state: { ...state, boot, next: { ...next, reboot: ['kernel'] }, ...given },
  options: { ...options, reboot: true },
});
const noOnce =
  'switch-refused: its boot loader (extlinux) cannot be asked for one boot of the new system, after which the old one comes again';

const rows: readonly (readonly [string, Circumstances, string])[] = [
  ['ready', ready, ''],
  [
    'no root',
    { ...ready, state: { ...state, root: false, lacks: ['x'] } },
    'sudo-not-permitted: a switch takes root there',
  ],
  ['no NixOS', { ...ready, state: { ...state, lacks: ['it is no NixOS'] } }, 'switch-refused: it is no NixOS'],
  [
    'armed',
    { ...ready, state: { ...state, guard } },
    'switch-refused: a switch of me@laptop is armed there (activated), which restores the old system in 42 s',
  ],
  [
    'remains',
    { ...ready, state: { ...state, guard: { ...guard, trigger: 'none', phase: 'kept' } } },
    'switch-refused: a switch of me@laptop left something there (kept)',
  ],
  [
    'a rollback runs',
    { ...ready, state: { ...state, guard: { ...guard, trigger: 'rollback', runner: '' } } },
    'switch-refused: another switch is being rolled back there',
  ],
  [
    'it reboots',
    { ...ready, state: { ...state, guard: { ...guard, phase: 'rebooting' } } },
    'switch-refused: a switch of me@laptop reboots it now',
  ],
  ['lock', { ...ready, state: { ...state, lockHeld: true } }, 'switch-refused: an activation is under way there'],
  [
    'staging',
    { ...ready, staging: { status: 'missing', message: 'there is no run of vm yet' } },
    'staging-not-passed: there is no run of vm yet',
  ],
  [
    'without staging',
    { ...ready, staging: { status: 'missing', message: 'no' }, options: { ...options, withoutStaging: true } },
    '',
  ],
  [
    'not there',
    { ...ready, state: { ...state, next: { ...next, status: 'missing' } } },
    'switch-refused: /nix/store/new is not there',
  ],
  [
    'not whole',
    { ...ready, state: { ...state, next: { ...next, status: 'invalid' } } },
    'switch-refused: Nix there does not know /nix/store/new, or not all of it',
  ],
  [
    'no system',
    { ...ready, state: { ...state, next: { ...next, status: 'no-system' } } },
    'switch-refused: /nix/store/new is no NixOS system',
  ],
  [
    'platform',
    { ...ready, state: { ...state, next: { ...next, platform: 'aarch64-linux' } } },
    'switch-refused: it is built for aarch64-linux, and the machine is x86_64-linux',
  ],
  [
    'inhibitors',
    { ...ready, state: { ...state, next: { ...next, inhibitors: ['dbus'] } } },
    'switch-refused: it cannot be switched to without a reboot (dbus)',
  ],
  ['inhibitors, may reboot', reboot({ next: { ...next, inhibitors: ['dbus'] } }), ''],
  [
    'nothing needs a reboot, whatever the boot loader is',
    { ...ready, state: { ...state, boot: { loader: 'extlinux', once: false } }, options: { ...options, reboot: true } },
    '',
  ],
  ['a boot loader without one boot', reboot({ boot: { ...boot, loader: 'extlinux', once: false } }), noOnce],
  [
    'another boot default',
    reboot({ boot: { ...boot, system: '/nix/store/other' } }),
    'switch-refused: it boots /nix/store/other by default, and not what runs: a reboot would be no way back',
  ],
  [
    'no boot default',
    reboot({ boot: { loader: 'systemd-boot', once: true } }),
    'switch-refused: which system it boots by default cannot be told, so that a reboot may be no way back',
  ],
  [
    'an /etc in memory',
    reboot({ etcVolatile: true }),
    'switch-refused: nothing written to its /etc outlives a reboot, so that nothing could guard it then',
  ],
  ['a new kernel alone', { ...ready, state: { ...state, next: { ...next, reboot: ['kernel'] } } }, ''],
  [
    'disk full',
    { ...ready, state: { ...state, free: { '/run': 4096, '/nix/var': 1e9 } } },
    'switch-refused: /run is all but full (4 KiB free)',
  ],
  [
    'boot partition full',
    { ...ready, state: { ...state, free: { '/run': 1e9, '/boot': 0 } } },
    'switch-refused: /boot is all but full (0 KiB free)',
  ],
  [
    'several',
    { ...ready, state: { ...state, lockHeld: true }, staging: { status: 'old', message: 'it is old' } },
    'switch-refused: an activation is under way there; staging-not-passed: it is old',
  ],
];

for (const [what, circumstances, expected] of rows) {
  t.test(what, async (t) => {
    const refusals = findRefusals(circumstances);
    t.equal(refusals.map(({ code, message }) => `${code}: ${message}`).join('; '), expected);
    t.ok(
      refusals.every(({ hint }) => hint !== ''),
      'each has a way out',
    );
    if (expected === '') t.doesNotThrow(() => throwRefusals('production', refusals));
    else t.throws(() => throwRefusals('production', refusals), { code: refusals[0]?.code });
  });
}
