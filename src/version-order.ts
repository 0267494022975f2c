import type { VersionRules } from './model.js';

export type { VersionRules } from './model.js';

/** Negative where `a` is the earlier version, positive where it is the later one, 0 where neither is. Never fails. */
export function compareVersions(a: string, b: string, rules: VersionRules): number {
  return rules === 'nix' ? compareNixVersions(a, b) : compareDebianVersions(a, b);
}

/**
 * The rules for two versions of which nothing more is known: Debian's where one of them has what only Debian's have, an
 * epoch (`2:`), a `~`, or a revision (`-1`, `-2+deb12u1`); else those of Nix. Most versions are ordered the same by both.
 */
export function guessVersionRules(a: string, b: string): VersionRules {
  return [a, b].some((version) => /^[0-9]+:|~/.test(version) || hasRevision(version)) ? 'debian' : 'nix';
}

/** A number after the last dash. The days of Nix's `0-unstable-2026-01-02` are none. */
function hasRevision(version: string): boolean {
  return /-[0-9][A-Za-z0-9.+]*$/.test(version) && !/[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(version);
}

/**
 * The order of Nix, as `builtins.compareVersions` and `nix-env --upgrade` have it: versions are cut into numbers and words,
 * with `.` and `-` between them. Numbers are ordered as numbers; a word is before a number, `pre` before all, also
 * before nothing; nothing is before a number, and before every other word.
 */
export function compareNixVersions(a: string, b: string): number {
  const left = cutNixVersion(a);
  const right = cutNixVersion(b);
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [one = '', other = ''] = [left[at], right[at]];
    if (isEarlierComponent(one, other)) return -1;
    if (isEarlierComponent(other, one)) return 1;
  }
  return 0;
}

function cutNixVersion(version: string): readonly string[] {
  return version.match(/[0-9]+|[^0-9.-]+/g) ?? [];
}

function isEarlierComponent(one: string, other: string): boolean {
  const [oneIsNumber, otherIsNumber] = [isNumber(one), isNumber(other)];
  if (oneIsNumber && otherIsNumber) return compareDigits(one, other) < 0;
  if (one === '' && otherIsNumber) return true;
  if (one === 'pre' && other !== 'pre') return true;
  if (other === 'pre') return false;
  if (otherIsNumber) return true;
  if (oneIsNumber) return false;
  return compareBytes(one, other) < 0;
}

function isNumber(component: string): boolean {
  return /^[0-9]/.test(component);
}

/**
 * The order of Debian: deb-version(7). `epoch:upstream-revision`; in each part, runs of other characters and runs of digits
 * are compared in turn, and `~` is before everything, also before the end.
 */
export function compareDebianVersions(a: string, b: string): number {
  const left = cutDebianVersion(a);
  const right = cutDebianVersion(b);
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareDebianParts(left.upstream, right.upstream) ||
    compareDebianParts(left.revision, right.revision)
  );
}

function cutDebianVersion(version: string) {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?([\s\S]*)$/.exec(version) ?? [];
  const dash = rest.lastIndexOf('-');
  return dash < 0
    ? { epoch, upstream: rest, revision: '' }
    : { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

function compareDebianParts(a: string, b: string): number {
  const left: string[] = a.match(/[^0-9]+|[0-9]+/g) ?? [];
  const right: string[] = b.match(/[^0-9]+|[0-9]+/g) ?? [];
  // Each list begins with what is no digit, be it nothing.
  if (isNumber(left[0] ?? '')) left.unshift('');
  if (isNumber(right[0] ?? '')) right.unshift('');
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [one = '', other = ''] = [left[at], right[at]];
    const order = at % 2 === 0 ? compareLetters(one, other) : compareDigits(one || '0', other || '0');
    if (order !== 0) return order;
  }
  return 0;
}

/** The end counts 0, `~` less, letters by their code, everything else after all letters. */
function compareLetters(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = weigh(a[at]) - weigh(b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function weigh(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

/** Digits of any length as numbers: longer than a number of JavaScript holds exactly. */
function compareDigits(a: string, b: string): number {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return one.length - other.length || compareBytes(one, other);
}

/** By code point, which is by byte in UTF-8; never by the language of this machine. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
