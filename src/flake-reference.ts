/** `.#web` taken apart. */
export interface FlakeReference {
  /** What the `nix` command takes before the `#`. */
  readonly flake: string;
  /** The host's name under `nixosConfigurations`; undefined where none is said. */
  readonly host?: string;
}

/**
 * A flake and the host in it, as `nixos-rebuild --flake` takes them: `.#web`, `.#web.example.org`; and in full,
 * `.#nixosConfigurations.web`, with or without quotes.
 *
 * @returns undefined where what follows the `#` names something in a host, or something else of the flake
 */
export function readFlakeReference(text: string): FlakeReference | undefined {
  const at = text.indexOf('#');
  const flake = (at === -1 ? text : text.slice(0, at)) || '.';
  const fragment = at === -1 ? '' : text.slice(at + 1);
  if (fragment === '') return { flake };
  const [, inFull] = /^nixosConfigurations\.(.+)$/.exec(fragment) ?? [];
  const name = inFull ?? fragment;
  const [, quoted] = /^"([^"]+)"$/.exec(name) ?? [];
  if (quoted !== undefined) return { flake, host: quoted };
  if (name.includes('"') || (inFull !== undefined && name.includes('.'))) return undefined;
  return { flake, host: name };
}

/** As it is written on a command line or in a spec. */
export function writeFlakeReference({ flake, host }: FlakeReference): string {
  return host === undefined ? flake : `${flake}#${/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(host) ? host : `"${host}"`}`;
}
