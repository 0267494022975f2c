import { elementForm, type Matcher, type Matchers } from '../../src/matcher.js';
import type { Argument, Expectation, Value, ValueForm } from '../../src/model.js';
import { valueTypes } from '../../src/value.js';

/**
 * Reads what stands after a property, as in YAML, so that tables of tests are written in the language of specs. Knows
 * nothing of mistakes; the spec's own parser has tests of its own.
 */
export function readExpectation(matchers: Matchers, written: Value, form: ValueForm): Expectation {
  const { type } = form;
  const named = nameOf(matchers, written);
  if (named)
    return { matcher: named.matcher.name, argument: readArgument(matchers, named.matcher, named.written, form) };
  if (Array.isArray(written) && type === 'text') return { matcher: 'have-patterns', argument: written };
  if (Array.isArray(written) && type === 'list') {
    return { matcher: 'consist-of', argument: written.map((one) => readExpectation(matchers, one, elementForm(form))) };
  }
  return { matcher: 'equal', argument: valueTypes[type].read({ value: written }) };
}

function nameOf(matchers: Matchers, written: Value): { matcher: Matcher; written: Value } | undefined {
  if (written === null || typeof written !== 'object' || Array.isArray(written)) return undefined;
  const [[name, argument] = ['', null], ...more] = Object.entries(written);
  const matcher = matchers.get(name);
  return matcher && more.length === 0 ? { matcher, written: argument as Value } : undefined;
}

function readArgument(matchers: Matchers, { argument: shape }: Matcher, written: Value, form: ValueForm): Argument {
  const nested = (value: Value, inner: ValueForm) => readExpectation(matchers, value, inner);
  const list = Array.isArray(written) ? (written as readonly Value[]) : [];
  const inner = elementForm(form);
  if (shape === 'value') return valueTypes[form.type].read({ value: written });
  if (shape === 'expectation') return nested(written, form);
  if (shape === 'expectations') return list.map((one) => nested(one, form));
  if (shape === 'element') return nested(written, inner);
  if (shape === 'elements') return list.map((one) => nested(one, inner));
  if (shape === 'length') return nested(written, { type: 'number' });
  if (shape === 'key') return nested(written, { type: 'string' });
  if (shape !== 'paths') return written;
  return Object.fromEntries(
    Object.entries(written as object).map(([path, one]) => [path, nested(one as Value, { type: 'json' })]),
  );
}
