import type { InventoryChange, InventoryListener, InventorySection } from '../inventory-model.js';
import type { ShellOutput } from '../model.js';
import { joinScripts, sh } from '../shell/sh.js';
import { askForSockets, type ListeningSocket, readSockets } from '../sockets.js';
import { known, unknown } from './bounded.js';

/** The kernel's range of ports that it chooses from, then the sockets. */
export const askForListeners = joinScripts([
  sh`{ read -r low high </proc/sys/net/ipv4/ip_local_port_range || low=0 high=0
echo "$low $high"`,
  askForSockets({ holders: true }),
  sh`}`,
]);

/** Reads what `askForListeners` printed. */
export function readListeners(output: ShellOutput): InventorySection<readonly InventoryListener[]> {
  const end = output.stdout.indexOf('\n');
  const [, low, high] = /^(\d+) (\d+)$/.exec(output.stdout.toString('utf8', 0, Math.max(0, end))) ?? [];
  const table = readSockets({ ...output, stdout: output.stdout.subarray(end + 1) });
  if (!table || low === undefined) {
    const said = output.stderr.toString('utf8').trim().split('\n', 1)[0]?.slice(0, 300);
    return unknown(said || 'the answer of ss is not whole');
  }
  const sockets = table.sockets.filter((socket) => !comesAndGoes(socket));
  const range = { low: Number(low), high: Number(high) };
  return known(
    sockets
      .map((socket) => ({
        protocol: socket.protocol,
        address: socket.address,
        port: socket.port,
        public: !socket.loopback,
        ...describeHolder(socket),
        ...(isChosenByKernel(socket, sockets, range, table.seesAll) && { chosenByKernel: true as const }),
      }))
      .sort(byPlace),
  );
}

/** Link-local addresses come with interfaces; X11 that SSH forwards listens on loopback from 6010 on. */
function comesAndGoes({ address, port, loopback, holders }: ListeningSocket): boolean {
  if (address.startsWith('fe80:')) return true;
  return loopback && port >= 6010 && port < 6100 && holders.some(({ name }) => name.startsWith('sshd'));
}

/** Sessions and what `systemd-run` starts have another unit each time: their processes say more. */
function describeHolder({ holders, madeBy }: ListeningSocket): Pick<InventoryListener, 'process' | 'unit'> {
  const names = [...new Set(holders.map(({ name }) => name))].sort();
  const unit = madeBy === undefined || /^(session-|run-)|\.scope$/.test(madeBy) ? undefined : madeBy;
  return { ...(names.length > 0 && { process: names.slice(0, 3).join(', ') }), ...(unit !== undefined && { unit }) };
}

/**
 * Whether nobody gave the port: it is in the range that the kernel chooses from. What is bound to one port for both
 * families, or is held by no process though all may be seen (WireGuard), was given it.
 */
function isChosenByKernel(
  { protocol, port, address, holders }: ListeningSocket,
  sockets: readonly ListeningSocket[],
  range: { readonly low: number; readonly high: number },
  seesAll: boolean,
): boolean {
  if (protocol !== 'udp' || port < range.low || port > range.high) return false;
  if (holders.length === 0 && seesAll) return false;
  return !sockets.some(
    (other) =>
      other.protocol === protocol && other.port === port && other.address.includes(':') !== address.includes(':'),
  );
}

function byPlace(a: InventoryListener, b: InventoryListener): number {
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
  return a.port - b.port || (a.address < b.address ? -1 : Number(a.address > b.address));
}

// -------------------------------------------------------------------------------------------------------- comparing

/** All sockets of one protocol and port. */
interface Port {
  readonly subject: string;
  readonly addresses: ReadonlySet<string>;
  readonly public: boolean;
  readonly holder: string;
  readonly units: ReadonlySet<string>;
}

/** @param sameMachine what is bound to one address of a machine has another one on another machine */
export function compareListeners(
  before: readonly InventoryListener[],
  after: readonly InventoryListener[],
  sameMachine: boolean,
): InventoryChange[] {
  const earlier = groupByPort(before, sameMachine);
  const later = groupByPort(after, sameMachine);
  const opened = [...later.values()].filter(({ subject }) => !earlier.has(subject));
  const closed = [...earlier.values()].filter(({ subject }) => !later.has(subject));
  // One port in place of another of the same holder, both in the range that the kernel chooses from: nobody chose it.
  const moved = pairMoved(closed, opened);
  return [
    ...opened.filter((port) => !moved.has(port)).map((port) => describeChange('opened', undefined, port)),
    ...[...later.values()].flatMap((port) => {
      const other = earlier.get(port.subject);
      const property = other && differenceOf(other, port);
      return property ? [{ ...describeChange('changed', other, port), property }] : [];
    }),
    ...closed.filter((port) => !moved.has(port)).map((port) => describeChange('closed', port, undefined)),
  ];
}

function groupByPort(listeners: readonly InventoryListener[], sameMachine: boolean): ReadonlyMap<string, Port> {
  const groups = new Map<string, InventoryListener[]>();
  for (const listener of listeners) {
    if (listener.chosenByKernel) continue;
    const subject = `${listener.protocol}:${listener.port}`;
    groups.set(subject, [...(groups.get(subject) ?? []), listener]);
  }
  return new Map([...groups].map(([subject, group]) => [subject, readPort(subject, group, sameMachine)]));
}

function readPort(subject: string, group: readonly InventoryListener[], sameMachine: boolean): Port {
  const processes = [...new Set(group.flatMap(({ process }) => process ?? []))].sort();
  const units = [...new Set(group.flatMap(({ unit }) => unit ?? []))].sort();
  const [who, where] = [processes.join(', '), units.join(', ')];
  return {
    subject,
    addresses: new Set(group.map((listener) => describeAddress(listener, sameMachine))),
    public: group.some((listener) => listener.public),
    holder: who !== '' && where !== '' ? `${who} (${where})` : who || where,
    units: new Set(units),
  };
}

/** Addresses that a router gave to IPv6 change by themselves. */
function describeAddress({ address, public: isPublic }: InventoryListener, sameMachine: boolean): string {
  if (!isPublic || /^(0\.0\.0\.0|::)(%|$)/.test(address)) return address;
  if (address.includes(':')) return 'an IPv6 address';
  return sameMachine ? address : 'an IPv4 address';
}

function pairMoved(closed: readonly Port[], opened: readonly Port[]): ReadonlySet<Port> {
  const waiting = closed.filter(isHigh);
  const moved = new Set<Port>();
  for (const port of opened.filter(isHigh)) {
    const at = waiting.findIndex((other) => sameKind(other, port));
    const [other] = at < 0 ? [] : waiting.splice(at, 1);
    if (other) moved.add(port).add(other);
  }
  return moved;
}

/** Linux chooses from 32768 on, unless told otherwise. */
function isHigh({ subject }: Port): boolean {
  return Number(subject.slice(4)) >= 32_768;
}

function sameKind(a: Port, b: Port): boolean {
  return (
    a.subject.slice(0, 3) === b.subject.slice(0, 3) && a.holder === b.holder && listAddresses(a) === listAddresses(b)
  );
}

/** Another unit counts. Another process does not: versions rename theirs, and systemd hands its sockets over. */
function differenceOf(before: Port, after: Port): 'addresses' | 'unit' | undefined {
  if (listAddresses(before) !== listAddresses(after)) return 'addresses';
  const [one, other] = [[...before.units].join(), [...after.units].join()];
  return one !== '' && other !== '' && one !== other ? 'unit' : undefined;
}

function listAddresses({ addresses }: Port): string {
  return [...addresses].sort().join(', ');
}

function describeChange(kind: 'opened' | 'changed' | 'closed', before?: Port, after?: Port): InventoryChange {
  return {
    section: 'listeners',
    kind,
    subject: (after ?? before)?.subject ?? '',
    ...(before && { before: describe(before) }),
    ...(after && { after: describe(after) }),
    ...(after?.public && !before?.public && { public: true as const }),
  };
}

function describe(port: Port): string {
  return [listAddresses(port), port.holder].filter(Boolean).join(' · ');
}
