import type { InventorySection } from '../inventory-model.js';
import type { Script } from '../model.js';
import type { Section } from '../shell/sections.js';
import { sh } from '../shell/sh.js';

/** Seconds that one command may take: a directory service or a package database that hangs must not hold up a run. */
const patience = 10;

/** Defines `bounded`, which runs a command for so long and no longer, and `gzip` where there is none. */
export const beginInventory: Script = sh`bounded() { timeout -s KILL ${patience} "$@"; }
command -v gzip >/dev/null || gzip() { cat; }`;

export function known<T>(value: T): InventorySection<T> {
  return { status: 'known', value };
}

export function unknown(reason: string): InventorySection<never> {
  return { status: 'unknown', reason };
}

/** Why a command gave no answer; undefined where it gave one. */
export function explainNoAnswer(tool: string, section: Section | undefined): string | undefined {
  if (!section) return `${tool} was not run to its end`;
  if (section.exit === 0) return undefined;
  // 137: killed; 124: what busybox says of it.
  if (section.exit === 137 || section.exit === 124) return `${tool} gave no answer within ${patience} s`;
  const said = section.said.find((line) => line.trim() !== '')?.slice(0, 300);
  return `${tool} gave no answer: ${said ?? `exit status ${section.exit}`}`;
}
