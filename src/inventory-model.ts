/**
 * The nouns of the inventory: what a host is made of, whether or not anybody asserts it. Part of `model.ts`; imports
 * nothing.
 */

/** Never process arguments, never what a file holds. */
export interface Inventory {
  readonly units: InventorySection<readonly InventoryUnit[]>;
  readonly listeners: InventorySection<readonly InventoryListener[]>;
  readonly users: InventorySection<readonly InventoryUser[]>;
  readonly mounts: InventorySection<readonly InventoryMount[]>;
  readonly packages: InventorySection<InventoryPackages>;
  readonly kernel: InventorySection<InventoryKernel>;
}

export type InventorySectionName = keyof Inventory;

/** Found out, or why not: what is unknown is never different. */
export type InventorySection<T> =
  | { readonly status: 'known'; readonly value: T }
  | { readonly status: 'unknown'; readonly reason: string };

/** A unit that is loaded, or has a file. Not the ones that come and go by nature: sessions, connections, `systemd-run`. */
export interface InventoryUnit {
  readonly name: string;
  /** ActiveState and SubState of systemd: `active`, `running`. */
  readonly active: string;
  readonly sub: string;
  /** LoadState, where it is not `loaded`. */
  readonly load?: string;
  /** Started by its timer, socket, path or bus name and not at boot: that it runs, or does not, means nothing. */
  readonly onDemand?: true;
}

export interface InventoryListener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Not on loopback. */
  readonly public: boolean;
  /** Names of the processes that hold it; missing where they may not be seen. */
  readonly process?: string;
  readonly unit?: string;
  /** The kernel chose the port: another one means nothing. */
  readonly chosenByKernel?: true;
}

export interface InventoryUser {
  readonly name: string;
  readonly uid: number;
  readonly group: string;
  readonly home: string;
  readonly shell: string;
  /** Beside the primary one, sorted. */
  readonly groups: readonly string[];
}

export interface InventoryMount {
  readonly point: string;
  readonly source: string;
  readonly filesystem: string;
  /** Those that decide what may be done there: `ro`, `noexec`, `nosuid`, `nodev`. */
  readonly options: readonly string[];
}

export interface InventoryPackages {
  readonly manager: 'nix' | 'dpkg';
  /** Versions from the latest to the earliest. */
  readonly list: readonly { readonly name: string; readonly versions: readonly string[] }[];
}

export interface InventoryKernel {
  readonly running: string;
  /** The one that a reboot would start, where it can be told (NixOS). */
  readonly next?: string;
  readonly rebootNeeded?: boolean;
  /** Another one for each boot. */
  readonly boot?: string;
}

export type InventoryChangeKind =
  | 'failed'
  | 'gone'
  | 'stopped'
  | 'recovered'
  | 'started'
  | 'new'
  | 'opened'
  | 'changed'
  | 'closed'
  | 'added'
  | 'removed'
  | 'down'
  | 'up'
  | 'reboot-needed'
  | 'rebooted';

/** One difference between two inventories: it informs, and fails nothing. */
export interface InventoryChange {
  readonly section: InventorySectionName;
  readonly kind: InventoryChangeKind;
  /** `nginx.service`, `tcp:443`, `alice`, `/srv`, `openssl`; of the kernel nothing. */
  readonly subject: string;
  /** What of it has changed: `shell`, `addresses`. */
  readonly property?: string;
  /** In words. */
  readonly before?: string;
  readonly after?: string;
  /** Of a port: reachable from outside, and was not before. */
  readonly public?: true;
}

export interface InventoryComparison {
  /** Most important first. */
  readonly changes: readonly InventoryChange[];
  /** What could not be compared, and why. */
  readonly unknown: readonly { readonly section: InventorySectionName | 'inventory'; readonly reason: string }[];
}
