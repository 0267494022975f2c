import type { Finding, Match, MatchContext } from './matcher.js';
import type { Argument, Expectation, Value, ValueForm } from './model.js';

/** A matcher's answer where there is a value to judge. */
export function judge(passed: boolean, found: () => string): Finding {
  return { verdict: passed ? 'passed' : 'failed', found };
}

/** A matcher's answer where there is nothing it could judge: fails, under `not` too. */
export function missing(found: () => string): Finding {
  return { verdict: 'missing', found };
}

/** A nested argument: an expectation, or a bare value, which means `equal`. */
export function toExpectation(argument: Argument): Expectation {
  return isExpectation(argument) ? argument : { matcher: 'equal', argument };
}

/** Nested arguments, in a list or alone. */
export function toExpectations(argument: Argument): readonly Expectation[] {
  return (Array.isArray(argument) ? argument : [argument]).map(toExpectation);
}

function isExpectation(argument: Argument): argument is Expectation {
  return (
    argument !== null &&
    typeof argument === 'object' &&
    'matcher' in argument &&
    'argument' in argument &&
    typeof argument.matcher === 'string' &&
    Object.keys(argument).length === 2
  );
}

/** The value that an expectation wants to be equal to, if it is one of those. */
export function equalTo({ matcher, argument }: Expectation): Value | undefined {
  return matcher === 'equal' ? (argument as Value) : undefined;
}

/** What it expects in words; in brackets where it has several parts, so that "not" or "or" before it are read rightly. */
export function phraseInside(expectation: Expectation, form: ValueForm, context: MatchContext): string {
  const phrase = context.phrase(expectation, form);
  const { matcher, argument } = expectation;
  const parts = argument !== null && typeof argument === 'object' && !isExpectation(argument) && Object.keys(argument);
  return matcher !== 'equal' && parts && parts.length > 1 ? `(${phrase})` : phrase;
}

/**
 * All must hold. One that failed decides, whatever could not be told; then one that had nothing to judge.
 * @param expected the phrase of a part; only those that did not hold are told
 */
export function holdAll(
  matches: readonly Match[],
  label = (phrase: string, _at: number, _match: Pick<Match, 'located'>) => phrase,
): Finding {
  const verdict = firstOf(['failed', 'missing', 'unknown'], matches) ?? 'passed';
  // What could not be told decided nothing where something else failed.
  const decides = ({ verdict: one }: Match) => one !== 'passed' && (one !== 'unknown' || verdict === 'unknown');
  const wrong = [...matches.entries()].filter(([, match]) => decides(match));
  const told = verdict === 'passed' ? [...matches.entries()].slice(0, 1) : wrong;
  return {
    verdict,
    found: () => unique(told.map(([at, match]) => label(match.found, at, match))).join('; '),
    ...(verdict !== 'passed' && {
      expected: () => wrong.map(([at, match]) => label(match.expected, at, {})).join(' and '),
      details: () => joinDetails(wrong.map(([, match]) => match)),
    }),
  };
}

/** One must hold. One that passed decides, whatever could not be told. */
export function holdAny(matches: readonly Match[]): Finding {
  const verdict = firstOf(['passed', 'unknown', 'missing'], matches) ?? 'failed';
  const told = verdict === 'passed' ? matches.filter((match) => match.verdict === 'passed').slice(0, 1) : matches;
  return { verdict, found: () => unique(told.map(({ found }) => found)).join('; ') };
}

function firstOf(order: readonly Match['verdict'][], matches: readonly Match[]): Match['verdict'] | undefined {
  return order.find((verdict) => matches.some((match) => match.verdict === verdict));
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

function joinDetails(matches: readonly Match[]): string | undefined {
  const details = matches.flatMap((match) => match.details ?? []);
  return details.length === 0 ? undefined : details.join('\n');
}
