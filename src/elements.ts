import { equalTo, phraseInside } from './expectation.js';
import { elementForm, type MatchContext } from './matcher.js';
import type { Expectation, Value, ValueForm, ValueTypeName } from './model.js';
import type { Pairing } from './pair-elements.js';
import { showWord } from './show-text.js';
import { listSome, splitLines } from './text.js';

/** The elements of a list, the lines of a text; undefined where JSON is neither. */
export function elementsOf(
  actual: Value,
  form: ValueForm,
): { readonly elements: readonly Value[] | undefined; readonly form: ValueForm } {
  if (Array.isArray(actual)) return { elements: actual, form: elementForm(form) };
  if (typeof actual === 'string') return { elements: splitLines(actual), form: { type: 'string' } };
  return { elements: undefined, form: elementForm(form) };
}

export function wordElement(type: ValueTypeName): string {
  return type === 'text' ? 'a line' : 'an element';
}

/** `[80, 443]`: plain values as lists are shown, anything else in words. */
export function phraseElements(expectations: readonly Expectation[], context: MatchContext): string {
  return `[${listSome(
    expectations.map((one) => phraseElement(one, context)),
    20,
  )}]`;
}

function phraseElement(expectation: Expectation, context: MatchContext): string {
  const value = equalTo(expectation);
  if (typeof value === 'string') return context.type === 'json' ? context.show(value) : showWord(value);
  return phraseInside(expectation, elementForm(context), context);
}

/** The value, and which elements are missing and which are too much. */
export function describePairing(
  actual: Value,
  { missing, extra }: Pairing,
  context: MatchContext,
  { extras }: { readonly extras: boolean },
): string {
  const { show } = context;
  const shown = Array.isArray(actual) && actual.length === 0 ? 'no elements' : show(actual);
  const { type } = elementForm(context);
  const words = extra.map((value) =>
    type === 'string' && typeof value === 'string' ? showWord(value) : show(value, type),
  );
  const said = [
    missing.length > 0 && `missing ${listSome(missing.map((one) => phraseElement(one, context)))}`,
    extras && extra.length > 0 && `extra ${listSome(words)}`,
  ].filter(Boolean);
  return said.length === 0 ? shown : `${shown} (${said.join('; ')})`;
}
