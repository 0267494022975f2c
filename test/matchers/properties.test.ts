import t from 'tap';
import { anyType, applyExpectation, elementForm, loadMatchers, type Match, type Matcher } from '../../src/matcher.js';
import type { Argument, Expectation, Value, ValueForm, ValueTypeName } from '../../src/model.js';
import { showValue } from '../../src/value.js';

/**
 * What holds of all matchers: none throws, whatever a target made up, whatever is expected; messages are bounded; `not`,
 * `and` and `or` follow the table of the four verdicts.
 */
const matchers = await loadMatchers();

/** Numbers from 0 up to `most`, the same in every run. */
function makeRandom(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * (most + 1));
  };
}

const random = makeRandom(20261123);
const pick = <T>(list: readonly T[]): T => list[random(list.length - 1)] as T;
const times = <T>(most: number, make: () => T): T[] => Array.from({ length: random(most) }, make);

const texts = [
  '',
  'a',
  'b\n',
  'a\r\nb\r\n',
  '\n\n',
  ' 42 ',
  '1.24.3',
  '2:1.2~rc1-3',
  '{"a":[1,{"b":null}]}',
  '[1,2',
  '🐳é\u0301\u200b\u0000',
  '\ud83d',
  '/etc/passwd',
  '__proto__',
  'x'.repeat(5000),
  '0'.repeat(400),
  `${'line\n'.repeat(300)}end`,
];
const numbers = [0, -0, 1, -1, 1.5, 1e21, -1e300, 2 ** 53, 5e-324, Number.MAX_VALUE, 1_795_392_000];
const scalars: readonly Value[] = [null, true, false, ...numbers, ...texts];
const keys = ['a', 'b', '', 'a.b', '__proto__', 'constructor', 'noReading', 'matcher', 'argument', '#'];

function makeValue(depth: number): Value {
  const kind = random(depth > 0 ? 4 : 1);
  if (kind < 2) return pick(scalars);
  if (kind < 4) return times(4, () => makeValue(depth - 1));
  return Object.fromEntries(times(4, () => [pick(keys), makeValue(depth - 1)]));
}

const patterns = ['a', '!b', '/^a/', '!/x+/i', '\\!a', '/etc/passwd', ' ', '/(a+)+$/', '/./s'];
const paths = [
  'a',
  'a.#',
  '*.b',
  '#(a==1).b',
  '#(~*)',
  '..#',
  '@keys',
  '{a,b}',
  '[a,#]',
  'a|0',
  '#.#(b!%"*")#|#',
  '@dig:b',
];
const ranges = ['>=1', '1.x || 2', '!=1.5', '~1.2 <3'];

/** An argument that a spec could hold for it. */
function makeArgument({ argument, name }: Matcher, form: ValueForm, depth: number): Argument {
  const nested = (inner: ValueForm) => makeExpectation(inner, depth - 1) as unknown as Argument;
  const several = (inner: ValueForm) => [nested(inner), ...times(3, () => nested(inner))];
  switch (argument) {
    case 'value':
      return ['gt', 'ge', 'lt', 'le'].includes(name) ? makeLimit(form) : makeLiteral(form);
    case 'string':
      return pick(texts);
    case 'number':
      return pick(numbers);
    case 'regexp':
      return pick(['a', '^$', '(?i)B', '(a|b)*c', '\\pL+', '(?s).', '[^\\n]']);
    case 'patterns':
      return [pick(patterns), ...times(3, () => pick(patterns))];
    case 'semver':
      return pick(ranges);
    case 'length':
      return pick([0, 3, nested({ type: 'number' })]);
    case 'expectation':
      return nested(form);
    case 'expectations':
      return several(form);
    case 'element':
      return nested(elementForm(form));
    case 'elements':
      return several(elementForm(form));
    case 'key':
      return nested({ type: 'string' });
    case 'paths':
      return Object.fromEntries(
        [pick(paths), ...times(2, () => pick(paths))].map((path) => [path, nested({ type: 'json' })]),
      );
  }
}

function makeLiteral({ type, values = 'string' }: ValueForm): Value {
  if (type === 'json') return makeValue(2);
  if (type === 'list') return times(4, () => makeLiteral({ type: values }));
  if (type === 'map') return Object.fromEntries(times(3, () => [pick(keys), makeLiteral({ type: values })]));
  if (type === 'boolean') return pick([true, false]);
  return ['string', 'text', 'mode', 'version'].includes(type) ? pick(texts) : pick(numbers);
}

function makeLimit({ type }: ValueForm): Value {
  if (type === 'version') return pick(['1', '1.24', '2:0~x-1', '0-unstable-2026-01-02']);
  return ['string', 'text'].includes(type) ? pick(['1', '1.5e3', '18446744073709551615']) : pick(numbers);
}

function makeExpectation(form: ValueForm, depth: number): Expectation {
  const able = [...matchers.values()].filter(({ types }) => types.includes(form.type));
  for (;;) {
    const matcher = depth > 0 ? pick(able) : (matchers.get('equal') as Matcher);
    const argument = makeArgument(matcher, form, depth);
    if (matcher.mistake?.(argument, form.type) === undefined || depth <= 0) return { matcher: matcher.name, argument };
  }
}

function makeForm(): ValueForm {
  const type = pick(anyType);
  const values = pick<ValueTypeName | undefined>([undefined, 'number', 'version', 'duration', 'size']);
  return { type, ...((type === 'list' || type === 'map') && values && { values }) };
}

function apply(actual: Value, form: ValueForm, expectation: Expectation): Match {
  return applyExpectation(matchers, showValue, actual, form, expectation);
}

const longestMessage = 20_000;

t.test('nothing that a target could say makes a matcher throw, or its message long', async (t) => {
  const seen = new Map<string, Set<string>>();
  for (let round = 0; round < 20_000; round += 1) {
    const form = makeForm();
    const [actual, expectation] = [makeValue(3), makeExpectation(form, 3)];
    const name = `${JSON.stringify(form)} ${JSON.stringify(actual).slice(0, 200)} ${JSON.stringify(expectation).slice(0, 400)}`;
    try {
      const { verdict, expected, found, details = '' } = apply(actual, form, expectation);
      const length = expected.length + found.length + details.length;
      if (length > longestMessage) t.fail(`${length} characters: ${name}`);
      seen.set(expectation.matcher, (seen.get(expectation.matcher) ?? new Set()).add(verdict));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
      if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b]/.test(expected + found + details))
        t.fail(`not shown as text: ${name}`);
    } catch (error) {
      t.fail(`${(error as Error).stack}\n${name}`);
    }
  }
  for (const name of matchers.keys()) {
    t.ok(seen.get(name)?.has('passed') && seen.get(name)?.has('failed'), `${name}: ${[...(seen.get(name) ?? [])]}`);
  }
});

/** A matcher for each verdict, which no spec can name. */
const verdicts = ['passed', 'failed', 'missing', 'unknown'] as const;
const known = new Map([
  ...matchers,
  ...verdicts.map((verdict): [string, Matcher] => [
    verdict,
    {
      name: verdict,
      summary: verdict,
      example: { [verdict]: true },
      types: anyType,
      argument: 'string',
      phrase: () => verdict,
      apply: () => ({ verdict, found: () => verdict }),
    },
  ]),
]);

function combine(matcher: string, ...parts: readonly Expectation[]): Expectation {
  return { matcher, argument: (matcher === 'not' ? parts[0] : parts) as unknown as Argument };
}

function judge(expectation: Expectation): Match['verdict'] {
  return applyExpectation(known, showValue, 1, { type: 'number' }, expectation).verdict;
}

const made = (verdict: string): Expectation => ({ matcher: verdict, argument: '' });

t.test('the table of the four verdicts', async (t) => {
  const opposite = { passed: 'failed', failed: 'passed', missing: 'missing', unknown: 'unknown' };
  const firstOf = (order: readonly string[], ...parts: readonly string[]) => order.find((one) => parts.includes(one));
  for (const a of verdicts) {
    t.equal(judge(combine('not', made(a))), opposite[a], `not ${a}`);
    t.equal(judge(combine('not', combine('not', made(a)))), a, `not not ${a}`);
    for (const b of verdicts) {
      const and = firstOf(['failed', 'missing', 'unknown', 'passed'], a, b);
      const or = firstOf(['passed', 'unknown', 'missing', 'failed'], a, b);
      t.equal(judge(combine('and', made(a), made(b))), and, `${a} and ${b}`);
      t.equal(judge(combine('or', made(a), made(b))), or, `${a} or ${b}`);
      t.equal(judge(combine('and', made(b), made(a))), and, `${b} and ${a}: in any order`);
      t.equal(judge(combine('or', made(b), made(a))), or, `${b} or ${a}: in any order`);
      if ([a, b].includes('missing')) continue;
      const [left, right] = [combine('not', made(a)), combine('not', made(b))];
      t.equal(judge(combine('not', combine('and', made(a), made(b)))), judge(combine('or', left, right)), 'De Morgan');
    }
  }
});

t.test('not turns what every matcher says, and twice not turns it back', async (t) => {
  const opposite = { passed: 'failed', failed: 'passed', missing: 'missing', unknown: 'unknown' };
  for (let round = 0; round < 3000; round += 1) {
    const form = makeForm();
    const [actual, expectation] = [makeValue(2), makeExpectation(form, 2)];
    const { verdict } = apply(actual, form, expectation);
    const not = combine('not', expectation);
    const [once, twice] = [apply(actual, form, not).verdict, apply(actual, form, combine('not', not)).verdict];
    if (once !== opposite[verdict] || twice !== verdict)
      t.fail(JSON.stringify([form, actual, expectation]).slice(0, 600));
  }
  t.pass('3000 times');
});

t.test('10 MB of text from a target', async (t) => {
  const line = 'Nov 23 01:00:00 web nginx[1]: GET /foo HTTP/1.1 200 ';
  const lines = Array.from({ length: 180_000 }, (_, at) => `${line}${at}`);
  const [text, other] = [`${lines.join('\n')}\n`, `${[...lines].reverse().join('\n')}\n`];
  const rows: readonly (readonly [string, string, Expectation])[] = [
    ['equal to other lines', text, { matcher: 'equal', argument: other }],
    ['equal but for the last line', text, { matcher: 'equal', argument: `${text}x` }],
    ['one line', 'x'.repeat(10_000_000), { matcher: 'equal', argument: `${'x'.repeat(9_999_999)}y` }],
    ['contain-substring', text, { matcher: 'contain-substring', argument: 'absent' }],
    ['have-suffix', text, { matcher: 'have-suffix', argument: 'absent' }],
    [
      'have-patterns',
      text,
      { matcher: 'have-patterns', argument: ['absent', '!179999', '/(GET|PUT) .*$/', '!/9 1$/'] },
    ],
    ['match-regexp', text, { matcher: 'match-regexp', argument: '(a+)+b' }],
    ['have-len', text, { matcher: 'have-len', argument: 3 }],
    ['contain-element', text, { matcher: 'contain-element', argument: 'absent' }],
    ['consist-of', text, { matcher: 'consist-of', argument: ['absent', 'gone'] }],
    ['gjson', text, { matcher: 'gjson', argument: { a: 1 } }],
    ['semver-constraint', text, { matcher: 'semver-constraint', argument: '>=1' }],
    ['ge', '9'.repeat(10_000_000), { matcher: 'ge', argument: '1' }],
  ];
  for (const [name, actual, expectation] of rows) {
    const start = performance.now();
    const { expected, found, details = '' } = apply(actual, { type: 'text' }, expectation);
    const took = Math.round(performance.now() - start);
    t.ok(expected.length + found.length + details.length < 6000, `${name}: a short message`);
    t.ok(took < 20_000, `${name}: ${took} ms`);
  }
});
