import type { NoReading } from './model.js';
import { absentReading, unknownReading } from './resource.js';

/**
 * Where the links of a NixOS system lead, by the path of the link; one that is not there leads to itself.
 * `/run/current-system` is what runs since the last switch, `/run/booted-system` since the last boot, and
 * `/nix/var/nix/profiles/system` what will run after the next one.
 */
export type SystemLinks = ReadonlyMap<string, string>;

const current = '/run/current-system';
const booted = '/run/booted-system';
const profile = '/nix/var/nix/profiles/system';

/** Paths whose ends tell whether a reboot is needed. */
export const linksOfBoot: readonly string[] = [current, booted].flatMap((system) => [
  system,
  ...['kernel', 'initrd', 'kernel-modules'].map((part) => `${system}/${part}`),
]);

/** Paths and globs whose ends `SystemLinks` must hold. A specialisation is a system of its own within a generation. */
export const linkGlobs: readonly string[] = [
  profile,
  ...linksOfBoot,
  `${profile}/specialisation/*`,
  `${profile}-*-link`,
  `${profile}-*-link/specialisation/*`,
];

const noProfile = 'there is no system profile: the machine was not installed with one (a container, an image)';

export function readSystemPath(links: SystemLinks): string | NoReading {
  return endOf(links, current) ?? unknownReading('/run/current-system could not be followed');
}

/** What `system.autoUpgrade.allowReboot` looks at. A container has none of the three, and never needs one. */
export function readRebootNeeded(links: SystemLinks): boolean | NoReading {
  if (endOf(links, booted) === undefined) return unknownReading('there is no /run/booted-system to compare with');
  return ['kernel', 'initrd', 'kernel-modules'].some(
    (part) => partOf(links, current, part) !== partOf(links, booted, part),
  );
}

/** True also where one of the profile's specialisations runs: it is what the profile brings, chosen at boot or by hand. */
export function readCurrentIsProfile(links: SystemLinks): boolean | NoReading {
  const running = endOf(links, current);
  if (endOf(links, profile) === undefined) return absentReading(noProfile);
  return [...links].some(
    ([path, end]) => end === running && (path === profile || path.startsWith(`${profile}/specialisation/`)),
  );
}

/** Number of the generation that runs: the profile's own if that is it, else the newest that is the same system. */
export function readGeneration(links: SystemLinks): number | NoReading {
  const running = endOf(links, current);
  const numbers = [...links].flatMap(([path, end]) => {
    const number = /\/system-(\d+)-link(?:\/specialisation\/[^/]+)?$/.exec(path)?.[1];
    return number !== undefined && end === running ? Number(number) : [];
  });
  if (numbers.length > 0) return Math.max(...numbers);
  return absentReading(
    endOf(links, profile) === undefined
      ? noProfile
      : 'what runs is no generation of the system profile (`nixos-rebuild test`?)',
  );
}

function endOf(links: SystemLinks, path: string): string | undefined {
  const end = links.get(path);
  return end === path ? undefined : end;
}

/** Undefined where the system has no such part: it then leads into the system itself. */
function partOf(links: SystemLinks, system: string, part: string): string | undefined {
  const end = links.get(`${system}/${part}`);
  return end === undefined || end.startsWith(`${links.get(system) ?? system}/`) ? undefined : end;
}
