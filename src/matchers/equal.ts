import { describeTexts, equalTexts } from '../compare-text.js';
import { type Difference, describeDifferences, findDifferences } from '../differences.js';
import { judge } from '../expectation.js';
import { anyType, elementForm, type Finding, type MatchContext, type Matcher } from '../matcher.js';
import { explainInexact } from '../mistakes.js';
import type { Reading, Value, ValueForm } from '../model.js';
import { showApart } from '../ordering.js';
import { isNoReading } from '../resource.js';
import { asText } from '../text.js';

const equal: Matcher = {
  name: 'equal',
  summary: 'The very value (lists in the same order); a text may end in one newline more. A bare value means the same',
  example: { equal: 'active' },
  types: anyType,
  argument: 'value',
  mistake: explainInexact,
  phrase: (argument, { show }) => show(argument as Value),
  apply: (actual, argument, context) => {
    const expected = argument as Value;
    const [found, wanted] = [asText(actual, context.type), asText(expected, context.type)];
    if (context.type === 'text' && found !== undefined && wanted !== undefined) {
      return equalTexts(found, wanted)
        ? judge(true, () => context.show(found))
        : describeTexts(found, wanted, { lenient: true });
    }
    const differences = findDifferences(expected, actual, scalarForm(context));
    if (differences.length === 0) return judge(true, () => context.show(actual));
    const reason = context.type === 'map' ? findReason(differences) : undefined;
    if (reason !== undefined) return { verdict: 'unknown', found: () => reason };
    if (typeof found === 'string' && typeof wanted === 'string' && isText(context))
      return describeTexts(found, wanted, { lenient: false });
    if (differences[0]?.path.length === 0 && !(Array.isArray(expected) && Array.isArray(actual)))
      return notSame(actual, expected, context);
    return {
      verdict: 'failed',
      found: () => describeDifferences(differences, context),
      ...(context.place !== undefined && { located: true }),
    };
  },
};

export default equal;

/** The form of what stands in the value where nothing further is in it. */
function scalarForm(context: MatchContext): ValueForm {
  const { type, values = 'string' } = context;
  return type === 'list' ? elementForm(context) : type === 'map' ? { type: values } : context;
}

/** Why it could not be told, where nothing else differs but what could not be told. */
function findReason(differences: readonly Difference[]): string | undefined {
  const reasons = differences.map(({ actual }) => {
    const reading = (actual ?? null) as Reading;
    return isNoReading(reading) && reading.noReading === 'unknown' ? reading.reason : undefined;
  });
  return reasons.includes(undefined) ? undefined : reasons[0];
}

function isText({ type }: MatchContext): boolean {
  return type === 'string' || type === 'text' || type === 'json';
}

function notSame(actual: Value, expected: Value, context: MatchContext): Finding {
  const [found, wanted] = showApart(actual, expected, context);
  return { verdict: 'failed', expected: () => wanted, found: () => found };
}
