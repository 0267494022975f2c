import { toExpectation, toExpectations } from './expectation.js';
import type { Match } from './matcher.js';
import type { Argument, Expectation, PartlyKnown, Value } from './model.js';

/** Applies an expectation to what is known, as if it were all. */
type Apply = (known: Value, expectation: Expectation) => Match;

/**
 * Judges by the end of a text, or by the least that a number is. What holds for the part and must then hold for the whole
 * has passed, what the part rules out has failed.
 *
 * @returns undefined where the part cannot decide
 */
export function judgePartlyKnown(partly: PartlyKnown, expectation: Expectation, apply: Apply): Match | undefined {
  const known = knownPart(partly);
  const decide = 'end' in partly ? decideByEnd : decideByLeast;
  const { matcher, argument } = expectation;
  const judge = (inner: Expectation) => judgePartlyKnown(partly, inner, apply);
  const match = () => apply(known, expectation);
  if (matcher === 'not') return judge(toExpectation(argument)) && match();
  if (matcher === 'and' || matcher === 'or') {
    const matches = toExpectations(argument).map(judge);
    const deciding = matches.find((one) => one?.verdict === (matcher === 'and' ? 'failed' : 'passed'));
    return deciding ?? (matches.includes(undefined) ? undefined : match());
  }
  return decide(expectation, (one) => apply(known, one));
}

/** What a report shows of it. */
export function knownPart(partly: PartlyKnown): Value {
  return 'end' in partly ? partly.end : partly.atLeast;
}

/** What is found in the end is in the whole; what is not may stand before it. */
function decideByEnd({ matcher, argument }: Expectation, apply: (one: Expectation) => Match): Match | undefined {
  switch (matcher) {
    case 'have-patterns':
      return decidePatterns(listOf(argument).map(String), apply);
    case 'contain-substring':
    case 'contain-element':
    case 'contain-elements':
      return onlyWhen('passed', apply({ matcher, argument }));
    // Where the text begins is not known.
    case 'match-regexp':
      return /\^|\\A/.test(String(argument)) ? undefined : onlyWhen('passed', apply({ matcher, argument }));
    default:
      return undefined;
  }
}

function decidePatterns(patterns: readonly string[], apply: (one: Expectation) => Match): Match | undefined {
  const forbidden = patterns.filter((pattern) => pattern.startsWith('!'));
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const found = forbidden.length > 0 ? apply({ matcher: 'have-patterns', argument: forbidden }) : undefined;
  if (found?.verdict === 'failed') return found;
  return found ? undefined : onlyWhen('passed', apply({ matcher: 'have-patterns', argument: wanted }));
}

/** A number that is at least so large is above all that this one is above, and none of those below. */
function decideByLeast({ matcher, argument }: Expectation, apply: (one: Expectation) => Match): Match | undefined {
  if (matcher === 'gt' || matcher === 'ge') return onlyWhen('passed', apply({ matcher, argument }));
  if (matcher === 'lt' || matcher === 'le') return onlyWhen('failed', apply({ matcher, argument }));
  // A number above is none that is equal.
  if (matcher !== 'equal' || apply({ matcher: 'gt', argument }).verdict !== 'passed') return undefined;
  return apply({ matcher, argument });
}

function onlyWhen(verdict: Match['verdict'], match: Match): Match | undefined {
  return match.verdict === verdict ? match : undefined;
}

function listOf(argument: Argument): readonly Argument[] {
  return Array.isArray(argument) ? argument : [argument];
}
