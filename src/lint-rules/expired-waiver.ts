import { checkEachTarget } from '../lint/each-target.js';
import { listWaivers } from '../lint/waivers.js';
import type { LintRule } from '../lint-rule.js';

const expiredWaiver: LintRule = {
  name: 'expired-waiver',
  summary: 'A waiver whose last day is over',
  severity: 'error',
  help: `\
What \`waive\` accepted until a day is a failure again since, so that \`verify\` fails by it. Mend what it is about, or say a new
day and why. The day is one of UTC, as for \`verify\`.`,
  check: (input) =>
    checkEachTarget(input, ({ entries }) =>
      listWaivers(entries, input)
        .filter(({ days }) => days < 0)
        .map(({ place, waiver }) => ({
          place,
          message: `the waiver is over since ${waiver.until}: ${waiver.reason}`,
          hint: 'mend what it is about and remove it, or say a new day',
        })),
    ),
};

export default expiredWaiver;
