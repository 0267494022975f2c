import type { NoReading, Observation, Query, Reading, Script, ShellOutput } from '../model.js';
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
import { chunkWords } from '../shell/chunks.js';
import { readSections, type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';

const properties = {
  loaded: { type: 'boolean', summary: 'The running kernel has it: loaded, or built in', example: true },
  'built-in': { type: 'boolean', summary: 'It is part of the kernel itself', example: false },
  parameters: {
    type: 'map',
    summary: 'Its parameters as they are now',
    example: { max_loop: '64' },
  },
  version: { type: 'version', summary: 'Version that it gives itself; few modules of the kernel do', example: '2.2.6' },
  'used-by': { type: 'list', summary: 'Modules that need it, sorted', example: ['nft_nat'] },
  blacklisted: {
    type: 'boolean',
    summary: 'It is not loaded by itself where its hardware is found: `boot.blacklistedKernelModules`',
    example: true,
  },
  disabled: {
    type: 'boolean',
    summary: '`modprobe` does not load it at all: an `install` line of modprobe.d runs `true` or `false` in its place',
    example: true,
  },
} as const satisfies { readonly [name: string]: Property };

type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'kernel-module',
  summary: 'A module of the running kernel',
  subject: {
    summary: 'Name of the module; - and _ are the same',
    example: 'wireguard',
    pattern: /^[A-Za-z0-9_][A-Za-z0-9_-]{0,55}$/,
    mistake: 'a module is named by letters, digits, _ and -, without .ko',
    normalize: (written) => written.replaceAll('-', '_'),
  },
  params: {},
  properties,
  needs: ['grep (GNU)', 'modprobe (kmod) for blacklisted and disabled'],
  notes: `\
- A module that is not loaded does not exist (\`loaded: false\`), also where it could be loaded.
- What is built in is told by the kernel's \`modules.builtin\`: \`/run/booted-system/kernel-modules\` on NixOS, else
  \`/lib/modules\`. Without it, and in containers, a module that is not seen is unknown.
- A blacklisted module may still be loaded by hand, or as another one needs it.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForModules(queries),
      exits: [0],
      limit: Math.max(10, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 16 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, output),
    },
  ],
});

const ofFiles = ['parameters', 'version'];
const ofModprobe = ['blacklisted', 'disabled'];

function wants({ wanted }: Query, properties: readonly string[]): boolean {
  return properties.some((property) => wanted.has(property));
}

function namesOf(queries: readonly Query[]): readonly string[] {
  return [...new Set(queries.map(({ subject }) => subject))];
}

/** Half a dozen processes for any number of modules. A module that is built in has a folder where it has parameters. */
function askForModules(queries: readonly Query[]): Script {
  const names = namesOf(queries.filter((query) => wants(query, ofFiles)));
  return joinScripts([
    section('modules', sh`cat /proc/modules`),
    section(
      'builtin',
      sh`kernel=$(uname -r)
f=/run/booted-system/kernel-modules/lib/modules/$kernel/modules.builtin
[ -r "$f" ] || f=/lib/modules/$kernel/modules.builtin
cat "$f"`,
    ),
    ...chunkWords(namesOf(queries)).map((some) =>
      section('folders', sh`for m in ${some}; do [ ! -d "/sys/module/$m" ] || echo "$m"; done`),
    ),
    ...chunkWords(names).map((some) =>
      section(
        'values',
        sh`set --
for m in ${some}; do
  for f in "/sys/module/$m/parameters"/* "/sys/module/$m/version"; do [ ! -f "$f" ] || set -- "$@" "$f"; done
done
[ $# -eq 0 ] || grep -aHZ '' -- "$@"`,
      ),
    ),
    ...(queries.some((query) => wants(query, ofModprobe))
      ? [
          section(
            'modprobe',
            sh`command -v modprobe >/dev/null || echo 'modprobe is missing (kmod)' >&2
modprobe --showconfig | grep -E '^(blacklist|install) '`,
          ),
        ]
      : []),
  ]);
}

/** What was told of all modules. */
interface Told {
  /** By name: those that use it. Undefined where the kernel does not tell. */
  readonly loaded: ReadonlyMap<string, readonly string[]> | undefined;
  readonly builtIn: ReadonlySet<string> | undefined;
  readonly folders: ReadonlySet<string>;
  readonly values: Section | undefined;
  readonly modprobe: Section | undefined;
}

function readAnswer(queries: readonly Query[], output: ShellOutput): Map<string, Observation<Readings>> {
  const sections = readSections(output);
  if (!sections.has('folders')) return sameForAll(queries, unknown('the answer is not whole'));
  const lines = (name: string) => {
    const found = sections.get(name);
    return found?.exit === 0 ? found.lines : undefined;
  };
  const told: Told = {
    loaded: readModules(lines('modules')),
    builtIn: readBuiltIn(lines('builtin')),
    folders: new Set(lines('folders')),
    values: sections.get('values'),
    modprobe: sections.get('modprobe'),
  };
  return new Map(queries.map((query) => [query.id, known(describeModule(query, told))]));
}

/** proc_modules(5): `nf_nat 45056 2 nft_nat,nft_masq, Live 0x0`. */
function readModules(lines: readonly string[] | undefined): Told['loaded'] {
  return (
    lines &&
    new Map(
      lines.map((line): [string, readonly string[]] => {
        const [name = '', , , users = ''] = line.split(' ');
        return [
          name,
          users
            .split(',')
            .filter((user) => user !== '' && user !== '-')
            .sort(),
        ];
      }),
    )
  );
}

/** `kernel/drivers/net/wireguard/wireguard.ko` */
function readBuiltIn(lines: readonly string[] | undefined): Told['builtIn'] {
  const names = lines?.flatMap((line) => /([^/]+)\.ko$/.exec(line)?.[1]?.replaceAll('-', '_') ?? []);
  return names && names.length > 0 ? new Set(names) : undefined;
}

function describeModule(query: Query, told: Told): Readings {
  const name = query.subject;
  const users = told.loaded?.get(name);
  const builtIn = users === undefined && (told.builtIn?.has(name) === true || told.folders.has(name));
  const loaded = users !== undefined || builtIn || findAbsence(told);
  const none = loaded === false ? absentReading('it is not loaded') : loaded;
  const has = <V>(value: () => V | NoReading) => (none === true ? value() : none);
  return {
    exists: loaded,
    loaded,
    'built-in': loaded === true ? builtIn : loaded === false ? absentReading('it is not loaded') : loaded,
    'used-by': has(() => users ?? absentReading('it is built in')),
    ...(query.wanted.has('parameters') && { parameters: has(() => readParameters(name, told.values)) }),
    ...(query.wanted.has('version') && { version: has(() => readVersion(name, told.values)) }),
    ...(wants(query, ofModprobe) && readConfiguration(name, told.modprobe)),
  };
}

/** False only where all that could have it was seen. */
function findAbsence({ loaded, builtIn }: Told): false | NoReading {
  if (!loaded) return unknownReading('the kernel does not tell its modules: there is no /proc/modules');
  return builtIn ? false : unknownReading('it may be built in: there is no modules.builtin of the running kernel');
}

function readParameters(name: string, values: Section | undefined) {
  const folder = `/sys/module/${name}/parameters/`;
  const parameters = new Map<string, Reading>();
  for (const line of values?.lines ?? []) {
    const at = line.indexOf('\0');
    if (!line.startsWith(folder) || at < 0) continue;
    const key = line.slice(folder.length, at);
    const before = parameters.get(key);
    parameters.set(key, typeof before === 'string' ? `${before}\n${line.slice(at + 1)}` : line.slice(at + 1));
  }
  for (const line of values?.said ?? []) {
    const [, key, reason] = /^grep: \/sys\/module\/[^/]+\/parameters\/(.*): ([^:]+)$/.exec(line) ?? [];
    if (key !== undefined && line.startsWith(`grep: ${folder}`)) {
      parameters.set(key, unknownReading(`it could not be read: ${reason}`));
    }
  }
  // A reason may stand for one of the values.
  return Object.fromEntries(parameters) as { readonly [key: string]: string };
}

function readVersion(name: string, values: Section | undefined): string | NoReading {
  const line = values?.lines.find((line) => line.startsWith(`/sys/module/${name}/version\0`));
  return line?.slice(line.indexOf('\0') + 1) ?? absentReading('it tells no version');
}

function readConfiguration(name: string, modprobe: Section | undefined) {
  // 1: grep found nothing. That modprobe failed, or is missing, is only seen by what it said.
  if (!modprobe || modprobe.exit > 1 || modprobe.said.length > 0) {
    const none = unknownReading(`modprobe gave no answer: ${modprobe?.said[0] ?? 'it was not run to its end'}`);
    return { blacklisted: none, disabled: none };
  }
  const lines = modprobe.lines.map((line) => line.split(/\s+/));
  const isAbout = (word: string, other = '') => word === other.replaceAll('-', '_');
  return {
    blacklisted: lines.some(([verb, module]) => verb === 'blacklist' && isAbout(name, module)),
    disabled: lines.some(
      ([verb, module, command = '']) =>
        verb === 'install' && isAbout(name, module) && /(^|\/)(true|false)$/.test(command),
    ),
  };
}
