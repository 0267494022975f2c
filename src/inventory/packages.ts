import type { InventoryChange, InventoryPackages, InventorySection } from '../inventory-model.js';
import { askForPackages as listPackages, type PackageList, readPackages as readList } from '../packages.js';
import { type Section, section } from '../shell/sections.js';
import { sh } from '../shell/sh.js';
import { compareVersions, type VersionRules } from '../version-order.js';
import { explainNoAnswer, known, unknown } from './bounded.js';

/** The hashes of store paths are not kept, and are most of the bytes: zeros in their place cost nothing once compressed. */
export const askForPackages = section(
  'packages',
  sh`packages=$(bounded /bin/sh -c ${listPackages.raw}) && case $packages in
  =nix*) printf '%s\n' "$packages" | sed 's|^/nix/store/[0-9a-z]\{32\}-|00000000000000000000000000000000-|' ;;
  *) printf '%s\n' "$packages" ;;
esac`,
);

/** Reads what `askForPackages` printed. */
export function readPackages(sections: ReadonlyMap<string, Section>): InventorySection<InventoryPackages> {
  const section = sections.get('packages');
  const reason = explainNoAnswer('the package manager', section);
  if (reason !== undefined || !section) return unknown(reason ?? 'the packages were not listed');
  const stdout = Buffer.from(`${section.lines.join('\n')}\n`);
  const list = readList({ exit: 0, stdout, stderr: Buffer.alloc(0), truncated: false });
  if (!list) return unknown('the list of packages is not whole');
  if (list.source === 'listing') return unknown('nix-store is missing: nobody can tell what the running system uses');
  return known({ manager: list.source, list: groupVersions(list) });
}

function groupVersions({ packages, source }: PackageList): InventoryPackages['list'] {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of packages) {
    // A store path without a version is a file that NixOS made, another one after each change of the configuration.
    if (version === undefined || isMadeByNixos.test(name)) continue;
    const plain = source === 'nix' ? dropLanguageVersion(name) : name;
    versions.set(plain, (versions.get(plain) ?? new Set()).add(version));
  }
  const rules = rulesOf(source === 'dpkg' ? 'dpkg' : 'nix');
  return [...versions]
    .map(([name, set]) => ({ name, versions: [...set].sort((a, b) => compareVersions(b, a, rules)) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The system itself, its initrd and its units have the version of NixOS or of the kernel in their names. */
const isMadeByNixos = /^(nixos-system-|initrd-|unit-|etc-|system-units|user-units|nixos-vm$)/;

/** `python3.12-requests` is the same package for Python 3.13. */
function dropLanguageVersion(name: string): string {
  return name.replace(/^(python|perl|ruby|lua|luajit|php|ocaml|ghc|guile|erlang)[\d.]+-/, '$1-');
}

function rulesOf(manager: InventoryPackages['manager']): VersionRules {
  return manager === 'nix' ? 'nix' : 'debian';
}

export function comparePackages(before: InventoryPackages, after: InventoryPackages): InventoryChange[] {
  const rules = rulesOf(after.manager);
  const earlier = new Map(before.list.map(({ name, versions }) => [name, versions]));
  const later = new Map(after.list.map(({ name, versions }) => [name, versions]));
  return [...new Set([...later.keys(), ...earlier.keys()])].flatMap((name) => {
    const [one, other] = [earlier.get(name), later.get(name)];
    const kind = kindOf(one, other, rules);
    if (!kind) return [];
    const words = { ...(one && { before: one.join(', ') }), ...(other && { after: other.join(', ') }) };
    return [{ section: 'packages' as const, kind, subject: name, ...words }];
  });
}

/** Of several versions the latest that differ decide. One more or less of them beside the others is neither up nor down. */
function kindOf(before: readonly string[] | undefined, after: readonly string[] | undefined, rules: VersionRules) {
  if (!before) return 'added';
  if (!after) return 'removed';
  for (let at = 0; at < Math.max(before.length, after.length); at += 1) {
    const [one, other] = [before[at], after[at]];
    if (one === undefined || other === undefined) return 'changed';
    const order = compareVersions(one, other, rules);
    if (order !== 0) return order < 0 ? 'up' : 'down';
    if (one !== other) return 'changed';
  }
  return undefined;
}
