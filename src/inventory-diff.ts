import { makeAssertedTest } from './inventory/asserted.js';
import { compareKernels } from './inventory/kernel.js';
import { compareListeners } from './inventory/listeners.js';
import { compareMounts } from './inventory/mounts.js';
import { comparePackages } from './inventory/packages.js';
import { compareUnits } from './inventory/units.js';
import { compareUsers } from './inventory/users.js';
import type {
  Inventory,
  InventoryChange,
  InventoryChangeKind,
  InventoryComparison,
  InventorySection,
  InventorySectionName,
} from './inventory-model.js';
import type { Run } from './model.js';

/**
 * What changed on the host though nobody asserts it: what an assertion of both runs is about, the comparison tells as that.
 * What is unknown in either run is never different, and is told with its reason. Pure.
 * @returns undefined where neither run has an inventory
 */
export function compareInventories(before: Run, after: Run): InventoryComparison | undefined {
  const [one, other] = [before.inventory, after.inventory];
  if (!one && !other) return undefined;
  if (!one || !other) {
    const reason = `the run ${(one ? after : before).id} has none`;
    return { changes: [], unknown: [{ section: 'inventory', reason }] };
  }
  const isAsserted = makeAssertedTest(before, after);
  const compared = compareSections(one, other, {
    sameMachine: before.target === after.target,
    // It is booted for each run.
    isVm: before.vm !== undefined || after.vm !== undefined,
  });
  return {
    changes: compared
      .flatMap(({ changes }) => changes)
      .filter((change) => !isAsserted(change))
      .sort((a, b) => rankOf(a) - rankOf(b) || Number(isIdle(a)) - Number(isIdle(b))),
    unknown: compared.flatMap(({ section, reason }) => (reason === undefined ? [] : [{ section, reason }])),
  };
}

/** By section, and in each by kind: most important first. */
export const inventoryOrder: { readonly [section in InventorySectionName]: readonly InventoryChangeKind[] } = {
  units: ['failed', 'gone', 'stopped', 'recovered', 'started', 'new'],
  listeners: ['opened', 'changed', 'closed'],
  users: ['added', 'changed', 'removed'],
  mounts: ['removed', 'changed', 'added'],
  kernel: ['reboot-needed', 'changed', 'rebooted'],
  packages: ['down', 'removed', 'changed', 'up', 'added'],
};

const ranks = new Map(
  Object.entries(inventoryOrder)
    .flatMap(([section, kinds]) => kinds.map((kind) => `${section} ${kind}`))
    .map((name, at) => [name, at]),
);

function rankOf({ section, kind }: InventoryChange): number {
  return ranks.get(`${section} ${kind}`) ?? ranks.size;
}

/** Of one kind, what ran or is reachable comes first. */
function isIdle({ section, before, after, public: isPublic }: InventoryChange): boolean {
  if (section === 'listeners') return isPublic !== true;
  return section === 'units' && ![before, after].some((state) => state?.startsWith('active'));
}

interface ComparedSection {
  readonly section: InventorySectionName;
  readonly changes: readonly InventoryChange[];
  /** Why it could not be compared. */
  readonly reason?: string;
}

interface Sides {
  readonly sameMachine: boolean;
  /** One of them is a staging VM. */
  readonly isVm: boolean;
}

function compareSections(before: Inventory, after: Inventory, { sameMachine, isVm }: Sides): ComparedSection[] {
  const managers = [before.packages, after.packages].map((one) => one.status === 'known' && one.value.manager);
  const mixed = managers[0] && managers[1] && managers[0] !== managers[1];
  return [
    compareSection('units', before.units, after.units, compareUnits),
    compareSection('listeners', before.listeners, after.listeners, (a, b) => compareListeners(a, b, sameMachine)),
    compareSection('users', before.users, after.users, compareUsers),
    compareSection('mounts', before.mounts, after.mounts, compareMounts),
    compareSection('kernel', before.kernel, after.kernel, (a, b) => compareKernels(a, b, sameMachine && !isVm)),
    mixed
      ? { section: 'packages', changes: [], reason: `one list is of ${managers[0]}, the other of ${managers[1]}` }
      : compareSection('packages', before.packages, after.packages, comparePackages),
  ];
}

function compareSection<T>(
  section: InventorySectionName,
  before: InventorySection<T>,
  after: InventorySection<T>,
  compare: (before: T, after: T) => InventoryChange[],
): ComparedSection {
  if (after.status === 'unknown') return { section, changes: [], reason: after.reason };
  if (before.status === 'unknown') return { section, changes: [], reason: `in the earlier run: ${before.reason}` };
  return { section, changes: compare(before.value, after.value) };
}
