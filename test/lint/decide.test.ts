import t from 'tap';
import { decide, holdsFor } from '../../src/lint/decide.js';
import { matchesEverything } from '../../src/lint/regexp-range.js';
import type { Certainty, Range } from '../../src/lint-rule.js';
import { loadMatchers } from '../../src/matcher.js';
import type { Expectation, Value } from '../../src/model.js';
import { makeRandom } from '../fixture/random.js';

const matchers = await loadMatchers();
const is = (matcher: string, argument: unknown): Expectation => ({ matcher, argument: argument as Value });
const count: Range = { type: 'number', least: 0 };
const text: Range = { type: 'text' };
const word: Range = { type: 'string' };
const list: Range = { type: 'list' };

const table: readonly (readonly [range: Range, expectation: Expectation, certainty: Certainty | undefined])[] = [
  [count, is('ge', 0), 'always'],
  [{ type: 'number' }, is('ge', 0), undefined],
  [{ type: 'duration' }, is('ge', 0), undefined],
  [{ type: 'size' }, is('ge', 0), 'always'],
  [count, is('lt', 0), 'never'],
  [count, is('equal', -1), 'never'],
  [count, is('not', is('lt', 0)), 'always'],
  [count, is('not', is('equal', -1)), 'always'],
  [count, is('and', [is('gt', 3), is('lt', 4)]), undefined],
  [count, is('and', [is('gt', 3), is('le', 3)]), 'never'],
  [count, is('or', [is('gt', 3), is('le', 3)]), 'always'],
  [count, is('or', [is('gt', 3), is('lt', 3)]), undefined],
  [{ type: 'boolean' }, is('or', [is('equal', true), is('not', is('equal', true))]), 'always'],
  [{ type: 'boolean' }, is('and', [is('equal', true), is('equal', false)]), 'never'],
  [{ type: 'string', words: ['a', 'b'] }, is('or', [is('equal', 'a'), is('equal', 'b')]), 'always'],
  [{ type: 'string', words: ['a', 'b'] }, is('match-regexp', '^[ab]$'), 'always'],
  [{ type: 'string', words: ['a', 'b'] }, is('have-prefix', 'c'), 'never'],
  [word, is('or', [is('equal', 'a'), is('equal', 'b')]), undefined],
  [word, is('and', [is('equal', 'a'), is('equal', 'b')]), 'never'],
  [word, is('and', [is('equal', 'abc'), is('match-regexp', '^b')]), 'never'],
  [word, is('and', [is('equal', 'abc'), is('match-regexp', '^a')]), undefined],
  [text, is('equal', 'a'), undefined],
  [text, is('and', [is('have-suffix', 'a\n'), is('have-suffix', 'a')]), undefined],
  [text, is('have-len', is('ge', 0)), 'always'],
  [text, is('have-len', is('and', [is('ge', 3), is('lt', 2)])), 'never'],
  [text, is('have-patterns', ['ab', '!a']), 'never'],
  [text, is('have-patterns', ['a', '!ab']), undefined],
  [text, is('have-patterns', ['/a/', '!/a/']), 'never'],
  // Lists may have an element for each.
  [list, is('have-patterns', ['ab', '!a']), undefined],
  [list, is('and', [is('consist-of', [is('equal', 'a')]), is('contain-element', is('equal', 'b'))]), 'never'],
  [list, is('and', [is('consist-of', [is('equal', 'a')]), is('contain-element', is('equal', 'a'))]), undefined],
  [list, is('contain-element', is('or', [is('equal', 'a'), is('not', is('equal', 'a'))])), undefined],
  [list, is('contain-element', is('and', [is('equal', 'a'), is('equal', 'b')])), 'never'],
  [list, is('consist-of', []), undefined],
  [{ type: 'json' }, is('not', is('equal', 'a')), undefined],
  [{ type: 'json' }, is('ge', 0), undefined],
  [{ type: 'version' }, is('or', [is('ge', '1'), is('lt', '1')]), undefined],
];

t.test('what is certain, and what is not', async (t) => {
  for (const [range, expectation, certainty] of table) {
    t.equal(decide(expectation, range, matchers), certainty, JSON.stringify([range, expectation]));
  }
});

t.test('nothing is called certain that a value proves wrong', async (t) => {
  const random = makeRandom(42);
  const pick = <T>(of: readonly T[]): T => of[random(of.length)] as T;
  const make = (depth: number): Expectation => {
    const matcher =
      depth === 0 ? pick(['equal', 'ge', 'gt', 'le', 'lt']) : pick(['and', 'or', 'not', 'ge', 'lt', 'equal']);
    if (matcher === 'not') return is('not', make(depth - 1));
    if (matcher === 'and' || matcher === 'or') return is(matcher, [make(depth - 1), make(depth - 1)]);
    return is(matcher, random(5));
  };
  const values = Array.from({ length: 60 }, (_, at) => at / 4);
  const seen = new Map<Certainty | undefined, number>();
  for (let round = 0; round < 2000; round++) {
    const expectation = make(3);
    const certainty = decide(expectation, count, matchers);
    seen.set(certainty, (seen.get(certainty) ?? 0) + 1);
    const held = values.map((value) => holdsFor(value, expectation, count, matchers));
    const real = held.every(Boolean) ? 'always' : held.some(Boolean) ? undefined : 'never';
    if (certainty !== real) t.equal(certainty, real, JSON.stringify(expectation));
  }
  t.ok((seen.get('always') ?? 0) > 20 && (seen.get('never') ?? 0) > 20, 'all three were met');
});

t.test('expressions that are found in every text', async (t) => {
  for (const expression of [
    '.*',
    '^.*',
    '.*$',
    '(a|)',
    'a?',
    'x{0,3}',
    '(?i)a*',
    '^',
    '[$]*',
    '(?s)^.*$',
    '^a|b*',
    '\\$*',
  ]) {
    t.equal(matchesEverything(expression), expression !== '^', expression);
  }
  for (const expression of ['^.*$', 'a', 'a+', '^$', '$^', '\\b|a?', '.+', '[^a]', 'a*b', '(^|a)', '\\z?', 'a|b']) {
    t.notOk(matchesEverything(expression), expression);
  }
});
