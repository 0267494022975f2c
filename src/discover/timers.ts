import type { Value } from '../model.js';
import { unitNamePattern } from '../unit-name.js';
import { question } from './answers.js';
import { roundUpDuration } from './bounds.js';
import type { Findings, Found, Part } from './finding.js';
import type { ListedUnit } from './listed-units.js';
import type { Listing } from './listing.js';
import { isOrdinary } from './ordinary-units.js';
import { askForUnit, shortName } from './units.js';

/** Timers that are active, when they last had their turn, and how what they start ended. */
export const timersPart: Part = {
  questions: (listing) =>
    timersOf(listing).flatMap(({ name, triggers }) => [
      askForTimer(name),
      ...triggers.filter((trigger) => unitNamePattern.test(trigger)).map(askForUnit),
    ]),
  describe: (listing, answers): Findings => {
    const entries: Found[] = [];
    const bad: string[] = [];
    for (const timer of timersOf(listing)) {
      const query = askForTimer(timer.name);
      if (answers.value(query, 'active') !== true) continue;
      const since = answers.value(query, 'since-last-trigger');
      const expects: Record<string, Value> = { active: true };
      if (answers.value(query, 'enabled') === true) expects.enabled = true;
      if (typeof since === 'number' && timer.longestPause !== undefined)
        expects['since-last-trigger'] = { le: allowedPause(timer.longestPause) };
      entries.push({ group: 'timers', resource: 'unit', subject: timer.name, expects });
      for (const name of timer.triggers.filter((trigger) => trigger.endsWith('.service'))) {
        const result = answers.value(askForUnit(name), 'result');
        // What has never run has a result too.
        if (answers.value(askForUnit(name), 'exit-status') === undefined) continue;
        if (result === 'success')
          entries.push({ group: 'timers', resource: 'unit', subject: shortName(name), expects: { result } });
        else if (result !== undefined) bad.push(shortName(name));
      }
    }
    const remark = { group: 'timers', text: 'Started by a timer, and ended badly the last time', about: bad } as const;
    return { entries, remarks: bad.length > 0 ? [remark] : [] };
  },
};

function askForTimer(name: string) {
  return question('unit', name, ['active', 'enabled', 'since-last-trigger']);
}

function timersOf({ units }: Listing): readonly ListedUnit[] {
  return units
    .filter(
      ({ name, loaded, transient }) => loaded && !transient && name.endsWith('.timer') && unitNamePattern.test(name),
    )
    .filter(({ name }) => !isOrdinary(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A twelfth more than it may be: a day becomes 26 h, a week 8 d. */
function allowedPause(seconds: number): string {
  return roundUpDuration(seconds + Math.max(60, seconds / 12));
}
