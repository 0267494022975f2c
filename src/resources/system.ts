import type { NoReading, Query, Script, ShellOutput } from '../model.js';
import {
  linkGlobs,
  readCurrentIsProfile,
  readGeneration,
  readRebootNeeded,
  readSystemPath,
  type SystemLinks,
} from '../nixos.js';
import {
  absentReading,
  defineResource,
  known,
  type Property,
  type ReadingsOf,
  sameForAll,
  unknown,
  unknownReading,
} from '../resource.js';
import { joinScripts, sh } from '../shell/sh.js';
import { readTimespan } from '../systemctl.js';

const properties = {
  state: {
    type: 'string',
    summary: 'What `systemctl is-system-running` says; `degraded` is: some unit has failed',
    example: 'running',
    words: ['initializing', 'starting', 'running', 'degraded', 'maintenance', 'stopping', 'offline', 'unknown'],
  },
  'failed-units': { type: 'list', summary: 'Units in state failed, sorted', example: [] },
  hostname: { type: 'string', summary: 'Name of the machine as the kernel has it', example: 'web' },
  architecture: { type: 'string', summary: 'As Nix writes it', example: 'x86_64-linux' },
  os: { type: 'string', summary: 'The distribution, as /etc/os-release identifies it', example: 'nixos' },
  'os-version': { type: 'version', summary: 'Its release, likewise', example: '26.05' },
  virtualization: {
    type: 'string',
    summary: 'What `systemd-detect-virt` says: kvm, vmware, lxc, systemd-nspawn …; `none` on bare metal',
    example: 'none',
  },
  timezone: { type: 'string', summary: 'Time zone of the machine', example: 'Europe/Berlin' },
  processors: { type: 'number', least: 0, summary: 'Processors that are switched on', example: { ge: 4 } },
  memory: { type: 'size', summary: 'Memory that the kernel can use', example: { ge: '7GiB' } },
  swap: { type: 'size', summary: 'Swap space in all', example: { ge: '1GiB' } },
  kernel: {
    type: 'version',
    summary: 'Version of the kernel of the current system, which a reboot would start; elsewhere of the running one',
    example: '6.12.58',
  },
  'booted-kernel': { type: 'version', summary: 'Version of the kernel that runs (`uname -r`)', example: '6.12.58' },
  'reboot-needed': {
    type: 'boolean',
    summary: 'Kernel, initrd or kernel modules differ between what was booted and the current system (NixOS)',
    example: false,
  },
  'nixos-version': { type: 'version', summary: 'Version of NixOS', example: '26.05.20261120.abcdef0' },
  'configuration-revision': {
    type: 'string',
    summary: 'system.configurationRevision: the commit of the configuration (NixOS)',
    example: '0123456789abcdef0123456789abcdef01234567',
  },
  generation: { type: 'number', least: 0, summary: 'Number of the generation that runs (NixOS)', example: 42 },
  'system-path': {
    type: 'string',
    summary: 'Store path of the system that runs (NixOS)',
    example: '/nix/store/00000000000000000000000000000000-nixos-system-web-26.05',
  },
  'current-is-profile': {
    type: 'boolean',
    summary: 'What runs is what the next boot brings, or a specialisation of it (NixOS)',
    example: true,
  },
  uptime: { type: 'duration', summary: 'How long the machine has been up', example: '10m', volatile: true },
  load: { type: 'number', least: 0, summary: 'Load average over the last minute', example: 0.5, volatile: true },
  'memory-available': {
    type: 'size',
    summary: 'Memory that programs can still get without swapping',
    example: '512MiB',
    volatile: true,
  },
  'swap-free': { type: 'size', summary: 'Swap space that is not in use', example: '512MiB', volatile: true },
  'clock-offset': {
    type: 'duration',
    summary: 'How far the clock is off, whichever way, as the time service of the target measured it last',
    example: '100ms',
    volatile: true,
  },
} as const satisfies { readonly [name: string]: Property };

type Readings = ReadingsOf<typeof properties>;
type Name = keyof typeof properties;

export default defineResource({
  name: 'system',
  summary: 'The machine as a whole',
  subject: { summary: 'The host', example: '', none: true },
  params: {},
  properties,
  needs: ['systemctl, systemd-detect-virt, uname, and for clock-offset timedatectl (systemd-timesyncd) or chronyc'],
  notes: `\
- \`failed-units\` lists what systemd calls failed. A unit that crashes and is started again for ever is not among them:
  assert that it is \`healthy\`.
- Properties of NixOS have no value elsewhere.
- \`current-is-profile\` is false after \`nixos-rebuild test\`, and after \`boot\` until the reboot. \`generation\` then has no
  value, or is that of the older generation.
- \`clock-offset\` is not measured by nixspec, whose own clock may be the wrong one: systemd-timesyncd tells the offset
  of its last poll, which it has corrected since; chrony its estimate of now. Where neither runs it is unknown.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForSystem(new Set(queries.flatMap((query) => [...query.wanted]))),
      exits: [0],
      limit: Math.max(20, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 4 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, output),
    },
  ],
});

// ------------------------------------------------------------------------------------------------------- asking

/** What is told under a name, and for which properties it is asked. A value ends with a NUL byte, as no value holds one. */
const questions: readonly { readonly for: readonly Name[]; readonly script: Script }[] = [
  { for: ['state'], script: sh`tell state "$(systemctl is-system-running 2>/dev/null)"` },
  {
    for: ['failed-units'],
    script: sh`units=$(systemctl list-units --state=failed --plain --no-legend --no-pager --full) && tell failed-units "$units"`,
  },
  { for: ['hostname', 'architecture', 'kernel', 'booted-kernel'], script: sh`tell uname "$(uname -nrm)"` },
  { for: ['architecture'], script: tellFile('architecture', '/run/current-system/system') },
  { for: ['nixos-version'], script: tellFile('nixos-version', '/run/current-system/nixos-version') },
  {
    for: ['configuration-revision'],
    script: sh`[ ! -e /run/current-system ] || { json=$(nixos-version --json) && tell nixos-version-json "$json"; }`,
  },
  {
    for: ['kernel'],
    script: sh`for modules in /run/current-system/kernel-modules/lib/modules/*; do
  [ ! -d "$modules" ] || tell modules "$modules"
done`,
  },
  {
    for: ['reboot-needed', 'generation', 'system-path', 'current-is-profile'],
    script: sh`set --
for glob in ${linkGlobs}; do set -- "$@" $glob; done
tell links $#
printf '%s\0' "$@"
realpath -mz -- "$@" || exit`,
  },
  { for: ['uptime'], script: sh`read -r up _ </proc/uptime && tell uptime "$up"` },
  { for: ['load'], script: sh`read -r load _ </proc/loadavg && tell load "$load"` },
  {
    for: ['memory', 'memory-available', 'swap', 'swap-free'],
    script: sh`while read -r key value _; do
  case $key in MemTotal: | MemAvailable: | SwapTotal: | SwapFree:) tell "$key" "$value" ;; esac
done </proc/meminfo`,
  },
  {
    for: ['os', 'os-version'],
    script: sh`[ ! -r /etc/os-release ] || while IFS== read -r key value; do
  case $key in ID | VERSION_ID) tell "os-$key" "$value" ;; esac
done </etc/os-release`,
  },
  { for: ['virtualization'], script: sh`tell virtualization "$(systemd-detect-virt 2>/dev/null)"` },
  {
    for: ['timezone'],
    // Not timedatectl: it would have the bus start a service.
    script: sh`if [ -e /etc/localtime ] || [ -L /etc/localtime ]; then tell timezone "$(readlink /etc/localtime)"; else tell timezone zoneinfo/UTC; fi`,
  },
  { for: ['processors'], script: sh`tell processors "$(nproc)"` },
  {
    for: ['clock-offset'],
    // timedatectl would have the bus start a timesyncd that was stopped.
    script: sh`if systemctl is-active --quiet systemd-timesyncd.service 2>/dev/null; then
  tell timesyncd "$(timedatectl timesync-status 2>/dev/null)"
elif command -v chronyc >/dev/null; then
  tell chrony "$(chronyc -n -c tracking 2>/dev/null)"
fi`,
  },
];

/** Globs are expanded by the shell: none of them holds a word that would be split. */
function askForSystem(wanted: ReadonlySet<string>): Script {
  const asked = questions.filter((question) => question.for.some((property) => wanted.has(property)));
  return joinScripts([
    sh`tell() { printf '%s\0%s\0' "$1" "$2"; }
[ ! -e /run/current-system ] || tell nixos 1`,
    ...asked.map((question) => question.script),
    sh`tell end 1`,
  ]);
}

/** The first line; the files of a NixOS system have no newline at their end, which \`read\` counts as a failure. */
function tellFile(name: string, path: string): Script {
  return sh`[ ! -r ${path} ] || { read -r line <${path}; tell ${name} "$line"; }`;
}

// ------------------------------------------------------------------------------------------------------ reading

interface Told {
  readonly words: ReadonlyMap<string, string>;
  readonly links: SystemLinks;
}

function readAnswer(queries: readonly Query[], output: ShellOutput) {
  const told = readTold(output.stdout.toString('utf8'));
  if (!told) return sameForAll(queries, unknown('the answer of the system is not whole'));
  return new Map(
    queries.map((query) => {
      const wanted = [...query.wanted].filter((name): name is Name => Object.hasOwn(properties, name));
      return [query.id, known(Object.fromEntries(wanted.map((name) => [name, readers[name](told)])))];
    }),
  );
}

/** Names and values in turn; behind `links` stand so many paths, and then as many ends. */
function readTold(text: string): Told | undefined {
  const fields = text.split('\0');
  const words = new Map<string, string>();
  const links = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name = '', value = ''] = fields.slice(at, at + 2);
    words.set(name, value);
    if (name !== 'links') continue;
    const count = Number(value);
    for (let link = at + 2; link < at + 2 + count; link += 1) {
      const path = fields[link] ?? '';
      if (!path.includes('*')) links.set(path, fields[link + count] ?? '');
    }
    at += 2 * count;
  }
  return words.has('end') ? { words, links } : undefined;
}

type Reader<V> = (told: Told) => V | NoReading;

const readers: { readonly [K in Name]: Reader<Exclude<Readings[K], NoReading | undefined>> } = {
  state: ({ words }) => words.get('state') || unknownReading('systemctl gave no answer: systemd does not run here'),
  'failed-units': ({ words }) => {
    const units = words.get('failed-units');
    if (units === undefined) return unknownReading('systemctl gave no answer: systemd does not run here');
    return units
      .split('\n')
      .flatMap((line) => line.trim().split(/\s/, 1)[0] || [])
      .sort();
  },
  hostname: (told) => readUname(told, 0),
  architecture: (told) => {
    const machine = readUname(told, 2);
    return told.words.get('architecture') || (typeof machine === 'string' ? `${machine}-linux` : machine);
  },
  kernel: (told) => told.words.get('modules')?.split('/').at(-1) ?? readUname(told, 1),
  'booted-kernel': (told) => readUname(told, 1),
  'reboot-needed': onNixos(({ links }) => readRebootNeeded(links)),
  'nixos-version': onNixos(
    ({ words }) => words.get('nixos-version') || unknownReading('/run/current-system/nixos-version could not be read'),
  ),
  'configuration-revision': onNixos(({ words }) => readRevision(words.get('nixos-version-json'))),
  generation: onNixos(({ links }) => readGeneration(links)),
  'system-path': onNixos(({ links }) => readSystemPath(links)),
  'current-is-profile': onNixos(({ links }) => readCurrentIsProfile(links)),
  uptime: ({ words }) => readNumber(words.get('uptime')) ?? unknownReading('/proc/uptime could not be read'),
  load: ({ words }) => readNumber(words.get('load')) ?? unknownReading('/proc/loadavg could not be read'),
  memory: (told) => readMemory(told, 'MemTotal:'),
  'memory-available': (told) => readMemory(told, 'MemAvailable:'),
  swap: (told) => readMemory(told, 'SwapTotal:'),
  'swap-free': (told) => readMemory(told, 'SwapFree:'),
  os: ({ words }) => unquote(words.get('os-ID')) ?? unknownReading('/etc/os-release tells no ID'),
  'os-version': ({ words }) =>
    unquote(words.get('os-VERSION_ID')) ?? absentReading('/etc/os-release tells no VERSION_ID'),
  virtualization: ({ words }) => words.get('virtualization') || unknownReading('systemd-detect-virt gave no answer'),
  timezone: ({ words }) =>
    /zoneinfo\/(.+)$/.exec(words.get('timezone') ?? '')?.[1] ??
    unknownReading('/etc/localtime is no link that leads to a time zone'),
  processors: ({ words }) => readNumber(words.get('processors')) ?? unknownReading('nproc gave no answer'),
  'clock-offset': ({ words }) => readClockOffset(words.get('timesyncd'), words.get('chrony')),
};

function onNixos<V>(read: Reader<V>): Reader<V> {
  return (told) => (told.words.has('nixos') ? read(told) : absentReading('this is not a NixOS system'));
}

function readUname({ words }: Told, at: number): string | NoReading {
  const parts = words.get('uname')?.split(' ') ?? [];
  return (parts.length === 3 && parts[at]) || unknownReading('uname gave no answer');
}

function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The kernel counts in kibibytes. */
function readMemory({ words }: Told, key: string): number | NoReading {
  const kibibytes = readNumber(words.get(key));
  return kibibytes === undefined ? unknownReading(`/proc/meminfo tells no ${key.slice(0, -1)}`) : kibibytes * 1024;
}

/** os-release(5) allows quotes. */
function unquote(value: string | undefined): string | undefined {
  return value && /^(["']?)(.*)\1$/.exec(value)?.[2];
}

function readRevision(json: string | undefined): string | NoReading {
  if (json === undefined) return unknownReading('nixos-version gave no answer');
  try {
    const told: unknown = JSON.parse(json);
    const revision =
      typeof told === 'object' && told !== null && 'configurationRevision' in told && told.configurationRevision;
    if (typeof revision === 'string' && revision !== '') return revision;
    return absentReading('the configuration does not set system.configurationRevision');
  } catch {
    return unknownReading('the answer of nixos-version could not be read');
  }
}

/**
 * `       Offset: -1.234ms` of timedatectl(1); the fifth field of chronyc(1) `-c tracking`, in seconds, where the last one,
 * the leap status, does not say that there is no synchronisation. 127.127.1.1 (7F7F0101) is the machine's own clock.
 */
function readClockOffset(timesyncd: string | undefined, chrony: string | undefined): number | NoReading {
  if (timesyncd !== undefined) {
    const offset = readTimespan(/^ *Offset: [+-]?(.+)$/m.exec(timesyncd)?.[1]);
    return offset ?? unknownReading('systemd-timesyncd has not reached a time server yet');
  }
  if (chrony !== undefined) {
    const fields = chrony.trim().split(',');
    const offset = Number(fields[4]);
    if (fields.length < 14 || fields[4] === '' || Number.isNaN(offset)) return unknownReading('chrony gave no answer');
    if (fields.at(-1) === 'Not synchronised' || fields[0] === '7F7F0101')
      return unknownReading('chrony has not reached a time server yet');
    return Math.abs(offset);
  }
  return unknownReading('no time service tells: neither systemd-timesyncd nor chrony runs');
}
