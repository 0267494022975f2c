import { sh } from '../shell/sh.js';
import { splitLines } from '../text.js';
import type { Step } from './state.js';

/** Where the rollback on the target leaves its result and its log. */
const lastFolder = '/run/nixspec/last';
const mostLines = 20;

/**
 * The end of what a rollback said that the target made by itself; undefined where there was none since it booted.
 * @param clear removes it, as nobody else will
 */
export function readLastRollback(clear: boolean): Step<readonly string[] | undefined> {
  return {
    name: 'look for a rollback',
    script: sh`last=${lastFolder}
[ -d "$last" ] || exit 3
tail -n ${mostLines} "$last/log" 2>/dev/null | cut -c -400
[ ${clear ? 1 : 0} -eq 0 ] || { rm -rf "$last"; rmdir "$(dirname "$last")" 2>/dev/null || :; }`,
    limit: 30,
    parse: ({ exit, stdout }) => (exit === 3 ? undefined : splitLines(stdout.toString('utf8'))),
  };
}
