import t from 'tap';
import { compareHosts, compareRuns } from '../src/diff.js';
import type { Inventory } from '../src/inventory-model.js';
import type { Run } from '../src/model.js';
import lines from '../src/reports/lines.js';
import { makePaint } from '../src/terminal.js';
import { changedInventory, exampleInventory, runWith } from './fixture/example-inventory.js';

// Renew with TAP_SNAPSHOT=1, and read the change before committing it.
const plain = { paint: makePaint(false), verbose: false, width: 80, runs: false };
const later = { started: '2026-11-23T03:01:00.000Z' };

function render(before: Run, after: Run, options: Partial<typeof plain> = {}, compare = compareRuns): string {
  const result = { runs: [after], comparisons: [compare(before, after)], baselines: [before] };
  return lines.render(result, { ...plain, ...options });
}

const many: Inventory = {
  ...changedInventory,
  units: {
    status: 'known',
    value: [{ name: 'evil\u001b[2J\u202e.service', active: 'failed', sub: 'failed\nfaked' }],
  },
  packages: {
    status: 'known',
    value: {
      manager: 'nix',
      list: Array.from({ length: 45 }, (_, at) => ({
        name: `lib${at}`,
        versions: at === 0 ? ['x'.repeat(200)] : [`1.${at}`],
      })),
    },
  },
  kernel: { status: 'unknown', reason: 'no /proc\u0007' },
};

t.test('before and after a switch', async (t) =>
  t.matchSnapshot(render(runWith(exampleInventory), runWith(changedInventory, later))),
);
t.test('two machines', async (t) =>
  t.matchSnapshot(render(runWith(exampleInventory, { target: 'vm' }), runWith(changedInventory, later))),
);
t.test('two machines in full', async (t) =>
  t.matchSnapshot(
    render(runWith(exampleInventory, { target: 'vm' }), runWith(changedInventory, later), { verbose: true }),
  ),
);
t.test('the run before', async (t) =>
  t.matchSnapshot(render(runWith(exampleInventory), runWith(changedInventory, later), {}, compareHosts)),
);
t.test('nothing has changed since the run before', async (t) =>
  t.matchSnapshot(render(runWith(exampleInventory), runWith(exampleInventory, later), {}, compareHosts)),
);
t.test('many changes, hostile names, an unknown section', async (t) =>
  t.matchSnapshot(render(runWith(exampleInventory), runWith(many, later))),
);
t.test('only one has an inventory', async (t) =>
  t.matchSnapshot(render(runWith(undefined), runWith(changedInventory, later))),
);

t.test('verbose shows all, and nothing from a target acts on the terminal', async (t) => {
  const text = render(runWith(exampleInventory), runWith(many, later), { verbose: true });
  t.equal(text.match(/package added/g)?.length, 45);
  for (const paint of [makePaint(false), makePaint(true)]) {
    const shown = render(runWith(exampleInventory), runWith(many, later), { paint });
    t.notMatch(shown, '\u001b[2J');
    t.notMatch(shown, '\u202e');
    t.notMatch(shown, '\u0007');
    t.notMatch(shown, /\nfaked/);
  }
});
