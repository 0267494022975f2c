import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NixspecError } from '../error.js';
import type { MachineFacts } from './network-facts.js';
import {
  isRunning,
  listFolders,
  listWorkspaces,
  makingLimit,
  type Owner,
  parentFolder,
  readWorld,
  startOf,
} from './workspace.js';

/** The network of machines that are run together; nobody else is on it. */
export interface PrivateNetwork {
  /** Private: whoever may open its sockets is on the network. */
  readonly folder: string;
  /** By target. In alphabetical order, the n-th has the address 192.168.1.n (nix/vm/private.nix). */
  readonly facts: { readonly [machine: string]: MachineFacts };
}

type NetworkOwner = Pick<Owner, 'pid' | 'started' | 'world'> & Pick<PrivateNetwork, 'facts'>;

/** Each machine has a card for each of the others, and a PC has some thirty places for cards. */
const mostMachines = 9;

const prefix = 'nixspec-net-';
const ownerFile = 'network.json';
/** In the folder of a VM: the network that it was started on. */
const memberFile = 'network';

/** @param kept it goes on with a machine that nixspec leaves running */
export async function makeNetwork(facts: PrivateNetwork['facts'], kept: boolean): Promise<PrivateNetwork> {
  await clearNetworks();
  const folder = await mkdtemp(join(parentFolder(kept), prefix));
  const started = (await startOf(process.pid)) ?? '';
  const owner: NetworkOwner = { pid: process.pid, started, world: await readWorld(), facts };
  await writeFile(join(folder, ownerFile), JSON.stringify(owner));
  return { folder, facts };
}

/** @throws NixspecError `usage` */
export function checkCount(machines: readonly string[]): void {
  if (machines.length <= mostMachines) return;
  const message = `${machines.length} VMs on one private network are too many: ${machines.join(', ')}`;
  throw new NixspecError('usage', message, { operation: 'boot VM', hint: `at most ${mostMachines}` });
}

/** As Nix sorts names: by their bytes. Names of targets are ASCII. */
export function sortNames(names: readonly string[]): readonly string[] {
  return [...names].sort((a, b) => (a < b ? -1 : 1));
}

/** The network that a VM was started on. */
export async function findNetworkOf(workspace: string): Promise<PrivateNetwork | undefined> {
  const folder = await readMembership(workspace);
  const owner = folder === undefined ? undefined : await readOwner(folder);
  return folder !== undefined && owner ? { folder, facts: owner.facts } : undefined;
}

/** The names by which a machine knows the others. */
export function namesOfOthers({ facts }: PrivateNetwork, machine: string): readonly string[] {
  const own = [machine, ...(facts[machine]?.names ?? [])];
  const names = Object.entries(facts).flatMap(([name, other]) => [name, ...other.names]);
  return names.filter((name) => !own.includes(name));
}

/**
 * Puts a machine on its network, which stays from now on as long as the machine's folder does.
 * @returns the cables, as QEMU's arguments; none without a network
 */
export async function plugIn(workspace: string, machine: string, network?: PrivateNetwork): Promise<readonly string[]> {
  if (!network) return [];
  await writeFile(join(workspace, memberFile), network.folder);
  return cableArguments(network, machine);
}

/** Removes the networks that no VM is on and no running nixspec has made. Never throws. */
export async function clearNetworks(): Promise<void> {
  const networks = await listFolders(prefix);
  if (networks.length === 0) return;
  const workspaces = await listWorkspaces();
  const used = new Set(await Promise.all(workspaces.map(({ folder }) => readMembership(folder))));
  const world = await readWorld();
  for (const { folder, age } of networks) {
    const owner = await readOwner(folder);
    if (used.has(folder) || (owner ? await isOwnerThere(owner, world) : age < makingLimit)) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** Of one in another container the process number means nothing here. */
async function isOwnerThere(owner: NetworkOwner, world: string): Promise<boolean> {
  if (owner.world === world) return isRunning(owner);
  return owner.world?.split(' ')[0] === world.split(' ')[0];
}

/** Removes a network of this process, unless a VM that is kept is on it. Never throws. */
export async function leaveNetwork({ folder }: PrivateNetwork): Promise<void> {
  const workspaces = await listWorkspaces();
  const used = await Promise.all(workspaces.map((workspace) => readMembership(workspace.folder)));
  if (!used.includes(folder)) await rm(folder, { recursive: true, force: true }).catch(() => {});
}

/**
 * Cables from one machine to each of the others, as QEMU's arguments: datagrams of Ethernet frames between unix sockets.
 * Ruled out: multicast on loopback (whoever has an account here could join), a hub in one machine or in nixspec (all are
 * cut off when it ends). Datagrams need no other end: machines may start and end in any order.
 *
 * Between socket and card is a hub with a third port that leads nowhere. A card without a driver takes no frames, and
 * while the other machine boots the socket would fill; QEMU then tries to send again without pause. A hub takes all.
 */
export function cableArguments({ folder, facts }: PrivateNetwork, machine: string): readonly string[] {
  const machines = sortNames(Object.keys(facts));
  const own = machines.indexOf(machine) + 1;
  const socket = (side: 'local' | 'remote', name: string) =>
    `${side}.type=unix,${side}.path=${join(folder, name).replaceAll(',', ',,')}`;
  return machines.flatMap((name, at) => {
    const other = at + 1;
    if (name === machine) return [];
    const id = `nixspec${other}`;
    const hub = `hubid=${100 + other}`;
    return [
      ...['-netdev', `dgram,id=${id}c,${socket('local', `${own}-${other}`)},${socket('remote', `${other}-${own}`)}`],
      ...['-netdev', `dgram,id=${id}n,${socket('local', `${own}-${other}-nowhere`)},${socket('remote', 'nowhere')}`],
      ...['-netdev', `hubport,id=${id}hc,${hub},netdev=${id}c`, '-netdev', `hubport,id=${id}hn,${hub},netdev=${id}n`],
      ...['-netdev', `hubport,id=${id}h,${hub}`],
      ...['-device', `virtio-net-pci,netdev=${id}h,mac=52:54:00:4e:0${own}:0${other},romfile=`],
    ];
  });
}

async function readMembership(workspace: string): Promise<string | undefined> {
  return readFile(join(workspace, memberFile), 'utf8').catch(() => undefined);
}

async function readOwner(folder: string): Promise<NetworkOwner | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, ownerFile), 'utf8')) as NetworkOwner;
  } catch {
    return undefined;
  }
}
