// What a contender is: one file in contenders/, found by listing.

import { readdirSync } from 'node:fs';

/**
 * @typedef {object} Contender
 * @property {string} name as the table shows it
 * @property {boolean} [judges] takes checks, and must find one that is wrong
 * @property {() => string | undefined} lacks why it cannot take part here
 * @property {(at: Stage) => number} runs how often it is run at a stage; 0 leaves it out
 * @property {(place: Place, checks: import('./workload.mjs').Check[]) => Command} prepare writes the files it needs
 * @property {(result: Result, count: number) => string | undefined} verify why a run does not count as passed
 * @property {(place: Place) => void} [after] clears up behind a run; not measured
 *
 * @typedef {{ delay: number, count: number, most: number, runs: number, quick: boolean, few: boolean }} Stage `most` is the
 *   largest count, `delay` the added round-trip time in milliseconds, `runs` what the command line wants, `few`: several
 *   checks about each unit
 * @typedef {{ folder: string, sshConfig: string, cli: string }} Place
 * @typedef {{ words: string[], stdin?: string, cwd?: string, env?: Record<string, string> }} Command
 * @typedef {{ exit: number | null, output: string }} Result
 */

/** @returns {Promise<Contender[]>} in the order of the table: by file name */
export async function loadContenders() {
  const folder = new URL('contenders/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  const modules = await Promise.all(files.sort().map((file) => import(new URL(file, folder))));
  return modules.flatMap((module) => module.default);
}

export const always = ({ runs }) => runs;
/** For what does not depend on the number of checks. */
export const oncePerDelay = ({ count, most, runs, few }) => (count === most && !few ? runs : 0);

/** For what takes minutes, not seconds. */
export function seldom({ delay, count, runs, quick, few }) {
  if (few) return 0;
  if (count <= 10) return Math.min(runs, quick ? 1 : 5);
  if (count <= 100) return quick || delay >= 80 ? 1 : 3;
  return quick || delay >= 80 ? 0 : 1;
}

export function expectSuccess({ exit }) {
  return exit === 0 ? undefined : `it ended with ${exit}`;
}

/** For `verify`: the exit status and a line that counts. */
export function expectCount(pattern) {
  return ({ exit, output }, count) => {
    if (exit !== 0) return `it ended with ${exit}`;
    const found = Number(pattern.exec(output)?.[1] ?? Number.NaN);
    return found === count ? undefined : `it counted ${found} of ${count}`;
  };
}
