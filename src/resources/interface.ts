import type { NoReading, Observation, Query, ShellOutput } from '../model.js';
import { absent, absentReading, defineResource, known, sameForAll, unknown, unknownReading } from '../resource.js';
import { sh } from '../shell/sh.js';

export default defineResource({
  name: 'interface',
  summary: 'A network interface, as the target itself sees it',
  subject: {
    summary: 'Name, or one of its alternative names',
    example: 'wg0',
    // dev_valid_name of the kernel; an alternative name may have 127 bytes.
    pattern: /^(?!\.{1,2}$)[^\s/:@]{1,127}$/,
    mistake: 'an interface is called eth0 or wg0: no white space, and none of / : @',
  },
  params: {},
  properties: {
    up: { type: 'boolean', summary: 'Switched on, and with a carrier where it can have one', example: true },
    addresses: {
      type: 'list',
      summary: 'All usable addresses with their prefix length, sorted; link-local and temporary ones too',
      example: { 'contain-element': '10.100.0.1/24' },
    },
    mtu: { type: 'number', least: 0, summary: 'Largest packet, in bytes', example: 1420 },
    mac: { type: 'string', summary: 'Hardware address, in lower case', example: '52:54:00:12:34:56' },
    kind: {
      type: 'string',
      summary: 'What it is: bridge, bond, vlan, wireguard, veth, tun …; of a device `ethernet`; loopback',
      example: 'wireguard',
    },
    master: { type: 'string', summary: 'Bridge, bond or VRF that it belongs to', example: 'br0' },
    ports: {
      type: 'list',
      summary: 'Interfaces that belong to it: of a bridge or bond, sorted',
      example: ['eth0', 'eth1'],
    },
    'bond-mode': { type: 'string', summary: 'How a bond uses its ports', example: '802.3ad' },
    speed: { type: 'number', summary: 'Speed of its link, in Mbit/s, as the driver tells it', example: { ge: 1000 } },
  },
  needs: ['ip (iproute2 4.14)', 'grep for speed'],
  notes: `\
- \`up\` is what an administrator means by it: switched on (\`ip link set … up\`), not \`NO-CARRIER\`, and in state \`UP\`
  or, as WireGuard, tun and loopback interfaces always are, \`UNKNOWN\`. A bridge whose ports are all down is not up.
- Nearly every interface also has a link-local IPv6 address (\`fe80::…/64\`), so that a bare list of addresses rarely
  holds: say \`contain-element\` or \`contain-elements\`. Addresses are written as \`ip address\` writes them
  (\`fd00::1/64\`, not \`fd00:0::1/64\`).
- An IPv6 address that is still being checked, or that another machine has as well (\`tentative\`, \`dadfailed\`), cannot
  be used, and is left out; \`within: 3s\` waits for it.
- Virtual machines and tunnels have made up speeds, or none.
- Interfaces in other network namespaces, as containers have them, are not seen.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: sh`command -v ip >/dev/null || { echo 'ip is missing (iproute2)' >&2; exit 127; }
ip -json ${wants(queries, ['kind', 'bond-mode']) ? sh`-details ` : sh``}address show${wants(queries, ['speed']) ? askForSpeeds : sh``}`,
      exits: [0],
      limit: Math.max(10, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 16 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, output),
    },
  ],
});

/** Of an interface that is down, or is none of wire, the kernel gives no speed but an error. */
const askForSpeeds = sh` || exit
printf '\n=speed\n'
grep -aHs '' /sys/class/net/*/speed
:`;

function wants(queries: readonly Query[], properties: readonly string[]): boolean {
  return queries.some(({ wanted }) => properties.some((property) => wanted.has(property)));
}

interface Readings {
  readonly up: boolean | NoReading;
  readonly addresses: readonly string[];
  readonly mtu: number | NoReading;
  readonly mac: string | NoReading;
  readonly kind: string | NoReading;
  readonly master: string | NoReading;
  readonly ports: readonly string[];
  readonly 'bond-mode': string | NoReading;
  readonly speed: number | NoReading;
}

type Json = { readonly [key: string]: unknown };

/** All interfaces that there are: there is always `lo`, so that none at all is no answer. */
function readAnswer(queries: readonly Query[], output: ShellOutput): Map<string, Observation<Readings>> {
  const [told = '', speeds] = output.stdout.toString('utf8').split('\n=speed\n');
  const links = readLinks(told);
  if (links.length === 0) return sameForAll(queries, unknown('ip told no interface, not even lo, as JSON'));
  const byName = new Map<unknown, Json>();
  for (const link of links) for (const name of listOf(link.altnames)) byName.set(name, link);
  for (const link of links) byName.set(link.ifname, link);
  return new Map(
    queries.map(({ id, subject }) => {
      const link = byName.get(subject);
      return [id, link ? known(readLink(link, links, speeds)) : absent(`there is no interface called ${subject}`)];
    }),
  );
}

/** Some versions of `ip` print an empty object for what they leave out. */
function readLinks(text: string): readonly Json[] {
  try {
    return listOf(JSON.parse(text)).filter((link): link is Json => isObject(link) && typeof link.ifname === 'string');
  } catch {
    return [];
  }
}

function readLink(link: Json, links: readonly Json[], speeds: string | undefined): Readings {
  const isPort = ({ master }: Json) => master === link.ifname;
  return {
    up: readUp(link),
    addresses: listOf(link.addr_info)
      .flatMap((address) => (isObject(address) && isUsable(address) ? showAddress(address) : []))
      .sort(),
    mtu: typeof link.mtu === 'number' ? link.mtu : unknownReading('ip does not tell its mtu'),
    mac: readMac(link),
    kind: readKind(link),
    master: typeof link.master === 'string' ? link.master : absentReading('it belongs to no bridge or bond'),
    ports: links.flatMap((other) => (isPort(other) ? String(other.ifname) : [])).sort(),
    'bond-mode': readBondMode(link),
    speed: readSpeed(String(link.ifname), speeds),
  };
}

/** ip-link(8), TYPE; what has none is a device of its own. */
function readKind({ linkinfo, link_type: type }: Json): string | NoReading {
  const kind = isObject(linkinfo) ? linkinfo.info_kind : undefined;
  if (typeof kind === 'string') return kind;
  if (typeof type !== 'string') return unknownReading('ip does not tell its kind');
  return type === 'ether' ? 'ethernet' : type;
}

function readBondMode(link: Json): string | NoReading {
  const data = isObject(link.linkinfo) && isObject(link.linkinfo.info_data) ? link.linkinfo.info_data : {};
  return readKind(link) === 'bond' && typeof data.mode === 'string' ? data.mode : absentReading('it is no bond');
}

/** Lines `/sys/class/net/eth0/speed:1000`; -1 where the driver does not know. */
function readSpeed(name: string, speeds: string | undefined): number | NoReading {
  const line = speeds?.split('\n').find((line) => line.startsWith(`/sys/class/net/${name}/speed:`));
  const speed = Number(line?.slice(line.lastIndexOf(':') + 1) || Number.NaN);
  if (speed > 0) return speed;
  return unknownReading('its driver does not tell: it has no wire, or is down');
}

/** RFC 2863 states, as the kernel gives them: a driver that knows nothing of carriers stays UNKNOWN. */
function readUp({ flags, operstate }: Json): boolean | NoReading {
  if (!Array.isArray(flags) || typeof operstate !== 'string') return unknownReading('ip does not tell its state');
  return flags.includes('UP') && !flags.includes('NO-CARRIER') && (operstate === 'UP' || operstate === 'UNKNOWN');
}

function isUsable(address: Json): boolean {
  return address.dadfailed !== true && (address.tentative !== true || address.optimistic === true);
}

/** Of a point-to-point address the near end. */
function showAddress({ local, prefixlen }: Json): readonly string[] {
  return typeof local === 'string' && typeof prefixlen === 'number' ? [`${local}/${prefixlen}`] : [];
}

/** Tunnels have an IP address in its place, loopback zeros, others nothing. */
function readMac({ link_type: type, address }: Json): string | NoReading {
  const hardware = type === 'ether' || type === 'infiniband';
  if (hardware && typeof address === 'string' && /^[0-9a-f]{2}(:[0-9a-f]{2})+$/i.test(address)) {
    return address.toLowerCase();
  }
  return absentReading('it has no hardware address');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
