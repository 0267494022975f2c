import type { ShellOutput } from './model.js';
import { sh } from './shell/sh.js';

/** One package that is there, as the package manager names it. */
export interface InstalledPackage {
  readonly name: string;
  /** Undefined for a store path that has none. */
  readonly version?: string;
  /** Of Nix: the part of the package that this is, where it is not the main one: `bin`, `man`. */
  readonly output?: string;
  /** Of dpkg. */
  readonly architecture?: string;
}

export interface PackageList {
  /** `listing`: a Nix store without Nix, which has at least what the running system uses. */
  readonly source: 'nix' | 'dpkg' | 'listing';
  readonly packages: readonly InstalledPackage[];
  /** Of dpkg: names of what it has not, or not wholly, installed, with its word for the state. */
  readonly halfway: ReadonlyMap<string, string>;
}

const dpkgFields = '${Package}\\t${Architecture}\\t${db:Status-Abbrev}\\t${Version}\\n';

/**
 * Lists all packages with one process. On NixOS these are the closure of the running system; `nix path-info -r` was ruled
 * out, as it is there only where the user has switched the new command line on. A machine that has both Nix and dpkg, and
 * is not NixOS, is dpkg's. The exit status is not 0 where nothing could be listed.
 */
export const askForPackages = sh`if [ -e /run/current-system ]; then
  if command -v nix-store >/dev/null; then
    echo =nix
    nix-store --query --requisites /run/current-system || exit
  else
    echo =listing
    ls /nix/store || exit
  fi
elif command -v dpkg-query >/dev/null; then
  echo =dpkg
  dpkg-query -W -f ${dpkgFields} || exit
else
  echo 'there is neither a NixOS system nor dpkg-query, and no other package manager is read' >&2
  exit 127
fi
echo =end`;

/**
 * Reads what `askForPackages` printed.
 * @returns undefined where it is not whole
 */
export function readPackages(output: ShellOutput): PackageList | undefined {
  const [, source, text] = /^=(nix|listing|dpkg)\n([\s\S]*\n)=end\n$/.exec(output.stdout.toString('utf8')) ?? [];
  if (text === undefined) return undefined;
  const lines = text.split('\n').filter(Boolean);
  if (source === 'dpkg') return readDpkg(lines);
  const names = lines.flatMap((line) => /^(?:\/nix\/store\/)?[0-9a-z]{32}-(.+)$/.exec(line)?.[1] ?? []);
  if (names.length === 0) return undefined;
  const all = new Set(names);
  const packages = names.filter((name) => !isIngredient.test(name)).map((name) => splitStoreName(name, all));
  return { source: source === 'nix' ? 'nix' : 'listing', packages, halfway: new Map() };
}

/** What packages are made from: rarely kept, and never one itself. */
const isIngredient = /\.(drv|patch|diff|zip|tgz|tar|tar\.[a-z0-9]+|lock)$/;

/** Outputs that packages of nixpkgs have; `env` and `wrapped` are made of a package. */
const knownOutputs: ReadonlySet<string> = new Set(
  (
    'bin contrib data debug dev devdoc devman dist dns dnsutils doc drivers env ga getent host info installedTests iptables ' +
    'jit lib libgcc libs login man modules mount nftables out plperl plpython3 pltcl py python scripts shrunk sshfs static ' +
    'su swap terminfo tools wrapped xdp'
  ).split(' '),
);

/** Words that end a version, not a name of an output: `2.0-rc1`, `6.12.8-zen1`. */
const isOfVersion = /^(a|alpha|b|beta|git|hardened|lqx|p|pre|preview|rc|rt|unstable|xanmod|zen)[0-9]*$/;

/**
 * Takes the name of a store path apart as `builtins.parseDrvName` does: the version begins at the first dash that no letter
 * follows. A name tells nothing of outputs: what stands at the end is one if nixpkgs has such outputs, or if the store
 * path without it is there as well.
 */
export function splitStoreName(full: string, all: ReadonlySet<string> = new Set()): InstalledPackage {
  const dash = full.search(/-[^A-Za-z]/);
  if (dash <= 0) return { name: full };
  const name = full.slice(0, dash);
  let version = full.slice(dash + 1);
  const outputs: string[] = [];
  for (;;) {
    const [, rest, word] = /^(.+)-([A-Za-z][A-Za-z0-9_]*)$/.exec(version) ?? [];
    if (rest === undefined || word === undefined || isOfVersion.test(word)) break;
    if (!knownOutputs.has(word) && !all.has(`${name}-${rest}`)) break;
    version = rest;
    outputs.unshift(word);
  }
  return { name, version, ...(outputs.length > 0 && { output: outputs.join('-') }) };
}

/** The second letter of the status: dpkg-query(1). Waiting for triggers is a passing state of what is installed. */
const states: ReadonlyMap<string, string> = new Map([
  ['n', 'never installed'],
  ['c', 'removed, only its configuration is left'],
  ['H', 'half installed'],
  ['U', 'unpacked, not configured'],
  ['F', 'half configured'],
  ['W', ''],
  ['t', ''],
  ['i', ''],
]);

function readDpkg(lines: readonly string[]): PackageList | undefined {
  const packages: InstalledPackage[] = [];
  const halfway = new Map<string, string>();
  for (const line of lines) {
    const [name = '', architecture = '', status = '', version = ''] = line.split('\t');
    const state = states.get(status.charAt(1));
    if (name === '' || architecture === '' || state === undefined) return undefined;
    if (state === '') packages.push({ name, version, architecture });
    else halfway.set(name, state).set(`${name}:${architecture}`, state);
  }
  return packages.length === 0 ? undefined : { source: 'dpkg', packages, halfway };
}
