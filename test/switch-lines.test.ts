import t from 'tap';
import { renderSwitch } from '../src/switch-lines.js';
import type { Switch } from '../src/switch-model.js';

const kept: Switch = {
  ...{ target: 'production', ended: 'kept', why: '', old: '/nix/store/old', new: '/nix/store/new' },
  ...{ started: '2026-11-23T08:00:00.000Z', finished: '2026-11-23T08:01:32.000Z', steps: [], breakages: [] },
  ...{ downtime: [], unwatched: [], snapshots: [], journal: [], runs: {}, notes: [] },
};
const render = (one: Switch) => renderSwitch(one, (_, text) => text);

t.test('kept', async (t) => {
  const span = { from: '2026-11-23T08:00:10.000Z', to: '2026-11-23T08:00:12.300Z', seconds: 2.3, reason: 'refused' };
  const away = { name: 'http https://a/', looks: 100, seconds: 2.3, precision: 0.5, count: 1, spans: [span] };
  const lines = render({
    ...kept,
    downtime: [{ name: 'port tcp:22', looks: 100, seconds: 0, precision: 0.5, count: 0, spans: [] }, away],
    unwatched: [{ name: 'http http://b/', reason: 'no answer within 3 s' }],
    snapshots: [{ entry: 'db', kind: 'zfs', source: 'tank/db', name: 'tank/db@x', restore: 'zfs rollback tank/db@x' }],
    notes: ['the new kernel takes effect with the next reboot only'],
  });
  t.strictSame(lines, [
    'production  switched, verified, and kept  in 1 min 32 s',
    '  runs /nix/store/new',
    '  before /nix/store/old',
    '  downtime, as seen from here:',
    '    ! http https://a/: 2.3 s  (± 500 ms)  refused',
    '    ✓ 1 other: none',
    '  not watched from here:',
    '    http http://b/  no answer within 3 s',
    '  copies of data:',
    '    db: tank/db as tank/db@x',
    '      zfs rollback tank/db@x  # brings it back',
    '  ! the new kernel takes effect with the next reboot only',
    '',
  ]);
});

t.test('away for less than a look takes', async (t) => {
  const downtime = [0.5, 3.2].map((precision) => {
    return { name: `port tcp:${precision}`, looks: 100, seconds: 0, precision, count: 0, spans: [] };
  });
  t.ok(render({ ...kept, downtime }).includes('    ✓ 2 entries: none longer than 3.2 s'));
});

t.test('rolled back', async (t) => {
  const lines = render({
    ...kept,
    ...{ ended: 'rolled-back', why: 'is inactive' },
    breakages: [
      { id: 'unit web active equal', kind: 'failed', message: 'is inactive', unit: 'web.service' },
      { id: 'http https://a/ status equal', kind: 'lost', message: 'no answer' },
      { id: 'unit x.service', kind: 'unit-failed', message: 'it is failed', allowed: true },
    ],
    journal: [{ unit: 'web.service', lines: ['Nov 23 08:00:11 web[12]: bad \u001b[31mconfig'] }],
  });
  t.strictSame(lines, [
    'production  rolled back: the old system runs again, and that was verified  in 1 min 32 s',
    '  runs /nix/store/old',
    '  not /nix/store/new',
    '  broke:',
    '    ✗ unit web active equal: is inactive',
    '    ✗ http https://a/ status equal: cannot be told any more: no answer',
    '  broke, and was allowed to:',
    '    ! unit x.service: it is failed',
    '  web.service said since the switch began:',
    '    Nov 23 08:00:11 web[12]: bad \\u001b[31mconfig',
    '',
  ]);
});

t.test('not restored', async (t) => {
  const lines = render({ ...kept, ended: 'not-restored', why: 'the target cannot be reached' });
  t.strictSame(lines.slice(0, 3), [
    'production  ROLLED BACK, BUT NOT VERIFIED: look at the machine  in 1 min 32 s',
    '  the target cannot be reached',
    '  meant to run /nix/store/old',
  ]);
});
