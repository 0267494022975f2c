import { closest, distance } from 'fastest-levenshtein';
import { exitCodeMeanings, NixspecError } from '../error.js';
import type { Page } from './page.js';

/**
 * What a word means: every page of that name, and else every page of that last part, as `enabled` is of `unit.enabled`. A
 * name may be that of a command and of keys too: then it is both.
 *
 * @throws NixspecError `usage` with the nearest name
 */
export function findPages(pages: readonly Page[], asked: string): readonly Page[] {
  const plain = asked.toLowerCase().replaceAll('_', '-').replace(/^-+/, '');
  const named = pages.filter(({ name }) => name === asked || name === plain || withoutStars(name) === plain);
  if (named.length > 0) return named;
  const ofLast = pages.filter(({ name }) => lastPart(name) === plain);
  if (ofLast.length > 0) return ofLast;
  throw notThere(pages, plain, asked);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** `wireguard.peers.endpoint`, as one reads it. */
function withoutStars(name: string): string {
  return name.replaceAll('.*', '');
}

function notThere(pages: readonly Page[], plain: string, asked: string): NixspecError {
  const [head = '', ...rest] = plain.split('.');
  const owner = rest.length > 0 && pages.some(({ name }) => name === head);
  const details = { operation: 'explain' };
  if (owner) {
    const names = pages.flatMap(({ name }) => (name.startsWith(`${head}.`) ? [name] : []));
    const near = nearestOf(plain, names);
    const hint = `${near === undefined ? '' : `did you mean "${near}"? `}\`nixspec explain ${head}\` shows all it has`;
    return new NixspecError('usage', `${head} has no "${rest.join('.')}"`, { ...details, hint });
  }
  const number = /^\d+$/.test(plain);
  const whole = pages.flatMap(({ name }) => (name.includes('.') ? [] : [name]));
  const near =
    nearestOf(plain, whole) ??
    nearestOf(
      plain,
      pages.map(({ name }) => lastPart(name)),
    );
  const hint = number
    ? `the exit codes are ${Object.keys(exitCodeMeanings).join(', ')}`
    : `${near === undefined ? '' : `did you mean "${near}"? `}\`nixspec explain\` lists all topics`;
  return new NixspecError('usage', `there is no topic "${asked}"`, { ...details, hint });
}

function nearestOf(word: string, names: readonly string[]): string | undefined {
  if (names.length === 0 || word.length > 100) return undefined;
  const near = closest(word, [...names]);
  return distance(word, near) <= Math.max(2, Math.floor(word.length / 3)) ? near : undefined;
}
