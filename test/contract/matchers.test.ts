import t from 'tap';
import { anyType, loadMatchers, matcherNames } from '../../src/matcher.js';
import { readExpectation } from '../matchers/read-expectation.js';

/** Rules for every file in src/matchers. */
const matchers = await loadMatchers();
const shapes = [
  'value',
  'string',
  'number',
  'regexp',
  'patterns',
  'semver',
  'length',
  'expectation',
  'expectations',
  'element',
  'elements',
  'key',
  'paths',
];

t.test('all that the language has are there', async (t) => {
  const names =
    'and consist-of contain-element contain-elements contain-substring equal ge gjson gt have-key have-len have-patterns ' +
    'have-prefix have-suffix le lt match-regexp not or semver-constraint';
  t.same(matcherNames(), names.split(' '));
});

for (const file of matcherNames()) {
  t.test(file, async (t) => {
    const matcher = matchers.get(file);
    t.ok(matcher, 'it is named as its file');
    if (!matcher) return;
    t.match(matcher.summary, /^[A-Z]/, 'its summary begins like a sentence');
    t.notMatch(matcher.summary, /\.$|\n/, 'without full stop, on one line');
    t.ok(matcher.types.length > 0, 'it judges something');
    t.ok(matcher.types.every((type) => anyType.includes(type)) && new Set(matcher.types).size === matcher.types.length);
    t.ok(shapes.includes(matcher.argument), `its argument is known: ${matcher.argument}`);
    t.same(Object.keys(matcher.example as object), [file], 'its example is one mapping of its name');
    const read = matcher.types.flatMap((type) => {
      try {
        return [{ type, ...readExpectation(matchers, matcher.example, { type }) }];
      } catch {
        return [];
      }
    });
    t.ok(read.length > 0, 'its example can be read for one of its types');
    const right = read.filter(({ argument, type }) => matcher.mistake?.(argument, type) === undefined);
    t.ok(right.length > 0, 'without a mistake');
    t.equal(read[0]?.matcher, file);
  });
}
