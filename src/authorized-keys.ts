import type { NoReading, Script } from './model.js';
import { unknownReading } from './resource.js';
import { chunkWords } from './shell/chunks.js';
import type { Section } from './shell/sections.js';
import { joinScripts, sh } from './shell/sh.js';

/** Where NixOS has sshd look beside the home folder; `services.openssh.authorizedKeysFiles`. */
const systemFolder = '/etc/ssh/authorized_keys.d';
/** The default of sshd_config(5), `AuthorizedKeysFile`. */
const inHome = ['.ssh/authorized_keys', '.ssh/authorized_keys2'];

/**
 * Prints the lines of the files with the SSH keys of some users, each behind its path and a NUL byte. Two processes for
 * some thousand users: `getent`, since only the target knows the homes, and GNU's `grep`.
 */
export function printAuthorizedKeys(names: readonly string[]): Script {
  return joinScripts(
    chunkWords(names).map(
      (some) => sh`accounts=$(getent passwd -- ${some})
set --
while IFS=: read -r name _ _ _ _ home _; do
  [ -z "$name" ] || set -- "$@" ${systemFolder}/"$name"
  case $home in /*) set -- "$@" "$home"/.ssh/authorized_keys "$home"/.ssh/authorized_keys2 ;; esac
done <<NIXSPEC
$accounts
NIXSPEC
[ $# -eq 0 ] || grep -aHZ -D skip '' -- "$@"`,
    ),
  );
}

/**
 * Reads what `printAuthorizedKeys` printed.
 * @returns the keys of a user, sorted and without options and comments, or why they cannot be told
 */
export function readAuthorizedKeys(section: Section | undefined, name: string, home: string) {
  const files = [`${systemFolder}/${name}`, ...(home.startsWith('/') ? inHome.map((file) => `${home}/${file}`) : [])];
  // 1 and 2: some are empty, some not there.
  if (!section || section.exit > 2) return unknownReading('grep gave no answer');
  for (const file of files) {
    const reason = findReason(file, section.said);
    if (reason !== undefined) return reason;
  }
  const lines = section.lines.flatMap((line) => {
    const at = line.indexOf('\0');
    return files.includes(line.slice(0, at)) ? line.slice(at + 1) : [];
  });
  return [...new Set(lines.flatMap((line) => readKey(line) ?? []))].sort();
}

/** `grep: /home/a/.ssh/authorized_keys: Permission denied`. */
function findReason(file: string, said: readonly string[]): NoReading | undefined {
  const complaint = said.find((line) => line.startsWith(`grep: ${file}: `))?.slice(`grep: ${file}: `.length);
  if (complaint === undefined) {
    const other = said.find((line) => !/^grep: \/.*: /.test(line));
    return other === undefined ? undefined : unknownReading(`the keys could not be read: ${other}`);
  }
  if (['No such file or directory', 'Not a directory', 'Is a directory'].includes(complaint)) return undefined;
  return complaint === 'Permission denied'
    ? unknownReading(`this user may not read ${file}: connect as root or set \`sudo: true\``)
    : unknownReading(`${file} could not be read: ${complaint}`);
}

const keyTypes = '(?:sk-)?(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp(?:256|384|521))(?:@openssh\\.com)?';
const keyPattern = new RegExp(`^(${keyTypes})[ \\t]+([A-Za-z0-9+/]+=*)`);

/** sshd(8), AUTHORIZED_KEYS FILE FORMAT: options may stand before the key, with quotes. What is no key is passed over. */
function readKey(line: string): string | undefined {
  const text = line.trimStart();
  if (text.startsWith('#')) return undefined;
  const plain = keyPattern.exec(text);
  if (plain) return `${plain[1]} ${plain[2]}`;
  const [options = ''] = /^(?:"(?:\\"|[^"])*"|[^" \t])+/.exec(text) ?? [];
  const behind = keyPattern.exec(text.slice(options.length).trimStart());
  if (options === '' || !behind) return undefined;
  const authority = options.toLowerCase().split(',').includes('cert-authority') ? 'cert-authority ' : '';
  return `${authority}${behind[1]} ${behind[2]}`;
}
