/**
 * What a start script is told of nixspec's own environment: what programs need, and what NixOS's start script reads. Not
 * the rest: tokens of a CI, an SSH agent, the passwords that a spec takes from there are nothing that a machine under test
 * needs, and QEMU, which such a machine may break out into, would have them.
 */
export function chooseEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const chosen = Object.entries(env).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    return value !== undefined && (plain.has(name) || /^(LC_|NIXPKGS_QEMU_KERNEL|QEMU_)/.test(name));
  });
  return Object.fromEntries(chosen);
}

const plain: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TZ', 'TERM', 'XDG_RUNTIME_DIR'],
  ...['SHARED_DIR', 'NIX_SWTPM_DIR', 'NIX_EFI_VARS', 'LOCALE_ARCHIVE'],
]);
