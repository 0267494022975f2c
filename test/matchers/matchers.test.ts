import t from 'tap';
import { applyExpectation, loadMatchers, type Matcher, type Matchers } from '../../src/matcher.js';
import type { Value, ValueForm, ValueTypeName } from '../../src/model.js';
import { showValue } from '../../src/value.js';
import { readExpectation } from './read-expectation.js';

/**
 * One row: type and value that was found, what the spec says after the property, the verdict, and the words of a report
 * after "expected" and "found". A row that fails names itself by its spec.
 */
type Row = readonly [
  type: ValueTypeName,
  actual: Value,
  written: Value,
  verdict: 'passed' | 'failed' | 'missing' | 'unknown',
  expected?: string,
  found?: string,
];

const matchers = await loadMatchers();

function judge(title: string, rows: readonly Row[], more: Omit<ValueForm, 'type'> = {}) {
  t.test(title, async (t) => {
    for (const [type, actual, written, verdict, expected, found] of rows) {
      const form: ValueForm = { type, ...more };
      const name = `${type} ${JSON.stringify(actual)?.slice(0, 60)} against ${JSON.stringify(written)}`;
      const match = applyExpectation(matchers, showValue, actual, form, readExpectation(matchers, written, form));
      t.equal(match.verdict, verdict, name);
      if (expected !== undefined) t.equal(match.expected, expected, `${name}: expected`);
      if (found !== undefined) t.equal(match.found, found, `${name}: found`);
    }
  });
}

judge('equal of plain values', [
  ['boolean', true, true, 'passed', 'true', 'true'],
  ['boolean', false, true, 'failed', 'true', 'false'],
  ['boolean', false, { equal: false }, 'passed'],
  ['boolean', 'true', true, 'failed'],
  ['number', 200, 200, 'passed'],
  ['number', 502, 200, 'failed', '200', '502'],
  ['number', '200', 200, 'failed'],
  ['number', 0, 0, 'passed'],
  ['number', 0.1, 0.1, 'passed'],
  ['number', null, 0, 'failed', '0', 'null'],
]);

judge('equal of values with units', [
  ['duration', 259_200, { equal: '3d' }, 'passed', '3 d', '3 d'],
  ['duration', 180.4, '3m', 'failed', '3 min', '3 min (180.4 s)'],
  ['size', 536_870_912, '512MiB', 'passed'],
  ['size', 536_870_913, '512MiB', 'failed', '512 MiB', '512 MiB (536870913 bytes)'],
  ['percentage', 41, '90%', 'failed', '90%', '41%'],
  ['mode', '0644', '0644', 'passed'],
  ['mode', '0755', 644, 'failed', '0644', '0755'],
  ['time', 1_795_392_000, '2026-11-23', 'passed', '2026-11-23T00:00:00Z'],
]);

judge('equal of strings: exactly, and a number in a string property is its text', [
  ['string', 'active', 'active', 'passed', '"active"', '"active"'],
  ['string', 'Active', 'active', 'failed', '"active"', '"Active"'],
  ['string', '443', 443, 'passed', '"443"'],
  ['string', 443, '443', 'passed'],
  ['string', '0443', 443, 'failed', '"443"', '"0443"'],
  ['string', 'ok\n', 'ok', 'failed', '"ok"', '"ok\\n"'],
  ['string', '', '', 'passed'],
  ['string', ' a', 'a', 'failed'],
  ['string', 'é', 'e\u0301', 'failed'],
  ['string', '🐳', '🐳', 'passed'],
  ['string', null, 'null', 'failed'],
]);

judge('equal of text: the newline at the end that nobody means (goss.md 2.3)', [
  ['text', 'foo\n', 'foo', 'passed'],
  ['text', 'foo', 'foo', 'passed'],
  ['text', 'foo\r\n', 'foo', 'passed'],
  ['text', 'foo\n\n', 'foo', 'failed', '"foo"', '"foo\\n\\n"'],
  ['text', 'foo\n', 'foo\n', 'passed'],
  ['text', 'foo', 'foo\n', 'failed', '"foo\\n"', '"foo"'],
  ['text', ' foo\n', 'foo', 'failed'],
  ['text', '', '', 'passed'],
  ['text', '\n', '', 'passed'],
  ['text', 'x\n', '', 'failed', '""', '"x\\n"'],
  ['text', '12\n', 12, 'passed', '"12"'],
  [
    'text',
    'a\r\nb\r\n',
    'a\nb\n',
    'failed',
    'the 2 lines of the spec',
    '2 lines, the same but for line ends, which are CRLF',
  ],
  [
    'text',
    'a\nb\nc\n',
    'a\nx\nc\n',
    'failed',
    'the 3 lines of the spec',
    '3 lines, other from line 2 (- expected, + found)',
  ],
  ['text', 'a\n', 'a\nb', 'failed', 'the 2 lines of the spec', '1 line, other from line 2 (- expected, + found)'],
]);

judge('equal of lists: the same order; a system list is a list like any (goss.md 7.1, defect 6)', [
  ['list', ['a', 'b'], { equal: ['a', 'b'] }, 'passed', '[a, b]', '[a, b]'],
  ['list', ['b', 'a'], { equal: ['a', 'b'] }, 'failed', '[a, b]', '[b, a] (in another order)'],
  ['list', ['a', 'c', 'd'], { equal: ['a', 'b'] }, 'failed', '[a, b]', '[a, c, d] (missing b; extra c, d)'],
  ['list', ['a', 'a'], { equal: ['a'] }, 'failed', '[a]', '[a, a] (extra a)'],
  ['list', ['a'], { equal: ['a', 'a'] }, 'failed', '[a, a]', '[a] (missing a)'],
  ['list', [], { equal: [] }, 'passed'],
  ['list', [443], { equal: ['443'] }, 'passed'],
  ['list', ['443'], { equal: [443] }, 'passed'],
]);

judge('equal of maps and JSON: deep, without conversion, with the place that differs', [
  ['map', { a: '1' }, { equal: { a: '1' } }, 'passed'],
  ['map', { b: '2', a: '1' }, { equal: { a: '1', b: '2' } }, 'passed'],
  ['map', { a: '1', b: '3' }, { equal: { a: '1', b: '2' } }, 'failed', '{"a":"1","b":"2"}', '"3" at b instead of "2"'],
  ['map', { a: '1' }, { equal: { a: '1', b: '2' } }, 'failed', undefined, 'nothing at b instead of "2"'],
  ['map', { a: '1', c: '2' }, { equal: { a: '1' } }, 'failed', undefined, '"2" at c, where nothing is expected'],
  ['json', { a: { b: [1, 2] } }, { equal: { a: { b: [1, 2] } } }, 'passed'],
  [
    'json',
    { a: { b: [1, 2] } },
    { equal: { a: { b: [1, 3] } } },
    'failed',
    undefined,
    '[1,2] at a.b (missing 3; extra 2)',
  ],
  ['json', 15, 15, 'passed'],
  ['json', 15, 15.0, 'passed'],
  ['json', '15', 15, 'failed', '15', '"15"'],
  ['json', 15, '15', 'failed', '"15"', '15'],
  ['json', null, null, 'passed', 'null', 'null'],
  ['json', false, null, 'failed', 'null', 'false'],
  ['json', [], { equal: {} }, 'failed', '{}', '[]'],
  ['json', [1, 2], { equal: [2, 1] }, 'failed', '[2,1]', '[1,2] (in another order)'],
  ['json', {}, { equal: { constructor: 1 } }, 'failed', undefined, 'nothing at constructor instead of 1'],
  ['json', JSON.parse('{"__proto__":1}'), { equal: {} }, 'failed', '{}', '1 at __proto__, where nothing is expected'],
]);

judge('not: inverts a verdict, and nothing else', [
  ['number', 200, { not: 502 }, 'passed', 'not 502', '200'],
  ['number', 502, { not: 502 }, 'failed', 'not 502', '502'],
  ['number', 502, { not: { not: 502 } }, 'passed', '502'],
  ['text', 'all well', { not: { 'contain-substring': 'error' } }, 'passed'],
  ['text', 'an error', { not: { 'contain-substring': 'error' } }, 'failed', 'not to contain "error"', '"an error"'],
  ['list', ['a'], { not: { 'contain-element': 'a' } }, 'failed', 'no element "a"', '"a"'],
  ['list', [], { not: { 'contain-element': 'a' } }, 'passed'],
  ['list', ['a'], { not: ['a', 'b'] }, 'passed', 'not ([a, b] in any order)'],
  ['text', 'x', { not: ['x', 'y'] }, 'passed', 'not (a line with "x", a line with "y")'],
  ['text', 'x y', { not: ['x', 'y'] }, 'failed', 'not (a line with "x", a line with "y")', '"x y" in line 1'],
  ['map', { a: '1' }, { not: { 'have-key': 'a' } }, 'failed', 'no key "a"', 'the key a'],
  ['map', { a: '1' }, { not: { 'have-key': 'b' } }, 'passed'],
  ['json', { a: 1 }, { not: { gjson: { b: 1 } } }, 'missing', 'not 1 at b', 'nothing at b, as it has a'],
  ['json', { a: 1 }, { not: { gjson: { a: 2 } } }, 'passed'],
  ['text', 'no json', { not: { gjson: { a: 2 } } }, 'missing'],
  ['json', 'text', { not: { gt: 1 } }, 'missing', 'not more than 1', '"text", which is not a number'],
  ['string', 'unversioned', { not: { 'semver-constraint': '>=1' } }, 'missing'],
]);

judge('and, or: three-valued, and missing (goss.md 7.1, defect 7)', [
  ['number', 3, { and: [{ ge: 1 }, { le: 5 }] }, 'passed', 'at least 1 and at most 5', '3'],
  ['number', 7, { and: [{ ge: 1 }, { le: 5 }] }, 'failed', 'at most 5', '7'],
  ['number', 7, { and: [{ lt: 1 }, { lt: 5 }] }, 'failed', 'less than 1 and less than 5', '7'],
  ['number', 3, { not: { and: [{ ge: 1 }, { le: 5 }] } }, 'failed', 'not (at least 1 and at most 5)', '3'],
  ['number', 7, { not: { and: [{ ge: 1 }, { le: 5 }] } }, 'passed'],
  ['number', 2, { or: [1, 2] }, 'passed', '1 or 2', '2'],
  ['number', 3, { or: [1, 2] }, 'failed', '1 or 2', '3'],
  ['number', 3, { or: [{ and: [1, { gt: 0 }] }, 2] }, 'failed', '(1 and more than 0) or 2', '3'],
  ['number', 3, { not: { or: [1, 2] } }, 'passed', 'not (1 or 2)'],
  ['string', 'activating', { or: ['active', 'activating'] }, 'passed'],
  ['json', { a: 1 }, { or: [{ gjson: { b: 1 } }, { gjson: { a: 1 } }] }, 'passed', undefined, '1 at a'],
  ['json', { a: 1 }, { or: [{ gjson: { a: 2 } }, { gjson: { b: 1 } }] }, 'missing', '2 at a or 1 at b'],
  ['json', { a: 1 }, { and: [{ gjson: { b: 1 } }, { gjson: { a: 2 } }] }, 'failed'],
  [
    'json',
    { a: 1 },
    { and: [{ gjson: { b: 1 } }, { gjson: { a: 1 } }] },
    'missing',
    '1 at b',
    'nothing at b, as it has a',
  ],
  ['json', { a: 1 }, { not: { and: [{ gjson: { b: 1 } }, { gjson: { a: 2 } }] } }, 'passed'],
  ['json', { a: 1 }, { not: { or: [{ gjson: { b: 1 } }, { gjson: { a: 2 } }] } }, 'missing'],
  ['number', 3, { and: [] }, 'missing', '', 'no expectation at all'],
  ['number', 3, { or: [] }, 'missing', '', 'no expectation at all'],
  ['text', 'a\nb\n', { and: [{ 'have-patterns': ['a', '!c'] }, { 'have-len': 4 }] }, 'passed'],
  ['text', 'a\n', { or: [{ 'have-patterns': ['b'] }, 'a'] }, 'passed'],
]);

judge('gt, ge, lt, le', [
  ['number', 2, { gt: 1 }, 'passed', 'more than 1', '2'],
  ['number', 1, { gt: 1 }, 'failed', 'more than 1', '1'],
  ['number', 1, { ge: 1 }, 'passed'],
  ['number', 0, { ge: 1 }, 'failed', 'at least 1', '0'],
  ['number', 1, { lt: 1 }, 'failed', 'less than 1', '1'],
  ['number', -1, { lt: -0.5 }, 'passed'],
  ['number', 1, { le: 1 }, 'passed'],
  ['number', 2, { le: 1 }, 'failed', 'at most 1', '2'],
  ['duration', 259_200, { ge: '14d' }, 'failed', 'at least 14 d', '3 d'],
  ['duration', 170, { le: '3m' }, 'passed'],
  ['duration', 180.2, { le: '3m' }, 'failed', 'at most 3 min', '3 min (180.2 s)'],
  ['size', 600 * 1024 ** 2, { le: '512MiB' }, 'failed', 'at most 512 MiB', '600 MiB'],
  ['percentage', 91, { lt: '90%' }, 'failed', 'less than 90%', '91%'],
  ['time', 1_795_392_000, { gt: '2026-12-31' }, 'failed', 'after 2026-12-31T00:00:00Z', '2026-11-23T00:00:00Z'],
  ['time', 1_795_392_000, { le: '2026-11-23' }, 'passed', 'at or before 2026-11-23T00:00:00Z'],
  ['string', '262144', { ge: 65_530 }, 'passed', 'at least 65530', '"262144"'],
  ['string', '9', { lt: 10 }, 'passed'],
  ['string', '4096 87380', { ge: 1 }, 'missing', 'at least 1', '"4096 87380", which is not a number'],
  ['string', '', { ge: 0 }, 'missing'],
  ['string', '0x10', { ge: 0 }, 'missing'],
  ['string', 'Infinity', { ge: 0 }, 'missing'],
  ['text', '42\n', { gt: 41 }, 'passed'],
  ['text', '1.5e3\n', { gt: 1499 }, 'passed'],
  ['json', 4, { ge: 3 }, 'passed'],
  ['json', '4', { ge: 3 }, 'missing', 'at least 3', '"4", which is not a number'],
  ['json', null, { ge: 0 }, 'missing'],
  ['json', true, { ge: 0 }, 'missing'],
  ['json', [], { ge: 0 }, 'missing'],
]);

judge('versions: the order of Nix, or of Debian where one of both is a version of Debian', [
  ['version', '1.24.3', { ge: '1.24' }, 'passed', 'at least 1.24', '1.24.3'],
  ['version', '1.9.1', { ge: '1.10' }, 'failed', 'at least 1.10', '1.9.1'],
  ['version', '1.10', { gt: '1.9' }, 'passed'],
  ['version', '1.24', { lt: '1.24.0' }, 'passed'],
  ['version', '24.05pre123', { lt: '24.05' }, 'passed', 'less than 24.05'],
  ['version', '24.05', { le: '24.05pre123' }, 'failed', 'at most 24.05pre123', '24.05'],
  ['version', '9.9p2', { gt: '9.9p1' }, 'passed'],
  ['version', '1:1.2-3', { gt: '2.0-1' }, 'passed'],
  ['version', '1.24~rc1-1', { lt: '1.24' }, 'passed'],
  ['version', '1.24', { ge: '1.24~rc1' }, 'passed'],
  ['version', '1.0.1', { gt: '1.0-2' }, 'passed'],
  ['version', '1.24', '1.24', 'passed', '1.24', '1.24'],
  ['version', '1.24', '1.24.0', 'failed', '1.24.0', '1.24'],
  ['version', '0:1.24-1', '1.24-1', 'passed', '1.24-1', '0:1.24-1'],
  ['version', '1.24', { not: '1.25' }, 'passed', 'not 1.25', '1.24'],
  ['version', '', { ge: '1' }, 'missing', 'at least 1', '"", which is not a version'],
  ['version', 'unstable', { not: { ge: '1' } }, 'missing', undefined, 'unstable, which is not a version'],
  ['version', '1.24 (Yarara)', { ge: '1' }, 'missing', undefined, '"1.24 (Yarara)", which is not a version'],
  ['version', 'unstable', 'unstable', 'passed'],
  ['version', '6.12.58', { 'match-regexp': '^6\\.' }, 'passed'],
  ['version', '6.12.58', { 'have-prefix': '6.12' }, 'passed'],
  ['version', '6.12.58', { 'semver-constraint': '6.x' }, 'passed'],
  ['version', '6.12.58', { 'have-patterns': ['6.12', '!rc'] }, 'passed'],
]);

judge(
  'lists of versions',
  [
    ['list', ['1.24.3', '1.9'], { 'contain-element': { ge: '1.24' } }, 'passed', 'an element at least 1.24', '1.24.3'],
    [
      'list',
      ['1.9', '1.10'],
      { 'contain-element': { ge: '1.24' } },
      'failed',
      'an element at least 1.24',
      '[1.9, 1.10]',
    ],
    ['list', ['1.9', 'x'], { not: { 'contain-element': { lt: '1.8' } } }, 'passed', 'no element less than 1.8'],
    ['list', ['1.24', '1.24-0'], ['1.24-0', '1.24'], 'passed'],
    ['list', ['1.0-0', '1.0'], [{ 'match-regexp': '0$' }, '1.0'], 'passed'],
    ['list', ['1.10'], ['1.1'], 'failed', '[1.1]', '[1.10] (missing 1.1; extra 1.10)'],
    ['list', ['1.24', '1.25'], { equal: ['1.24', '1.25'] }, 'passed'],
    ['list', ['1.2.3', '1.4.0'], { 'semver-constraint': '^1.2' }, 'passed'],
    ['list', ['1.2'], { 'have-len': 1 }, 'passed'],
  ],
  { values: 'version' },
);

judge(
  'versions whose rules are known are not guessed at',
  [
    ['version', '1.0.1', { lt: '1.0-2' }, 'passed'],
    ['version', '2.39-52', { gt: '2.39-8' }, 'passed'],
    ['version', '1.0', '1-0', 'passed'],
  ],
  { versionRules: 'nix' },
);

judge('have-prefix, have-suffix, contain-substring', [
  ['string', 'text/html; charset=utf-8', { 'have-prefix': 'text/html' }, 'passed', 'to begin with "text/html"'],
  ['string', 'application/json', { 'have-prefix': 'text/' }, 'failed', 'to begin with "text/"', '"application/json"'],
  ['string', 'web.example.org', { 'have-suffix': '.example.org' }, 'passed', 'to end with ".example.org"'],
  ['string', 'web.example.com', { 'have-suffix': '.example.org' }, 'failed', undefined, '"web.example.com"'],
  ['text', 'ok\n', { 'have-suffix': 'ok' }, 'passed'],
  ['text', 'ok\r\n', { 'have-suffix': 'ok' }, 'passed'],
  ['text', 'ok\n\n', { 'have-suffix': 'ok' }, 'failed'],
  ['text', 'ok\n', { 'have-suffix': 'ok\n' }, 'passed'],
  ['text', 'ok', { 'have-suffix': 'ok\n' }, 'failed'],
  ['text', 'a\nb\n', { 'contain-substring': 'a\nb' }, 'passed'],
  ['text', 'Straße', { 'contain-substring': 'aß' }, 'passed'],
  ['text', 'Straße', { 'contain-substring': 'STRASSE' }, 'failed', 'to contain "STRASSE"', '"Straße"'],
  ['text', 'a.b', { 'contain-substring': '.*' }, 'failed'],
  ['text', '10', { 'contain-substring': 1 }, 'passed'],
  ['mode', '0644', { 'have-prefix': '06' }, 'passed'],
  ['json', 'hello', { 'have-prefix': 'he' }, 'passed'],
  ['json', 12, { 'have-prefix': '1' }, 'missing', 'to begin with "1"', '12, which is not text'],
  ['json', null, { 'contain-substring': 'null' }, 'missing'],
  ['json', ['ab'], { 'have-suffix': 'b' }, 'missing', undefined, '["ab"], which is not text'],
]);

judge('match-regexp: RE2 on the whole text', [
  ['string', 'v1.2.3', { 'match-regexp': '^v[0-9]+' }, 'passed', 'to match /^v[0-9]+/', '"v1"'],
  ['string', 'x', { 'match-regexp': '^v[0-9]+' }, 'failed', 'to match /^v[0-9]+/', '"x"'],
  ['text', 'ok\n', { 'match-regexp': '^ok$' }, 'passed'],
  ['text', 'ok\r\n', { 'match-regexp': '^ok$' }, 'passed'],
  ['text', 'a\nok\n', { 'match-regexp': '^ok$' }, 'failed'],
  ['text', 'a\nok\nb\n', { 'match-regexp': '(?m)^ok$' }, 'passed', undefined, '"ok"'],
  ['text', 'a\nb', { 'match-regexp': 'a.b' }, 'failed'],
  ['text', 'a\nb', { 'match-regexp': '(?s)a.b' }, 'passed'],
  ['text', 'a\nb', { 'match-regexp': 'a\nb' }, 'passed'],
  ['text', 'ERROR', { 'match-regexp': '(?i)error' }, 'passed'],
  ['text', 'ERROR', { not: { 'match-regexp': '(?i)error' } }, 'failed', 'not to match /(?i)error/', '"ERROR"'],
  ['text', '🐳', { 'match-regexp': '^.$' }, 'passed'],
  ['text', 'é', { 'match-regexp': '^\\pL$' }, 'passed'],
  ['string', `${'a'.repeat(5000)}!`, { 'match-regexp': '^(a+)+$' }, 'failed'],
  ['json', 5, { 'match-regexp': '5' }, 'missing'],
]);

judge('contain-element', [
  ['list', ['a', 'b'], { 'contain-element': 'b' }, 'passed', 'an element "b"', '"b"'],
  ['list', ['ab'], { 'contain-element': 'b' }, 'failed', 'an element "b"', '[ab]'],
  ['list', ['10.0.0.1'], { 'contain-element': { 'have-prefix': '10.' } }, 'passed', 'an element to begin with "10."'],
  ['list', [], { 'contain-element': { not: 'a' } }, 'failed', 'an element not "a"', 'no elements'],
  ['list', ['22'], { 'contain-element': 22 }, 'passed'],
  ['list', ['22'], { 'contain-element': { gt: 21 } }, 'passed'],
  ['text', 'a\r\nb\r\n', { 'contain-element': 'b' }, 'passed', 'a line "b"', '"b"'],
  ['text', 'ab\n', { 'contain-element': 'b' }, 'failed', 'a line "b"', '"ab\\n"'],
  ['text', 'a\n\nb', { 'contain-element': '' }, 'passed'],
  ['text', 'a\nb\n', { 'contain-element': '' }, 'failed'],
  ['json', [1, 2], { 'contain-element': 2 }, 'passed'],
  ['json', [1, 2], { 'contain-element': '2' }, 'failed', 'an element "2"', '[1,2]'],
  ['json', [{ n: 1 }, {}], { 'contain-element': { gjson: { n: 1 } } }, 'passed'],
  ['json', [{ n: 1 }, {}], { not: { 'contain-element': { gjson: { n: 2 } } } }, 'passed'],
  ['json', 5, { 'contain-element': 5 }, 'missing', 'an element 5', '5, which has no elements'],
  ['json', { a: 1 }, { not: { 'contain-element': 'a' } }, 'missing'],
]);

judge('contain-elements and consist-of', [
  ['list', ['b', 'a', 'c'], { 'contain-elements': ['a', 'b'] }, 'passed', 'to contain [a, b]', '[b, a, c]'],
  ['list', ['a', 'c'], { 'contain-elements': ['a', 'b'] }, 'failed', 'to contain [a, b]', '[a, c] (missing b)'],
  ['list', ['a'], { 'contain-elements': ['a', 'a'] }, 'failed', undefined, '[a] (missing a)'],
  ['list', ['a', 'a', 'b'], { 'contain-elements': ['a', 'a'] }, 'passed'],
  ['list', [], { 'contain-elements': ['a'] }, 'failed', 'to contain [a]', 'no elements (missing a)'],
  ['text', 'x\ny\n', { 'contain-elements': ['y'] }, 'passed'],
  ['list', ['b', 'a'], ['a', 'b'], 'passed', '[a, b] in any order', '[b, a]'],
  ['list', ['a', 'c'], ['a', 'b'], 'failed', '[a, b] in any order', '[a, c] (missing b; extra c)'],
  ['list', ['a', 'a'], ['a'], 'failed', '[a]', '[a, a] (extra a)'],
  ['list', ['a'], ['a', 'a'], 'failed', '[a, a] in any order', '[a] (missing a)'],
  ['list', [], [], 'passed', 'no elements'],
  ['list', ['ssh'], [], 'failed', 'no elements', '[ssh] (extra ssh)'],
  ['list', [], ['a'], 'failed', '[a]', 'no elements (missing a)'],
  ['list', ['443'], [443], 'passed'],
  ['list', ['ab', 'ac'], [{ 'have-prefix': 'a' }, 'ab'], 'passed'],
  ['list', ['ab', 'b'], [{ 'match-regexp': '^.*b' }, { 'have-prefix': 'a' }], 'passed'],
  ['list', ['ab', 'ac'], [{ 'match-regexp': 'b|c' }, { 'match-regexp': 'c' }, { 'match-regexp': 'b' }], 'failed'],
  [
    'list',
    ['x'],
    [{ 'have-prefix': 'a' }],
    'failed',
    '[to begin with "a"]',
    '[x] (missing to begin with "a"; extra x)',
  ],
  ['list', ['a'], { not: { 'consist-of': ['a'] } }, 'failed', 'not [a]', '[a]'],
  ['text', 'b\na\n', { 'consist-of': ['a', 'b'] }, 'passed'],
  ['text', '', { 'consist-of': [] }, 'passed'],
  ['json', [1, '1'], { 'consist-of': ['1', 1] }, 'passed'],
  ['json', [1, 1], { 'consist-of': ['1', 1] }, 'failed', '["1", 1] in any order', '[1,1] (missing "1"; extra 1)'],
  ['json', [{ a: 1 }, { a: 2 }], { 'consist-of': [{ gjson: { a: 2 } }, { gjson: { a: 1 } }] }, 'passed'],
  ['json', [{ a: 1 }, 5], { 'consist-of': [5, { equal: { a: 1 } }] }, 'passed'],
  ['json', {}, { 'consist-of': [] }, 'missing', 'no elements', '{}, which has no elements'],
]);

judge('have-len', [
  ['list', ['a', 'b'], { 'have-len': 2 }, 'passed', 'a length of 2', '2 elements: [a, b]'],
  ['list', ['a', 'b'], { 'have-len': 3 }, 'failed', 'a length of 3', '2 elements: [a, b]'],
  ['list', [], { 'have-len': { ge: 1 } }, 'failed', 'a length of at least 1', '0 elements'],
  ['list', ['a'], { 'have-len': { and: [{ ge: 1 }, { le: 2 }] } }, 'passed', 'a length of (at least 1 and at most 2)'],
  ['list', ['a'], { not: { 'have-len': 1 } }, 'failed', 'no length of 1', '1 element: [a]'],
  [
    'text',
    'foo\n',
    { 'have-len': 3 },
    'failed',
    'a length of 3',
    '4 characters, the newline at the end among them: "foo\\n"',
  ],
  ['string', '🐳é', { 'have-len': 2 }, 'passed'],
  ['text', '', { 'have-len': 0 }, 'passed', 'a length of 0', '0 characters'],
  ['map', { a: '1' }, { 'have-len': 1 }, 'passed', undefined, '1 key: {"a":"1"}'],
  ['json', { a: 1, b: 2 }, { 'have-len': { gt: 2 } }, 'failed', 'a length of more than 2', '2 keys: {"a":1,"b":2}'],
  ['json', 5, { 'have-len': 1 }, 'missing', 'a length of 1', '5, which has no length'],
  ['json', null, { not: { 'have-len': 0 } }, 'missing'],
]);

judge('have-key', [
  ['map', { server: 'nginx' }, { 'have-key': 'server' }, 'passed', 'a key "server"', 'the key server'],
  ['map', { server: 'nginx', date: 'x' }, { 'have-key': 'via' }, 'failed', 'a key "via"', 'the keys server, date'],
  ['map', {}, { 'have-key': 'via' }, 'failed', 'a key "via"', 'no keys'],
  ['map', { 'x-a': '1' }, { 'have-key': { 'have-prefix': 'x-' } }, 'passed', 'a key to begin with "x-"'],
  ['map', { 'x-a': '1' }, { not: { 'have-key': { 'have-prefix': 'x-' } } }, 'failed', undefined, 'the key x-a'],
  ['map', { 80: 'http' }, { 'have-key': 80 }, 'passed'],
  ['map', {}, { 'have-key': 'constructor' }, 'failed'],
  ['json', JSON.parse('{"__proto__":1}'), { 'have-key': '__proto__' }, 'passed'],
  ['json', ['a'], { 'have-key': '0' }, 'missing', 'a key "0"', '["a"], which has no keys'],
  ['json', ['a'], { not: { 'have-key': 'x' } }, 'missing'],
]);

judge('have-patterns: text', [
  ['text', 'a\nfoo bar\n', ['foo'], 'passed', 'a line with "foo"', '"foo bar" in line 2'],
  ['text', 'a\n', ['foo'], 'failed', 'a line with "foo"', '"a\\n"'],
  ['text', '', ['foo'], 'failed', 'a line with "foo"', 'no text'],
  ['text', 'a\nfoo\n', ['!foo'], 'failed', 'no line with "foo"', '"foo" in line 2'],
  ['text', 'a\n', ['!foo'], 'passed'],
  ['text', '', ['!foo'], 'passed'],
  [
    'text',
    'Forgejo\n',
    ['Forgejo', 'b', '!Forge', '!x'],
    'failed',
    'a line with "b", no line with "Forge"',
    '"Forgejo" in line 1; "Forgejo\\n"',
  ],
  ['text', 'a b\n', ['a', 'b', 'a b'], 'passed'],
  ['text', 'FOO\n', ['foo'], 'failed'],
  ['text', 'a.c\n', ['a.c'], 'passed'],
  ['text', 'abc\n', ['a.c'], 'failed'],
  ['text', '12\n', ['12'], 'passed'],
  ['text', 'größe\n', ['öß'], 'passed'],
  ['text', 'a\r\nb\r\n', ['/^a$/', '/^b$/'], 'passed'],
  ['string', 'TLSv1.3', { 'have-patterns': ['TLS'] }, 'passed'],
  ['list', ['rw', 'noatime'], { 'have-patterns': ['noatime', '!ro'] }, 'passed'],
  ['list', ['rw'], { 'have-patterns': ['!rw'] }, 'failed', 'no element with "rw"', '"rw"'],
  ['json', ['rw', 5], { 'have-patterns': ['rw'] }, 'passed'],
  ['json', 5, { 'have-patterns': ['5'] }, 'passed'],
  ['json', { a: 1 }, { 'have-patterns': ['a'] }, 'missing', 'a line with "a"', '{"a":1}, which is not text'],
  ['json', null, { not: { 'have-patterns': ['a'] } }, 'missing'],
  ['text', 'x', { 'have-patterns': [] }, 'missing', '', 'no patterns at all'],
]);

judge('have-patterns: expressions', [
  ['text', 'v12\n', ['/v[0-9]+/'], 'passed', 'a line matching /v[0-9]+/', '"v12" in line 1'],
  ['text', 'vx\n', ['/v[0-9]+/'], 'failed', 'a line matching /v[0-9]+/', '"vx\\n"'],
  ['text', 'v12\n', ['!/v[0-9]+/'], 'failed', 'no line matching /v[0-9]+/', '"v12" in line 1'],
  ['text', 'ERROR\n', ['/error/i'], 'passed'],
  ['text', 'ERROR\n', ['!/error/i'], 'failed', 'no line matching /error/i'],
  ['text', 'ERROR\n', ['/error/'], 'failed'],
  ['text', 'ERROR\n', ['/err[o]r/mis'], 'passed'],
  ['text', 'a\nb\n', ['/a.b/s'], 'failed'],
  ['text', 'a\nb\n', ['/a\\sb/'], 'failed'],
  ['text', 'b\n', ['/^b$/'], 'passed'],
  ['text', 'x\nb\n', ['/^b$/'], 'passed'],
  ['text', 'a/b\n', ['/a/b/'], 'passed'],
]);

judge('have-patterns: escapes and paths (goss.md 7.1, defect 9)', [
  ['text', '!foo\n', ['\\!foo'], 'passed', 'a line with "!foo"'],
  ['text', 'foo\n', ['\\!foo'], 'failed', 'a line with "!foo"', '"foo\\n"'],
  ['text', 'root:/bin/sh\n', ['/bin/sh'], 'passed', 'a line with "/bin/sh"'],
  ['text', 'x etc/passwd\n', ['/etc/passwd'], 'failed', 'a line with "/etc/passwd"'],
  ['text', '/var/lib/\n', ['\\/var/lib/'], 'passed', 'a line with "/var/lib/"'],
  ['text', 'var/lib\n', ['\\/var/lib/'], 'failed'],
  ['text', '/opt/mis\n', ['\\/opt/mis'], 'passed'],
  ['text', '/opt/miss\n', ['/opt/miss'], 'passed', 'a line with "/opt/miss"'],
  ['text', 'opt\n', ['/opt/miss'], 'failed'],
  ['text', '/etc/passwd\n', ['!/etc/passwd'], 'failed', 'no line with "/etc/passwd"'],
  ['text', '/re/\n', ['!\\/re/'], 'failed', 'no line with "/re/"'],
  ['text', '!x\n', ['!\\!x'], 'failed', 'no line with "!x"'],
  ['text', '\\x\n', ['\\\\x'], 'passed', 'a line with "\\\\x"'],
  ['text', '\\x\n', ['\\x'], 'passed'],
  ['text', 'x\n', ['\\x'], 'failed'],
  ['text', '/\n', ['/'], 'passed'],
  ['text', 'a\\!b\n', ['a\\!b'], 'passed'],
]);

judge('gjson', [
  [
    'json',
    { status: { healthy: true } },
    { gjson: { 'status.healthy': true } },
    'passed',
    'true at status.healthy',
    'true at status.healthy',
  ],
  [
    'json',
    { status: { healthy: false } },
    { gjson: { 'status.healthy': true } },
    'failed',
    'true at status.healthy',
    'false at status.healthy',
  ],
  ['json', { n: 15 }, { gjson: { n: { equal: 15 } } }, 'passed'],
  ['json', { n: '15' }, { gjson: { n: 15 } }, 'failed', '15 at n', '"15" at n'],
  ['json', { n: 15 }, { gjson: { n: { gt: 20 } } }, 'failed', 'more than 20 at n', '15 at n'],
  ['json', { n: 15 }, { gjson: { m: 15 } }, 'missing', '15 at m', 'nothing at m, as it has n'],
  ['json', { n: null }, { gjson: { n: null } }, 'passed'],
  ['json', { n: null }, { gjson: { m: null } }, 'missing'],
  ['json', { a: 1, b: 2 }, { gjson: { a: 2, b: 2 } }, 'failed', '2 at a', '1 at a'],
  ['json', { a: 1, b: 2 }, { gjson: { a: 2, b: 3 } }, 'failed', '2 at a and 3 at b', '1 at a; 2 at b'],
  ['json', { l: [1, 2] }, { gjson: { 'l.#': 2, 'l.1': 2, l: { 'contain-element': 1 } } }, 'passed'],
  ['text', '{"a":{"b":[1,2]}}\n', { gjson: { 'a.b.0': 1 } }, 'passed'],
  ['text', 'not json', { gjson: { a: 1 } }, 'missing', '1 at a'],
  ['text', '', { gjson: { a: 1 } }, 'missing'],
  ['text', '['.repeat(300_000), { gjson: { a: 1 } }, 'missing', '1 at a'],
  ['string', '[1]', { gjson: { '#': 1 } }, 'passed'],
  ['map', { a: 'x' }, { gjson: { a: 'x' } }, 'passed'],
  ['json', 5, { gjson: { '@this': 5 } }, 'passed'],
  ['json', {}, { gjson: {} }, 'missing', '', 'no path at all'],
  ['json', { a: { gjson: 1 } }, { gjson: { a: { gjson: { gjson: 1 } } } }, 'passed'],
]);

judge('semver-constraint', [
  ['string', '1.24.3', { 'semver-constraint': '>=1.24 <2' }, 'passed', 'a version within >=1.24 <2', '1.24.3'],
  ['string', '2.0.0', { 'semver-constraint': '>=1.24 <2' }, 'failed', 'a version within >=1.24 <2', '2.0.0'],
  ['string', '1.24', { 'semver-constraint': '>=1.24.0' }, 'passed', undefined, '1.24 (as 1.24.0)'],
  ['string', '1', { 'semver-constraint': '>=2' }, 'failed', undefined, '1 (as 1.0.0)'],
  ['string', 'v1.24.3', { 'semver-constraint': '^1.24' }, 'passed'],
  ['string', '26.05', { 'semver-constraint': '>=25.11' }, 'passed', undefined, '26.05 (as 26.5.0)'],
  ['string', '1.5.0', { 'semver-constraint': '>1.0.0 <2.0.0 !=1.5.0' }, 'failed'],
  ['string', '1.5.1', { 'semver-constraint': '>1.0.0 <2.0.0 !=1.5.0' }, 'passed'],
  ['string', '1.5.0', { 'semver-constraint': '!= 1.5.0 || 3.x' }, 'failed'],
  ['string', '3.1.0', { 'semver-constraint': '==1.0.0 || 3.x' }, 'passed'],
  ['string', '2.0.0-rc1', { 'semver-constraint': '>1.24' }, 'passed'],
  ['string', '1.24.0-rc1', { 'semver-constraint': '>=1.24.0' }, 'failed'],
  ['string', '1.24-rc1', { 'semver-constraint': '<1.24.0' }, 'passed', undefined, '1.24-rc1 (as 1.24.0-rc1)'],
  [
    'string',
    '1:2.3.4-1+deb12u1',
    { 'semver-constraint': '>=1' },
    'missing',
    'a version within >=1',
    '"1:2.3.4-1+deb12u1", which is not a semantic version',
  ],
  ['string', '9.9p1', { 'semver-constraint': '>=9' }, 'missing'],
  ['string', '1.2.3.4', { 'semver-constraint': '>=1' }, 'missing'],
  ['string', '', { 'semver-constraint': '>=1' }, 'missing'],
  ['text', '1.24.3\n', { 'semver-constraint': '1.x' }, 'passed', undefined, '1.24.3'],
  ['text', 'git version 2.43.0\n', { 'semver-constraint': '2.x' }, 'missing'],
  ['list', ['1.2.3', '1.4.0'], { 'semver-constraint': '^1.2' }, 'passed', undefined, '1.2.3, 1.4.0'],
  ['list', ['1.2.3', '2.0.0'], { 'semver-constraint': '^1.2' }, 'failed', undefined, '2.0.0'],
  [
    'list',
    ['1.2.3', 'x'],
    { 'semver-constraint': '^1.2' },
    'missing',
    undefined,
    '"x", which is not a semantic version',
  ],
  ['list', [], { 'semver-constraint': '^1.2' }, 'missing', 'a version within ^1.2', 'no version'],
  ['json', 5, { 'semver-constraint': '5.x' }, 'passed', undefined, '5 (as 5.0.0)'],
]);

t.test('a diff stands beneath two texts of several lines', async (t) => {
  const diff = (actual: string, expected: string) =>
    applyExpectation(matchers, showValue, actual, { type: 'text' }, { matcher: 'equal', argument: expected }).details;
  t.equal(diff('a\nb\nc\nd\n', 'a\nx\nc\nd\n'), ' a\n-x\n+b\n c');
  t.equal(diff('a\nb\n', 'a\nx'), ' a\n-x\n+b');
  t.equal(diff('a\n', 'a'), undefined, 'nothing differs');
  t.equal(diff('b', 'a'), undefined, 'one line needs none');
  const many = diff(Array.from({ length: 5000 }, (_, at) => `+${at}`).join('\n'), 'x\n'.repeat(5000)) ?? '';
  t.ok(many.split('\n').length <= 21, 'it is bounded');
  t.ok((diff(`${'y'.repeat(10_000)}\nz`, 'x\nz') ?? '').length < 1000, 'in width too');
});

t.test('arguments that are mistakes', async (t) => {
  const rows: readonly (readonly [name: string, argument: Value, mistake: string | undefined])[] = [
    ['and', [], 'an empty list asserts nothing'],
    ['or', [], 'an empty list asserts nothing'],
    ['contain-elements', [], 'an empty list asserts nothing'],
    ['consist-of', [], undefined],
    ['have-patterns', [], 'an empty list asserts nothing'],
    ['have-patterns', [''], 'an empty pattern is in every line'],
    ['have-patterns', ['!'], '"!" needs a text or /expression/ after it'],
    ['have-patterns', ['//'], 'an empty expression matches every line'],
    ['have-patterns', ['a', '!//i'], '"!//i": an empty expression matches every line'],
    [
      'have-patterns',
      ['a\nb'],
      'a pattern is looked for in single lines: use contain-substring or match-regexp on several',
    ],
    ['have-patterns', ['/(/'], 'not a regular expression of RE2: missing closing ): `(`'],
    ['have-patterns', ['/(', '/etc/passwd', '\\/a/'], undefined],
    ['match-regexp', '(', 'not a regular expression of RE2: missing closing ): `(`'],
    [
      'match-regexp',
      'a(?!b)',
      'not a regular expression of RE2: invalid or unsupported Perl syntax: `(?!` (RE2 has neither look-around nor back-references, so that none can run away)',
    ],
    ['match-regexp', '', 'an empty expression matches everything'],
    ['match-regexp', '^$', undefined],
    ['have-prefix', '', 'every text has an empty one in it; "" alone means that it is empty'],
    ['contain-substring', '', 'every text has an empty one in it; "" alone means that it is empty'],
    ['have-suffix', 'x', undefined],
    ['ge', 'abc', 'a number is expected, as only numbers have an order'],
    ['lt', '12', undefined],
    ['gt', 12, undefined],
    ['le', null, 'a number is expected, as only numbers have an order'],
    ['have-len', -1, 'a length is a whole number, 0 or more'],
    ['have-len', 1.5, 'a length is a whole number, 0 or more'],
    ['have-len', 0, undefined],
    ['gjson', {}, 'an empty mapping asserts nothing'],
    ['gjson', { 'a..b': 1 }, 'not a GJSON path: an empty key in "a..b"'],
    ['semver-constraint', 'newest', 'not a semver range such as ">=1.24 <2", "~1.24.3" or "1.x || 2.x"'],
    ['semver-constraint', '', 'not a semver range such as ">=1.24 <2", "~1.24.3" or "1.x || 2.x"'],
    ['semver-constraint', '>=1 !=1.2 || 3', undefined],
  ];
  for (const [name, argument, mistake] of rows) {
    t.equal(matchers.get(name)?.mistake?.(argument, 'string'), mistake, `${name} ${JSON.stringify(argument)}`);
  }
});

t.test('an unknown part stays unknown', async (t) => {
  // No matcher of ours answers so by itself; a nested one may, where part of a value could not be told.
  const unclear: Matcher = {
    name: 'unclear',
    summary: 'Cannot be told',
    example: { unclear: true },
    types: [],
    argument: 'string',
    phrase: () => 'what cannot be told',
    apply: () => ({ verdict: 'unknown', found: () => 'nothing' }),
  };
  const all: Matchers = new Map([...matchers, ['unclear', unclear]]);
  const unknown: Value = { unclear: true };
  const rows: readonly (readonly [actual: Value, written: Value, verdict: string])[] = [
    [1, { not: unknown }, 'unknown'],
    [1, { and: [unknown, 1] }, 'unknown'],
    [1, { and: [unknown, 2] }, 'failed'],
    [1, { or: [unknown, 2] }, 'unknown'],
    [1, { or: [unknown, 1] }, 'passed'],
    [1, { not: { or: [unknown, 1] } }, 'failed'],
    [1, { or: [unknown, { gjson: { a: 1 } }] }, 'unknown'],
    [1, { and: [unknown, { gjson: { a: 1 } }] }, 'missing'],
    [[1, 2], { 'contain-element': { and: [2, unknown] } }, 'unknown'],
    [[1, 2], { 'contain-element': { or: [2, unknown] } }, 'passed'],
    [[1, 2], { 'consist-of': [1, unknown] }, 'unknown'],
    [[1, 2], { 'consist-of': [1, 3, unknown] }, 'failed'],
    [[1, 2, 3], { 'consist-of': [1, unknown] }, 'failed'],
    [[1, 2, 3], { 'contain-elements': [1, unknown] }, 'unknown'],
    [{ a: 1 }, { gjson: { a: unknown } }, 'unknown'],
    [{ a: 1 }, { 'have-key': unknown }, 'unknown'],
    [[1], { 'have-len': unknown }, 'unknown'],
  ];
  for (const [actual, written, verdict] of rows) {
    const match = applyExpectation(
      all,
      showValue,
      actual,
      { type: 'json' },
      readExpectation(all, written, { type: 'json' }),
    );
    t.equal(match.verdict, verdict, JSON.stringify(written));
  }
});

t.test('nothing runs away', async (t) => {
  const text = Array.from({ length: 14_000 }, (_, at) => `Nov 23 01:00:00 web nginx[1]: GET /foo HTTP/1.1 ${at}`).join(
    '\n',
  );
  const patterns = Array.from({ length: 50 }, (_, at) => [`!absent ${at}`, `!/absent.*(a+)+${at}$/`]).flat();
  const start = performance.now();
  const match = applyExpectation(
    matchers,
    showValue,
    text,
    { type: 'text' },
    { matcher: 'have-patterns', argument: patterns },
  );
  t.equal(match.verdict, 'passed');
  t.ok(performance.now() - start < 10_000, `${Math.round(performance.now() - start)} ms for 1 MB and 100 patterns`);

  const elements = Array.from({ length: 5000 }, (_, at) => `element ${at}`);
  const argument = [...elements].reverse();
  const lists = performance.now();
  t.equal(
    applyExpectation(matchers, showValue, elements, { type: 'list' }, { matcher: 'consist-of', argument }).verdict,
    'passed',
  );
  t.ok(performance.now() - lists < 1000, 'long lists of plain values are not tried each against each');

  t.throws(() => applyExpectation(matchers, showValue, 1, { type: 'number' }, { matcher: 'nonsense', argument: 1 }), {
    message: 'no matcher nonsense',
  });
});
