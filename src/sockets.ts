import type { Script, ShellOutput } from './model.js';
import { joinScripts, sh } from './shell/sh.js';
import { readBlocks, readWord } from './systemctl.js';

/** A socket that waits: a TCP listener, or a UDP socket that is not connected to one peer. */
export interface ListeningSocket {
  readonly protocol: 'tcp' | 'udp';
  /** `0.0.0.0`, `::`, `127.0.0.1`, `fe80::1%eth0`; a wildcard bound to one interface is `0.0.0.0%eth0`. */
  readonly address: string;
  readonly port: number;
  /** Whether IPv4 and IPv6 clients reach it: one on `::` usually serves both. */
  readonly servesV4: boolean;
  readonly servesV6: boolean;
  /** Only this machine reaches it. */
  readonly loopback: boolean;
  /** Empty also where they may not be seen: see `seesAll`. Without systemd, where it has passed the socket on. */
  readonly holders: readonly Holder[];
  /** systemd's name for what made it; undefined where that is no unit. */
  readonly madeBy?: string;
}

/** A socket in the file system that waits for others. */
export interface UnixSocket {
  /** As it was bound, but with /run for /var/run. */
  readonly path: string;
  readonly holders: readonly Holder[];
  readonly madeBy?: string;
}

export interface Holder {
  /** At most 15 bytes: the kernel cuts them. */
  readonly name: string;
  readonly pid: number;
  /** Undefined where the process is gone by now, or was not asked about. */
  readonly user?: string;
  readonly unit?: string;
}

export interface SocketTable {
  readonly sockets: readonly ListeningSocket[];
  /** Only where they were asked for. */
  readonly unixSockets?: readonly UnixSocket[];
  /** Whether the holders of every socket may be seen. */
  readonly seesAll: boolean;
}

/** What must be asked beside the sockets themselves; each costs a little. */
export interface SocketQuestions {
  readonly holders?: boolean;
  readonly users?: boolean;
  readonly units?: boolean;
  /** Sockets in the file system too. */
  readonly unix?: boolean;
}

/** CAP_SYS_PTRACE: may look at the open files of every process. */
const capabilityBit = 19;

/**
 * One `ss` for all sockets: `-e` tells whether a socket on `::` serves IPv4 too, `--cgroup` (iproute2 5.8) what made it.
 * Users and units of the holders are read from /proc, for all of them by two processes. Sockets that systemd holds for
 * others are all in its own control group: whose they are, only its socket units tell.
 */
export function askForSockets({
  holders = false,
  users = false,
  units = false,
  unix = false,
}: SocketQuestions): Script {
  const options = sh`${holders || users || units ? sh`-p ` : sh``}${unix ? sh`-x` : sh``}`;
  return joinScripts([
    sh`command -v ss >/dev/null || { echo 'ss is missing (iproute2)' >&2; exit 127; }
while read -r key value; do case $key in CapEff:) caps=$value; esac; done </proc/self/status
sockets=$(ss -H -O -l -n -t -u -e --cgroup ${options}) || exit
printf '%s\n' "$sockets" "=caps $caps"`,
    ...(users || units ? [listHolders] : []),
    ...(users ? [sh`[ -z "$holders" ] || stat -c '%n %U' -- $holders 2>/dev/null`] : []),
    ...(units ? [askForUnits] : []),
    sh`echo =end`,
  ]);
}

const listHolders = sh`holders=$(printf '%s\n' "$sockets" | awk '{
  while (match($0, /pid=[0-9]+/)) {
    pid = substr($0, RSTART + 4, RLENGTH - 4)
    if (!seen[pid]++) print "/proc/" pid
    $0 = substr($0, RSTART + RLENGTH)
  }
}')
echo =holders`;

const askForUnits = sh`files=
for holder in $holders; do files="$files $holder/cgroup"; done
[ -z "$files" ] || grep -Hs '' -- $files
case $sockets in *'("systemd",pid=1,'*)
  echo =units
  systemctl --no-pager --all show -p Id,Listen -- '*.socket' 2>/dev/null
esac`;

/**
 * Reads what the script of `askForSockets` printed.
 * @returns undefined where it is not whole
 */
export function readSockets(output: ShellOutput): SocketTable | undefined {
  const text = output.stdout.toString('utf8');
  if (!/^=end$/m.test(text.slice(-5))) return undefined;
  const [, listed = '', caps = '', rest = ''] = /^([\s\S]*?)^=caps ([0-9a-f]+)$([\s\S]*)$/m.exec(text) ?? [];
  if (caps === '') return undefined;
  const [holders = '', units = ''] = rest.split(/^=units$/m);
  const context = { processes: readProcesses(holders), socketUnits: readSocketUnits(units.replace(/^=end$/m, '')) };
  const lines = joinBrokenLines(listed);
  return {
    sockets: lines.flatMap((line) => readSocket(line, context) ?? []),
    unixSockets: lines.flatMap((line) => readUnixSocket(line, context) ?? []),
    seesAll: ((BigInt(`0x${caps}`) >> BigInt(capabilityBit)) & 1n) === 1n,
  };
}

interface Context {
  readonly processes: ReadonlyMap<number, Omit<Holder, 'name' | 'pid'>>;
  readonly socketUnits: readonly SocketUnit[];
}

interface SocketUnit {
  readonly name: string;
  /** `[::]:22 (Stream)` */
  readonly listens: readonly string[];
}

/** A process or a path may have a newline in its name, which `ss` prints as it is. */
function joinBrokenLines(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (/^((tcp|udp)\s+[A-Z-]+\s+\d+\s+\d+\s+\S+:|u_(str|seq|dgr)\s+(LISTEN|UNCONN)\s+\d+\s+\d+\s+\S)/.test(line))
      lines.push(line);
    else if (lines.length > 0) lines.push(`${lines.pop()}\n${line}`);
  }
  return lines;
}

function readSocket(line: string, context: Context): ListeningSocket | undefined {
  const [, protocol, written = '', port, rest = ''] =
    /^(tcp|udp)\s+\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+\s*([\s\S]*)$/.exec(line) ?? [];
  if (port === undefined || (protocol !== 'tcp' && protocol !== 'udp')) return undefined;
  const address = readAddress(written, / v6only:0\b/.test(rest));
  const holders = readHolders(rest, context);
  const madeBy =
    unitOfCgroup(/ cgroup:(\/\S*)/.exec(` ${rest}`)?.[1]) ??
    (holders.every((holder) => holder.pid === 1)
      ? findSocketUnit(protocol, address.shown, Number(port), context)
      : undefined);
  return {
    protocol,
    address: address.shown,
    port: Number(port),
    servesV4: address.servesV4,
    servesV6: address.servesV6,
    loopback: address.loopback,
    holders,
    ...(madeBy !== undefined && { madeBy }),
  };
}

/**
 * `u_str LISTEN 0 128 /run/x.sock 12345 * 0 users:(…) <-> ino:5 dev:0/48 peers:`. A path may hold spaces, and anything
 * else: what stands behind it is looked for from the end. Abstract names begin with @.
 */
function readUnixSocket(line: string, context: Context): UnixSocket | undefined {
  const [, , bound, rest = ''] =
    /^u_(str|seq|dgr)\s+\S+\s+\d+\s+\d+\s+(\/[\s\S]*) \d+\s+\* \d+\s*((?:users:|<->|ino:|cgroup:)[\s\S]*|)$/.exec(
      line,
    ) ?? [];
  if (bound === undefined) return undefined;
  const path = normalizeSocketPath(bound);
  const holders = readHolders(rest, context);
  const isHere = (listen: string) => normalizeSocketPath(listen.replace(/ \([A-Za-z]+\)$/, '')) === path;
  const unit = holders.every((holder) => holder.pid === 1)
    ? context.socketUnits.find(({ listens }) => listens.some(isHere))?.name
    : undefined;
  return { path, holders, ...(unit !== undefined && { madeBy: unit }) };
}

/** /var/run is a link to /run everywhere; a socket keeps the name it was bound to. */
export function normalizeSocketPath(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/');
}

/**
 * `*` is a socket on `::` that serves IPv4 too. An address after `::ffff:` is IPv4 in the clothes of IPv6. An interface
 * stands behind `%`: it matters for a wildcard, and is part of a link-local address; elsewhere the address says it all.
 */
function readAddress(written: string, dualStack: boolean) {
  const [bare = '', device] = written.replace(/[[\]]/g, '').split('%');
  const mapped = /^::ffff:([0-9.]+)$/.exec(bare)?.[1];
  const address = mapped ?? (bare === '*' ? '::' : bare);
  const isV4 = !address.includes(':');
  const wildcard = address === '0.0.0.0' || address === '::';
  const shown = device !== undefined && (wildcard || address.startsWith('fe80:')) ? `${address}%${device}` : address;
  return {
    shown,
    servesV4: isV4 || bare === '*' || (address === '::' && dualStack),
    servesV6: !isV4,
    loopback: device === 'lo' || address === '::1' || (isV4 && address.startsWith('127.')),
  };
}

/**
 * `users:(("nginx",pid=12,fd=7),("nginx",pid=13,fd=7))`. A name may hold quotes and brackets, but not the 16 bytes that a
 * second holder would take. systemd keeps a copy of the sockets that it has passed on, which is left out.
 */
function readHolders(rest: string, { processes }: Context): Holder[] {
  const [, list] = /^users:\(\("([\s\S]*?)\)\)(?= |$)/.exec(rest) ?? [];
  const holders = (list ?? '').split('),("').flatMap((part): Holder[] => {
    const [, name, pid] = /^([\s\S]*)",pid=(\d+),fd=\d+$/.exec(part) ?? [];
    return name === undefined ? [] : [{ name, pid: Number(pid), ...processes.get(Number(pid)) }];
  });
  const others = holders.filter((holder) => holder.pid !== 1);
  return others.length > 0 ? others : holders;
}

/** Lines `/proc/12 alice` and `/proc/12/cgroup:0::/system.slice/nginx.service`; with control groups of both versions. */
function readProcesses(text: string): Context['processes'] {
  const processes = new Map<number, { user?: string; unit?: string }>();
  for (const line of text.split('\n')) {
    const [, pid, user, controllers, path] = /^\/proc\/(\d+)(?: (.*)|\/cgroup:\d+:([^:]*):(.*))$/.exec(line) ?? [];
    if (pid === undefined) continue;
    const process = processes.get(Number(pid)) ?? {};
    processes.set(Number(pid), process);
    if (user !== undefined) process.user = user;
    const unit = controllers === '' || controllers === 'name=systemd' ? unitOfCgroup(path) : undefined;
    if (unit !== undefined) process.unit = unit;
  }
  return processes;
}

/** The first part of the path that is no slice, as systemd itself reads it; a service may have made more below it. */
function unitOfCgroup(path: string | undefined): string | undefined {
  const unit = (path ?? '').split('/').find((part) => part !== '' && !part.endsWith('.slice'));
  return unit !== undefined && unit !== 'init.scope' && /\.(service|scope|socket|mount|swap)$/.test(unit)
    ? unit
    : undefined;
}

function readSocketUnits(text: string): SocketUnit[] {
  return readBlocks(text).map((block) => ({ name: readWord(block, 'Id') ?? '', listens: block.get('Listen') ?? [] }));
}

/** By address and port, else by the port alone where only one unit has it. */
function findSocketUnit(protocol: 'tcp' | 'udp', address: string, port: number, { socketUnits }: Context) {
  const kind = protocol === 'tcp' ? 'Stream' : 'Datagram';
  const local = formatEndpoint(address, port);
  const exact = socketUnits.filter(({ listens }) => listens.includes(`${local} (${kind})`));
  const near = socketUnits.filter(({ listens }) => listens.some((listen) => listen.endsWith(`:${port} (${kind})`)));
  const [unit, ...more] = exact.length > 0 ? exact : near;
  return more.length === 0 ? unit?.name : undefined;
}

/** `127.0.0.1:53`, `[::]:443`, `[fe80::1%eth0]:25`. */
export function formatEndpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
