import { inventoryOrder } from './inventory-diff.js';
import type { InventoryChange } from './inventory-model.js';
import type { Comparison } from './model.js';
import { type Paint, printable, type Style } from './terminal.js';

/** What one thing and several things of a kind of change are called. */
const words: { readonly [kind: string]: readonly [one: string, several: string, style: Style] } = {
  'units failed': ['unit failed', 'units failed', 'red'],
  'units gone': ['unit gone', 'units gone', 'yellow'],
  'units stopped': ['unit stopped', 'units stopped', 'yellow'],
  'units recovered': ['unit recovered', 'units recovered', 'green'],
  'units started': ['unit started', 'units started', 'cyan'],
  'units new': ['unit new', 'units new', 'cyan'],
  'listeners opened': ['port opened', 'ports opened', 'yellow'],
  'listeners changed': ['port changed', 'ports changed', 'yellow'],
  'listeners closed': ['port closed', 'ports closed', 'yellow'],
  'users added': ['user added', 'users added', 'yellow'],
  'users changed': ['user changed', 'changes of users', 'yellow'],
  'users removed': ['user removed', 'users removed', 'cyan'],
  'mounts removed': ['mount gone', 'mounts gone', 'yellow'],
  'mounts changed': ['mount changed', 'changes of mounts', 'yellow'],
  'mounts added': ['mount new', 'mounts new', 'cyan'],
  'kernel reboot-needed': ['reboot needed', 'reboots needed', 'yellow'],
  'kernel changed': ['kernel changed', 'kernels changed', 'cyan'],
  'kernel rebooted': ['rebooted', 'rebooted', 'cyan'],
  'packages down': ['package down', 'packages down', 'yellow'],
  'packages removed': ['package removed', 'packages removed', 'cyan'],
  'packages changed': ['package changed', 'packages changed', 'cyan'],
  'packages up': ['package up', 'packages up', 'cyan'],
  'packages added': ['package added', 'packages added', 'cyan'],
};

interface Kind {
  readonly name: string;
  readonly one: string;
  readonly several: string;
  readonly style: Style;
  readonly changes: readonly InventoryChange[];
}

export interface InventoryLines {
  /** `1 unit failed, 14 packages up`; empty where nothing changed. */
  readonly summary: string;
  readonly lines: readonly string[];
}

/** Of each kind so many are shown. */
const mostShown = 20;

/**
 * Renders what changed though nobody asserts it, one line each, most important first. Two machines differ by their nature:
 * of them only the units that failed are shown, and the rest is counted.
 * @returns undefined where the comparison has no inventory
 */
export function renderInventory(
  { inventory }: Comparison,
  sameTarget: boolean,
  { paint, verbose }: { readonly paint: Paint; readonly verbose: boolean },
): InventoryLines | undefined {
  if (!inventory) return undefined;
  const { changes, unknown } = inventory;
  const kinds = groupByKind(changes);
  const shown = verbose || sameTarget ? kinds : kinds.filter(({ name }) => name === 'units failed');
  const width = Math.max(0, ...shown.map(({ one }) => one.length));
  const reasons = unknown.map(({ section, reason }) =>
    paint(
      section === 'inventory' ? 'gray' : 'yellow',
      `${section === 'listeners' ? 'ports' : section} could not be compared: ${printable(reason)}`,
    ),
  );
  const hint = shown.length < kinds.length ? paint('gray', ' (--verbose shows them)') : '';
  return {
    summary: `${kinds.map((kind) => paint(kind.style, countOf(kind))).join(', ')}${hint}`,
    lines: [...shown.flatMap((kind) => renderKind(kind, width, paint, verbose)), ...reasons],
  };
}

function groupByKind(changes: readonly InventoryChange[]): Kind[] {
  const names = Object.entries(inventoryOrder).flatMap(([section, kinds]) => kinds.map((kind) => `${section} ${kind}`));
  return names.flatMap((name) => {
    const chosen = changes.filter(({ section, kind }) => `${section} ${kind}` === name);
    const [one, several, style] = words[name] ?? [name, name, 'cyan' as const];
    return chosen.length === 0 ? [] : [{ name, one, several, style, changes: chosen }];
  });
}

/** What the kernel is told of, it is told of once. */
function countOf({ name, one, several, changes }: Kind): string {
  if (name.startsWith('kernel ')) return one;
  return `${changes.length} ${changes.length === 1 ? one : several}`;
}

function renderKind({ one, several, style, changes }: Kind, width: number, paint: Paint, verbose: boolean): string[] {
  const shown = verbose ? changes : changes.slice(0, mostShown);
  const more = changes.length - shown.length;
  return [
    ...shown.map((change) => `${paint(style, one.padEnd(width))}  ${renderChange(change, paint)}`.trimEnd()),
    ...(more > 0 ? [paint('gray', `${''.padEnd(width)}  … and ${more} more ${several} (--verbose shows all)`)] : []),
  ];
}

function renderChange(change: InventoryChange, paint: Paint): string {
  const { subject, property, before, after } = change;
  const name = [subject, property].filter(Boolean).join(' ');
  const sides = [before, after].map((text) => (text === undefined ? undefined : show(text)));
  const [one, other] = sides;
  let said = '';
  if (one !== undefined && other !== undefined) said = one === other ? '' : `${one}${paint('gray', ' → ')}${other}`;
  else if (one !== undefined) said = `was ${one}`;
  else said = other ?? '';
  const open = change.public ? paint('yellow', 'public') : '';
  return [show(name), said, open].filter(Boolean).join('  ');
}

const widestText = 120;

function show(text: string): string {
  const safe = printable(text);
  return safe.length <= widestText ? safe : `${safe.slice(0, widestText - 1)}…`;
}
