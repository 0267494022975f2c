import { randomBytes, randomInt } from 'node:crypto';
import t from 'tap';
import { evaluate } from '../../src/evaluate.js';
import { makeMasker } from '../../src/mask/masker.js';
import { loadMatchers } from '../../src/matcher.js';
import type { Assertion, Expectation, Value, ValueTypeName } from '../../src/model.js';

const matchers = await loadMatchers();
const equal = (argument: Value): Expectation => ({ matcher: 'equal', argument });

function assertionOf(type: ValueTypeName, expectation: Expectation, path = ['stdout']): Assertion {
  return {
    ...{ id: 'a', resource: 'command', subject: 'a', property: path.join('.'), path, type, expectation },
    ...{ expected: 'as written', perTarget: false, query: 'q', position: { file: 'a', line: 1, column: 1 } },
    options: { tags: [], severity: 'error', within: 0, every: 1 },
  };
}

/** The message, and what is kept of the value, of one look. */
function judge(assertion: Assertion, actual: Value, secrets: readonly string[]): string {
  const readings = { stdout: actual };
  const outcome = evaluate(assertion, { status: 'known', readings }, 1, matchers, makeMasker(secrets));
  const run = makeMasker(secrets).run({
    ...{ format: 1, id: '', target: '', reached: '', started: '', finished: '', system: {}, facts: [], problems: [] },
    outcomes: [outcome],
  });
  const { message, actual: kept, expected, status } = run.outcomes[0] ?? {};
  return JSON.stringify({ status, message, kept, expected });
}

t.test('whatever a matcher shows, and wherever it cuts', async (t) => {
  const filler = 'lorem ipsum dolor sit amet consectetur ';
  const text = (length: number) => {
    const long = filler.repeat(Math.ceil((length + 80) / filler.length)).slice(randomInt(40));
    return long.slice(0, length).replace(/ /g, () => (randomInt(12) === 0 ? '\n' : ' '));
  };
  const lengths = [0, 3, 60, 100, 140, 150, 200, 290, 300, 3990, 4000, 9000];
  const length = () => (lengths[randomInt(lengths.length)] ?? 0) + randomInt(20);
  for (let round = 0; round < 3000; round += 1) {
    const secret = `${randomBytes(1 + randomInt(120)).toString('base64url')}Z9"x`;
    const other = `Q8${randomBytes(12).toString('base64url')}`;
    const wrapped = round % 3 === 0 ? secret.replace(/.{7}/g, '$&\n') : secret;
    const actual = `${text(length())}${wrapped}${text(length())}`;
    const wanted = `${text(length())}${secret}${text(length())}`;
    const part = secret.slice(0, Math.floor(secret.length / 2)).replace(/[^A-Za-z0-9]/g, '.');
    const expectations: readonly Expectation[] = [
      equal(wanted),
      equal(actual.replace(wrapped, other)),
      { matcher: 'not', argument: equal(actual) },
      { matcher: 'have-prefix', argument: wanted },
      { matcher: 'contain-substring', argument: `${secret}!` },
      { matcher: 'not', argument: { matcher: 'contain-substring', argument: wrapped.slice(0, 5) } },
      { matcher: 'not', argument: { matcher: 'match-regexp', argument: part } },
      { matcher: 'match-regexp', argument: `${part}!!` },
      { matcher: 'have-patterns', argument: [`!/${part.slice(0, 6)}/`, secret, 'not there'] },
      { matcher: 'contain-element', argument: equal(secret) },
      { matcher: 'not', argument: { matcher: 'contain-element', argument: { matcher: 'have-prefix', argument: '' } } },
      { matcher: 'have-len', argument: 3 },
      { matcher: 'or', argument: [equal(wanted), { matcher: 'have-suffix', argument: `${secret}?` }] },
      { matcher: 'and', argument: [equal(other), equal(secret)] },
    ];
    const expectation = expectations[round % expectations.length] as Expectation;
    const said = judge(assertionOf('text', expectation), actual, [secret, other]);
    // Five characters in a row tell more than chance does.
    const parts = Array.from({ length: secret.length - 4 }, (_, at) => secret.slice(at, at + 5));
    const leaked = parts.filter((one) => said.includes(one) || said.includes(JSON.stringify(one).slice(1, -1)));
    if (leaked.length > 0 && !isPlain(leaked, expectation)) t.fail(`${leaked} of ${secret}: ${said}`);
  }
  t.pass('nothing was shown');
});

/** A part that the spec itself writes in plain text (`match-regexp: Bear`) is no secret of it. */
function isPlain(leaked: readonly string[], { argument }: Expectation): boolean {
  const inner = JSON.stringify(argument);
  return leaked.every((one) => inner.includes(one)) && !/"have-len"|"equal"/.test(inner);
}

t.test('in lists, maps and JSON: elements, keys, paths', async (t) => {
  const secret = 'hunter2-and-more-of-it-so-that-it-is-long-enough-to-be-cut-somewhere-in-the-middle-of-it-by-eighty';
  const rows: readonly (readonly [ValueTypeName, Expectation, Value, string[]])[] = [
    ['list', { matcher: 'consist-of', argument: [equal('a'), equal(secret)] }, ['a', 'b'], ['stdout']],
    ['list', { matcher: 'consist-of', argument: [equal('a')] }, ['a', secret], ['stdout']],
    ['list', equal(['a', secret]), [`${secret}${secret}`, 'a'], ['stdout']],
    ['json', equal({ a: secret }), { a: `x${secret}` }, ['stdout']],
    ['json', equal({ [secret]: 1 }), { [`${secret}x`]: 1 }, ['stdout']],
    ['json', equal(1), { [`y${secret}`]: 1 }, ['stdout', 'b']],
    ['json', equal(1), { a: 1 }, ['stdout', secret]],
    ['json', { matcher: 'have-key', argument: equal(secret) }, { [`${secret}x`]: 1 }, ['stdout']],
    ['json', { matcher: 'gjson', argument: { [`a.${secret}`]: equal(1) } }, { a: {} }, ['stdout']],
    ['map', { matcher: 'have-key', argument: equal('a') }, { [secret]: secret }, ['stdout']],
  ];
  for (const [type, expectation, actual, path] of rows) {
    const said = judge(assertionOf(type, expectation, path), actual, [secret]);
    t.match(said, '"status":"failed"', said);
    t.notMatch(said, /hunter|nough|eighty/, said);
  }
});
