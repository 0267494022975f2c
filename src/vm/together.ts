import { freemem } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Target } from '../model.js';
import type { Transport } from '../transport.js';
import { readAccess } from './access.js';
import type { VmOptions } from './boot.js';
import { askMachineFacts } from './build.js';
import { checkVm } from './check.js';
import { findKept, type KeptVm, stopKept } from './kept.js';
import { openVm } from './open.js';
import {
  checkCount,
  findNetworkOf,
  leaveNetwork,
  makeNetwork,
  namesOfOthers,
  type PrivateNetwork,
  sortNames,
} from './private-network.js';
import { readVmSettings } from './settings.js';

/** One of several VMs that are run together. */
export interface Member {
  readonly target: Target;
  readonly options: VmOptions;
}

/**
 * Opens VMs: several at once, on one private network, and waits until all have settled: none is asked while another that it
 * needs is still booting. Where one fails, the others are ended, since without it they are not what was to be verified.
 *
 * @returns a transport for each, by target; the network goes when the last is closed
 * @throws NixspecError of the machine that failed first
 */
export async function openTogether(members: readonly Member[]): Promise<ReadonlyMap<string, Transport>> {
  const found = await Promise.all(members.map(({ target, options }) => findKept(target.name, options.folder)));
  const kept = found.map((one) => (one?.starting ? undefined : one));
  const fresh = members.filter((_, at) => !kept[at]);
  warnOfMemory(fresh);
  const failing = new AbortController();
  const guarded = members.map((member) => guard(member, failing.signal));
  let network: PrivateNetwork | undefined;
  try {
    network = fresh.length > 0 ? await chooseNetwork(guarded, kept) : undefined;
    const opened = guarded.map((member) => openMember(member, network));
    for (const one of opened) one.catch((error) => failing.abort(error));
    const settled = await Promise.allSettled(opened);
    if (failing.signal.aborted) await endAll(settled, fresh);
    failing.signal.throwIfAborted();
    return share(members, await Promise.all(opened), network);
  } catch (error) {
    failing.abort(error);
    if (network) await leaveNetwork(network);
    throw error;
  }
}

/** Ends with the others: what one does is given up when another has failed. */
function guard({ target, options }: Member, failing: AbortSignal): Member {
  return { target, options: { ...options, signal: AbortSignal.any([options.signal, failing]) } };
}

/** nixspec's module is in it, which alone makes something of the cables. */
function isExtended({ target, options }: Member): boolean {
  const { command, attribute } = readVmSettings(target.vm ?? {}, options.folder);
  const way = command !== undefined ? 'command' : attribute !== undefined ? 'attribute' : undefined;
  if (way)
    options.say(`${target.name}: it is what its \`${way}\` says, so that it cannot be on a network with the others`);
  return way === undefined;
}

/** A new one; where some of the VMs run already, the one that these are on. */
async function chooseNetwork(
  members: readonly Member[],
  kept: readonly (KeptVm | undefined)[],
): Promise<PrivateNetwork | undefined> {
  if (members.length < 2) return undefined;
  const joint = members.filter(isExtended);
  const names = sortNames(joint.map(({ target }) => target.name));
  if (names.length < 2) return undefined;
  checkCount(names);
  const running = kept.find((one) => one !== undefined);
  const staysOn = joint.some(({ target }) => target.vm?.keep === true);
  if (!running) return makeNetwork(await askFacts(joint), staysOn);
  const found = await findNetworkOf(running.folder);
  if (found && isDeepStrictEqual(sortNames(Object.keys(found.facts)), names)) return found;
  const name = running.owner.target;
  const rather = `\`nixspec vm stop ${name}\` lets them begin together`;
  joint[0]?.options.say(
    `${name} runs already, on no network of ${names.join(' and ')}: they do not see each other; ${rather}`,
  );
  return undefined;
}

async function askFacts(members: readonly Member[]): Promise<PrivateNetwork['facts']> {
  const asked = members.map(async ({ target, options: { folder, signal, show } }) => {
    const settings = await checkVm(target, folder);
    return [target.name, await askMachineFacts({ folder, signal, show, target: target.name, settings })] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

async function endAll(settled: readonly PromiseSettledResult<Transport>[], fresh: readonly Member[]): Promise<void> {
  await Promise.all(settled.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
  // One that was to stay has not been ended by that.
  for (const { target, options } of fresh) {
    const kept = await findKept(target.name, options.folder);
    if (!kept) continue;
    await stopKept(kept, async () => options.connect(await readAccess(kept.folder, target)), options.signal);
  }
}

async function openMember({ target, options }: Member, network: PrivateNetwork | undefined): Promise<Transport> {
  const kept = await findKept(target.name, options.folder);
  const isOn = network && target.name in network.facts;
  const transport = await openVm(target, { ...options, ...(isOn && { network }) });
  const joined = kept && !kept.starting ? await findNetworkOf(kept.folder) : isOn ? network : undefined;
  return joined ? change(transport, { others: namesOfOthers(joined, target.name) }) : transport;
}

function share(
  members: readonly Member[],
  transports: readonly Transport[],
  network: PrivateNetwork | undefined,
): ReadonlyMap<string, Transport> {
  let left = transports.length;
  const shared = transports.map((transport, at) => {
    const close = async () => {
      await transport.close();
      left -= 1;
      if (left === 0 && network) await leaveNetwork(network);
    };
    return [members[at]?.target.name ?? '', change(transport, { close })] as const;
  });
  return new Map(shared);
}

function change(transport: Transport, changed: Partial<Transport>): Transport {
  return {
    ...transport,
    run: (program, signal) => transport.run(program, signal),
    connect: (host, port, signal) => transport.connect(host, port, signal),
    close: () => transport.close(),
    ...changed,
  };
}

const gibibyte = 1024 ** 3;

function warnOfMemory(fresh: readonly Member[]): void {
  const wanted = fresh.reduce(
    (sum, { target, options }) => sum + readVmSettings(target.vm ?? {}, options.folder).memory,
    0,
  );
  const free = freemem();
  if (fresh.length < 2 || wanted <= free) return;
  const size = (bytes: number) => `${(bytes / gibibyte).toFixed(1)} GiB`;
  fresh[0]?.options.say(
    `${fresh.map(({ target }) => target.name).join(' and ')} may take ${size(wanted)} of memory together, and ${size(free)} are free here; vm: { memory: … } says how much each has`,
  );
}
