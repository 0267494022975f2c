import t from 'tap';
import { explainSwitch, type SwitchEnd } from '../../src/rehearse/switch-exit.js';

const table: readonly (readonly [SwitchEnd, string, string])[] = [
  [{ exit: 0, output: '' }, 'done', ''],
  [
    { exit: 1, output: 'Pre-switch checks failed' },
    'failed',
    'it was refused, or broke off: a pre-switch check, or an error of its own (exit status 1)',
  ],
  [
    { exit: 1, output: 'There are changes to critical components of the system:' },
    'skipped',
    'it takes a reboot: critical components are others (a switch inhibitor)',
  ],
  [{ exit: 2, output: '' }, 'failed', 'the activation script failed (exit status 2)'],
  [{ exit: 4, output: '' }, 'failed', 'a unit failed, or has been failed before (exit status 4)'],
  [
    { exit: 11, output: 'Could not acquire lock' },
    'failed',
    'another switch was going on in the machine (exit status 11)',
  ],
  [{ exit: 100, output: '' }, 'skipped', 'it takes a reboot: the new init is another (exit status 100)'],
  [{ exit: 139, output: '' }, 'failed', 'it failed (exit status 139)'],
  [{ why: 'hangs', output: '' }, 'failed', 'it did not end in time, and was killed'],
  [{ why: 'gone', output: '' }, 'failed', 'it ended without an exit status'],
];

for (const [end, status, message] of table) {
  t.test(JSON.stringify(end), async (t) => t.same(explainSwitch(end), { status, message }));
}
