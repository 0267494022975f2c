import type { NoReading, Observation, Query } from '../model.js';
import { askForPackages, type InstalledPackage, type PackageList, readPackages } from '../packages.js';
import { absentReading, defineResource, known, sameForAll, unknown } from '../resource.js';
import { compareVersions } from '../version-order.js';

export default defineResource({
  name: 'package',
  summary: 'A package: on NixOS of the running system with all that it uses, on Debian as dpkg has it',
  subject: {
    summary: 'Name, without a version; of dpkg also `name:architecture`',
    example: 'openssl',
    pattern: /^[A-Za-z0-9_.][A-Za-z0-9+._?=-]*(:[a-z0-9-]+)?$/,
    mistake: 'the name of a package is letters, digits and + - . _ ? =, perhaps with :architecture behind it',
  },
  params: {},
  properties: {
    installed: {
      type: 'boolean',
      summary: 'It is there: on NixOS any output of it, on Debian wholly installed',
      example: true,
    },
    versions: {
      type: 'list',
      values: 'version',
      summary: 'All versions of it that are there, without repetition, the earliest first',
      example: ['3.0.14'],
    },
  },
  needs: ['nix-store (NixOS) or dpkg-query (Debian)'],
  notes: `\
- On NixOS the name is the one in the store path, not the attribute of nixpkgs: \`pkgs.postgresql_16\` is \`postgresql\`,
  \`python312Packages.requests\` is \`python3.12-requests\`. \`nix-store -qR /run/current-system\` lists them all. A name
  with its version, \`openssl-1.1.1w\`, is found too.
- What counts is the closure of \`/run/current-system\`: also libraries that only another package uses, also if only one
  output of them is there (\`gcc\` for its \`lib\`). That a command is there for users, \`file\` tells:
  \`/run/current-system/sw/bin/gcc\`. Several versions at once are nothing unusual. Packages of older generations, and
  those of \`nix-env\` and \`nix profile\`, do not count.
- On Debian, what was removed but for its configuration, and what is unpacked but not configured, is not installed.
- A machine without a package manager that is read makes all of this unknown, never "not installed".`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForPackages,
      exits: [0],
      limit: Math.max(30, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 16 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => {
        const list = readPackages(output);
        if (!list) return sameForAll(queries, unknown('the list of packages is not whole'));
        const index = indexPackages(list);
        return new Map(queries.map((query) => [query.id, readPackage(query, list, index)]));
      },
    },
  ],
});

interface Readings {
  readonly exists: boolean;
  readonly installed: boolean;
  readonly versions: readonly string[] | NoReading;
}

type Index = ReadonlyMap<string, readonly InstalledPackage[]>;

/** By all that people may call them. */
function indexPackages(list: PackageList): Index {
  const index = new Map<string, InstalledPackage[]>();
  for (const one of list.packages) {
    for (const name of new Set(namesOf(one))) {
      const there = index.get(name);
      if (there) there.push(one);
      else index.set(name, [one]);
    }
  }
  return index;
}

function namesOf({ name, version, output, architecture }: InstalledPackage): readonly string[] {
  if (architecture !== undefined) return [name, `${name}:${architecture}`];
  if (version === undefined) return [name];
  return [name, `${name}-${version}`, ...(output === undefined ? [] : [`${name}-${version}-${output}`])];
}

function readPackage(query: Query, list: PackageList, index: Index): Observation<Readings> {
  const found = index.get(query.subject);
  if (found && list.source === 'listing') {
    return unknown('it is in the Nix store, but without nix-store nobody can tell whether the running system uses it');
  }
  if (!found) {
    const state = list.halfway.get(query.subject);
    const versions = absentReading(`${query.subject} is not installed${state === undefined ? '' : `: ${state}`}`);
    return known({ exists: false, installed: false, versions });
  }
  const versions = new Set(found.flatMap(({ version }) => version ?? []));
  const versionRules = list.source === 'dpkg' ? 'debian' : 'nix';
  const readings = {
    exists: true,
    installed: true,
    versions:
      versions.size > 0
        ? [...versions].sort((a, b) => compareVersions(a, b, versionRules))
        : absentReading('its store path has no version'),
  };
  return known(readings, { versionRules });
}
