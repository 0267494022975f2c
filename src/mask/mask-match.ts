import { describeTexts, equalTexts } from '../compare-text.js';
import type { Match } from '../matcher.js';
import type { Expectation, Value, ValueTypeName } from '../model.js';
import { showValue } from '../value.js';
import type { Masker } from './masker.js';

/** Shows values without secrets: masked before they are shortened. */
export function showWith(masker: Masker | undefined): typeof showValue {
  return masker ? (value, type, values) => showValue(masker.value(value), type, values) : showValue;
}

/**
 * Matchers pick what they show from the values themselves: a line, what an expression matched, the surroundings of a
 * difference. Of a secret that could be a part, which nobody would know for one. So where there is a secret, values are
 * shown as a whole, masked, and differences are those of the masked texts.
 *
 * @param phrase what is expected, with all values shown by `showWith`
 */
export function maskMatch(
  match: Match,
  type: ValueTypeName,
  { matcher, argument }: Expectation,
  actual: Value,
  masker: Masker | undefined,
  phrase: () => string,
): Pick<Match, 'expected' | 'found' | 'details'> {
  if (!masker) return match;
  const wanted = argument as Value;
  const hidden = { actual: masker.value(actual), wanted: masker.value(wanted) };
  if (hidden.actual === actual && hidden.wanted === wanted) return match;
  const plain = { expected: phrase(), found: showValue(hidden.actual, type) };
  if (matcher !== 'equal' || typeof hidden.actual !== 'string' || typeof hidden.wanted !== 'string') return plain;
  if (equalTexts(hidden.actual, hidden.wanted)) return plain;
  const { expected, found, details } = describeTexts(hidden.actual, hidden.wanted, { lenient: type === 'text' });
  const told = details?.();
  return { expected: expected?.() ?? plain.expected, found: found(), ...(told !== undefined && { details: told }) };
}
