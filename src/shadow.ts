import type { NoReading, Script } from './model.js';
import { absentReading, unknownReading } from './resource.js';
import type { Section } from './shell/sections.js';
import { sh } from './shell/sh.js';

const day = 86_400;

/** Whether a password can match: one is set, any will do as there is none, none ever will. */
export const passwordStates = ['set', 'empty', 'locked'] as const;

/** What may be told of a line of shadow(5). Durations in seconds, `expires` in epoch seconds. */
export interface PasswordFacts {
  readonly password: (typeof passwordStates)[number];
  readonly 'password-scheme': string | NoReading;
  readonly 'password-age': number | NoReading;
  readonly 'password-min-age': number | NoReading;
  readonly 'password-max-age': number | NoReading;
  readonly 'password-warning': number | NoReading;
  readonly expires: number | NoReading;
  readonly expired: boolean;
}

/** Only the scheme of a hash, and that there is one, leaves the target: `alice:!:6:+:20000:0:99999:7::`. */
const hideHash = `{
  lock = match($2, /^[!*]+/) ? substr($2, 1, RLENGTH) : ""
  hash = substr($2, length(lock) + 1)
  scheme = match(hash, /^[$][^$]*[$]/) ? substr(hash, 2, RLENGTH - 2) : ""
  gsub(/[^0-9a-z]/, "", scheme)
  printf "%s:%s:%s:%s:%s:%s:%s:%s:%s:%s\\n", $1, lock, scheme, hash == "" ? "" : "+", $3, $4, $5, $6, $7, $8
}`;

/**
 * Prints what may be told of the passwords of some users, or of all. Fails where they may not be read.
 * @param names none: all users
 */
export function printPasswords(names: readonly string[]): Script {
  const lines = sh`getent shadow -- ${names} | awk -F: ${hideHash}`;
  return sh`if [ -r /etc/shadow ]; then ${lines}; else false; fi`;
}

/** crypt(5), by what stands between the first two dollars. */
const schemes: ReadonlyMap<string, string> = new Map([
  ['y', 'yescrypt'],
  ['gy', 'gost-yescrypt'],
  ['7', 'scrypt'],
  ['2a', 'bcrypt'],
  ['2b', 'bcrypt'],
  ['2y', 'bcrypt'],
  ['6', 'sha512'],
  ['5', 'sha256'],
  ['1', 'md5'],
]);

export const noRightToPasswords = 'passwords may be seen by root only: connect as root or set `sudo: true`';

/**
 * Reads what `printPasswords` printed.
 * @param now epoch seconds, by the target's clock
 * @returns undefined where this user may not see them
 */
export function readPasswords(
  section: Section | undefined,
  now: number | undefined,
): ReadonlyMap<string, PasswordFacts> | undefined {
  if (section?.exit !== 0) return undefined;
  const facts = new Map<string, PasswordFacts>();
  for (const line of section.lines) {
    const fields = line.split(':');
    if (fields.length === 10) facts.set(fields[0] ?? '', readPassword(fields, now));
  }
  return facts;
}

function readPassword(fields: readonly string[], now: number | undefined): PasswordFacts {
  const [, lock = '', scheme = '', hash = '', changed = '', min = '', max = '', warning = '', , expiry = ''] = fields;
  const expires = readDays(expiry, 'the account does not expire');
  return {
    password: lock !== '' ? 'locked' : hash === '' ? 'empty' : 'set',
    'password-scheme': hash === '' ? absentReading('there is no hash') : (schemes.get(scheme) ?? (scheme || 'des')),
    'password-age': readAge(changed, now),
    'password-min-age': readDays(min, 'it may be changed at any time'),
    'password-max-age': readDays(max, 'it need not be changed'),
    'password-warning': readDays(warning, 'nobody is warned'),
    expires,
    expired: typeof expires === 'number' && now !== undefined && expires <= now,
  };
}

function readDays(text: string, none: string): number | NoReading {
  return /^\d{1,9}$/.test(text) ? Number(text) * day : absentReading(none);
}

/** shadow(5): 0 means that it must be changed at the next login. */
function readAge(changed: string, now: number | undefined): number | NoReading {
  if (changed === '0') return absentReading('it must be changed at the next login');
  const at = readDays(changed, 'when it was changed is not recorded');
  if (typeof at !== 'number') return at;
  return now === undefined ? unknownReading('date gave no answer') : Math.max(0, now - at);
}
