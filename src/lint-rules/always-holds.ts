import { showAsserted, showPath } from '../lint/asserted.js';
import { checkEachTarget } from '../lint/each-target.js';
import type { LintRule } from '../lint-rule.js';

const alwaysHolds: LintRule = {
  name: 'always-holds',
  summary: 'An assertion that every value passes',
  severity: 'warning',
  help: `\
\`restarts: { ge: 0 }\`, \`result: { match-regexp: ".*" }\` or \`state: { or: [{ not: active }, { not: failed }] }\` look like
checks, and are none: whatever is found passes, so that a fault goes unseen. Only what is certain is told, by the type of the
property and the values that it can have. Say what a fault would break or, where being there is all that matters,
\`exists: true\`.`,
  check: (input) =>
    checkEachTarget(input, ({ asserted }) =>
      asserted.flatMap((one) => {
        const { written, certainty } = one;
        if (certainty !== 'always') return [];
        const message = `${showAsserted(one)} holds whatever ${showPath(written)} is`;
        const hint = written.path[0] === 'exists' ? 'leave it out' : 'say what a fault would break, or `exists: true`';
        return [{ place: input.placeOf(written.position), message, hint }];
      }),
    ),
};

export default alwaysHolds;
