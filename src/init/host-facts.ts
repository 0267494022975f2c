import type { Io } from '../command.js';
import { isOrdinary } from '../discover/ordinary-units.js';
import type { Progress } from '../progress.js';
import { nixString } from '../vm/nix-expression.js';
import type { Asker } from './ask.js';
import { askNix, isFailure } from './ask-nix.js';
import type { Source } from './find-source.js';

/** What the configuration of a host says of itself. Whatever is missing could not be told. */
export interface HostFacts {
  readonly fqdn?: string;
  /** Where sshd listens. */
  readonly sshPorts?: readonly number[];
  /** sshd.socket is there, and sshd starts with the first login. */
  readonly sshOnDemand?: boolean;
  /** The unit that holds the firewall's rules. */
  readonly firewall?: 'firewall' | 'nftables';
  /** A time service that tells how far the clock is off. */
  readonly clock?: boolean;
  /** Services that start at boot and that not every NixOS has. */
  readonly services: readonly string[];
}

export const noFacts: HostFacts = { services: [] };

/** Milliseconds: a host of NixOS takes some seconds to evaluate, on a small machine many. */
const patience = 120_000;

/** More of them would be no first spec. */
const mostServices = 40;

/**
 * Evaluates the chosen hosts, nothing is built. A host that cannot be evaluated gets a plainer spec, and that is said: the
 * reason is told in full by `nixspec verify vm`.
 */
export async function describeHosts(
  source: Source,
  hosts: readonly string[],
  asker: Asker,
  progress: Progress,
  io: Io,
): Promise<ReadonlyMap<string, HostFacts>> {
  const described = new Map<string, HostFacts>();
  for (const host of hosts) {
    described.set(host, await describeHost(source, host, asker, progress, io));
  }
  progress.stop();
  return described;
}

async function describeHost(
  source: Source,
  host: string,
  asker: Asker,
  progress: Progress,
  io: Io,
): Promise<HostFacts> {
  if (source.kind !== 'flake' || !source.hosts?.includes(host)) return noFacts;
  const show = (stage: string) => progress.show(host, stage);
  show('reading its configuration');
  try {
    const args = ['eval', `${source.reference}#nixosConfigurations`, '--apply', describe(host)];
    return readFacts((await askNix(args, { patience, signal: io.signal, show })) as Said);
  } catch (error) {
    if (!isFailure(error)) throw error;
    asker.tell(`${host}: its configuration cannot be evaluated: ${error.message}`);
    return noFacts;
  }
}

/** What the expression below gives; null where the option is not there or cannot be evaluated. */
interface Said {
  readonly fqdn: string | null;
  readonly hostName: string | null;
  readonly ssh: boolean | null;
  readonly sshPorts: readonly number[] | null;
  readonly sshOnDemand: boolean | null;
  readonly firewall: boolean | null;
  readonly nftables: boolean | null;
  readonly timesyncd: boolean | null;
  readonly chrony: boolean | null;
  readonly services: readonly string[] | null;
}

/** A function of Nix from the hosts to what one says of itself; each part by itself, as any may throw. */
function describe(host: string): string {
  return `hosts:
let
  config = hosts.\${${nixString(host)}}.config;
  try = value: let tried = builtins.tryEval (builtins.deepSeq value value); in if tried.success then tried.value else null;
  starts = name:
    let service = config.systemd.services.\${name}; in
    (service.enable or true) && builtins.elem "multi-user.target" (service.wantedBy or [ ]);
in
builtins.seq config {
  fqdn = try (config.networking.fqdn or null);
  hostName = try (config.networking.hostName or null);
  ssh = try (config.services.openssh.enable or null);
  sshPorts = try (config.services.openssh.ports or null);
  sshOnDemand = try (config.services.openssh.startWhenNeeded or null);
  firewall = try (config.networking.firewall.enable or null);
  nftables = try (config.networking.nftables.enable or null);
  timesyncd = try (config.services.timesyncd.enable or null);
  chrony = try (config.services.chrony.enable or null);
  services = try (builtins.filter starts (builtins.attrNames (config.systemd.services or { })));
}`;
}

function readFacts(said: Said): HostFacts {
  const { fqdn, hostName, ssh, sshPorts, sshOnDemand, firewall, nftables, timesyncd, chrony, services } = said;
  const name = isHostName(fqdn) ? fqdn : isHostName(hostName) ? hostName : undefined;
  return {
    ...(name !== undefined && { fqdn: name }),
    ...(ssh !== null && { sshPorts: ssh ? (sshPorts ?? [22]) : [] }),
    ...(sshOnDemand !== null && { sshOnDemand }),
    ...(firewall && { firewall: nftables ? 'nftables' : 'firewall' }),
    ...((timesyncd !== null || chrony !== null) && { clock: timesyncd === true || chrony === true }),
    services: (services ?? []).filter((service) => isOwn(service)).slice(0, mostServices),
  };
}

/** `localhost` is what a host is called that has no name. */
function isHostName(name: string | null): name is string {
  return name !== null && /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name) && !name.startsWith('localhost');
}

/** Those that are said elsewhere, or that not every boot starts. */
function isOwn(service: string): boolean {
  return (
    !isOrdinary(`${service}.service`) &&
    !/@|^(sshd|firewall|nftables|systemd-timesyncd|chronyd)$|[^A-Za-z0-9:_.\\-]/.test(service)
  );
}
