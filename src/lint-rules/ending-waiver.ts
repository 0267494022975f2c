import { checkEachTarget } from '../lint/each-target.js';
import { listWaivers } from '../lint/waivers.js';
import type { LintRule } from '../lint-rule.js';

/** Days: two weeks leave time to plan. */
const soon = 14;

const endingWaiver: LintRule = {
  name: 'ending-waiver',
  summary: 'A waiver that is over within two weeks',
  severity: 'warning',
  help: `\
What it accepts is a failure from the day after \`until\` on. Better know of it before \`verify\` fails.`,
  check: (input) =>
    checkEachTarget(input, ({ entries }) =>
      listWaivers(entries, input)
        .filter(({ days }) => days >= 0 && days <= soon)
        .map(({ place, waiver, days }) => ({
          place,
          message: `the waiver ends ${describeDays(days)}: ${waiver.reason}`,
          hint: 'mend what it is about and remove it, or say a new day',
        })),
    ),
};

export default endingWaiver;

function describeDays(days: number): string {
  if (days === 0) return 'today';
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}
