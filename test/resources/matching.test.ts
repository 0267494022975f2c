import t from 'tap';
import { collect, type Ends } from '../../src/collect.js';
import { evaluate } from '../../src/evaluate.js';
import { planProbes, planRun } from '../../src/plan.js';
import { checkSpec, matchers, resources, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

/** Nobody may be asked. */
const noEnds = new Proxy({} as Ends, {
  get: (_, name) => {
    throw new Error(`somebody wants to use ${String(name)}`);
  },
});

async function verify(folder: string, body: string) {
  const spec = specOf(`vars: { words: [b, a], port: 443 }\nmatching:\n  x: ${body}\n`);
  const { problems, entries } = await checkSpec(writeFiles(folder, { 'nixspec.yaml': spec }));
  if (problems.length > 0) return [...new Set(problems.map(sayProblem))];
  const { assertions, queries } = planRun(entries.get('production') ?? [], resources);
  const signal = new AbortController().signal;
  const { observations } = await collect(planProbes(queries, resources), noEnds, { signal });
  return assertions.map((assertion) => {
    const { status, message } = evaluate(assertion, observations.get(assertion.query), 1, matchers);
    return message === '' ? status : `${status}: ${message}`;
  });
}

t.test('the content is judged by its type', async (t) => {
  for (const [body, ...expected] of [
    // text
    ['{ content: v26.05, matches: v26.05 }', 'passed'],
    ['{ content: "v26.05\\n", matches: v26.05 }', 'passed'],
    ['{ content: v26.05, matches: { match-regexp: "^v[0-9]+" } }', 'passed'],
    ['{ content: v26.05, matches: v25.11 }', 'failed: expected "v25.11", found "v26.05"'],
    ['{ content: "a\\nb c\\n", matches: [b, "!d", "/^a$/"] }', 'passed'],
    [
      '{ content: "a\\nb c\\n", matches: { have-patterns: ["!b"] } }',
      'failed: expected no line with "b", found "b c" in line 2',
    ],
    ['{ content: "5", matches: { gt: 4 } }', 'passed'],
    ['{ content: "5", matches: 5 }', 'passed'],
    [`{ content: '{"a": [1, 2]}', matches: { gjson: { "a.#": 2 } } }`, 'passed'],
    ['{ content: "a\\nb\\n", matches: { contain-element: b, have-len: 4 } }', 'passed', 'passed'],
    ['{ content: "", matches: "" }', 'passed'],
    ['{ content: "", matches: { not: "" } }', 'failed: expected not "", found ""'],
    // numbers and booleans
    ['{ content: 5, matches: { and: [{ ge: 5 }, { lt: 6 }] } }', 'passed'],
    ['{ content: 5, matches: "5" }', 'passed'],
    ['{ content: 5, matches: 6 }', 'failed: expected 6, found 5'],
    ['{ content: "${port}", matches: { gt: 400 } }', 'passed'],
    ['{ content: yes, matches: true }', 'failed: expected "true", found "yes"'],
    ['{ content: true, matches: yes }', 'passed'],
    // lists
    ['{ content: [b, a], matches: [a, b] }', 'passed'],
    ['{ content: "${words}", matches: [a, b] }', 'passed'],
    ['{ content: [443, 80], matches: [80, 443] }', 'passed'],
    ['{ content: [1.10, 2], matches: [1.1, 2] }', 'passed'],
    ['{ content: [1.10, x], matches: ["1.1", x] }', 'passed'],
    ['{ content: [a], matches: [a, b] }', 'failed: expected [a, b] in any order, found [a] (missing b)'],
    ['{ content: [], matches: [] }', 'passed'],
    ['{ content: [a, b], matches: { equal: [b, a] } }', 'failed: expected [b, a], found [a, b] (in another order)'],
    ['{ content: [a, b], matches: { contain-elements: [b], have-len: 2 } }', 'passed', 'passed'],
    ['{ content: [1, 20], matches: { contain-element: { gt: 10 } } }', 'passed'],
    // anything else
    ['{ content: { a: 1, b: { c: x } }, matches: { a: 1, b: { c: x } } }', 'passed', 'passed'],
    ['{ content: { a: 1 }, matches: { have-key: a } }', 'passed'],
    ['{ content: { a: 1 }, matches: { equal: { a: 2 } } }', 'failed: expected {"a":2}, found 1 at a instead of 2'],
    ['{ content: [{ a: 1 }], matches: [{ a: 1 }] }', 'passed'],
    ['{ content: null, matches: null }', 'passed'],
    ['{ content: { a: 1 }, exists: true }', 'passed'],
    // what its type says
    ['{ content: "1.24.3", type: version, matches: { ge: 1.9 } }', 'passed'],
    [
      '{ content: "1.24~rc1-1", type: version, matches: { ge: 1.24 } }',
      'failed: expected at least 1.24, found 1.24~rc1-1',
    ],
    ['{ content: ["1.10", "1.9"], type: version, matches: { contain-element: { gt: 1.9 } } }', 'passed'],
    ['{ content: 512MiB, type: size, matches: { lt: 1GB } }', 'passed'],
    ['{ content: 90m, type: duration, matches: 1h30m }', 'passed'],
    [
      '{ content: 2026-11-23, type: time, matches: { gt: 2026-11-24 } }',
      'failed: expected after 2026-11-24T00:00:00Z, found 2026-11-23T00:00:00Z',
    ],
    ['{ content: "5", type: number, matches: 5.0 }', 'passed'],
    ['{ content: ok, type: string, matches: { have-len: 2 } }', 'passed'],
    [
      '{ content: soon, type: duration, matches: { le: 1h } }',
      'unknown: the content is not what `type` says: expected a duration such as 90s, 3m or 14d',
    ],
  ] as const) {
    t.same(await verify(t.testdir(), body), expected, body);
  }
});

t.test('what cannot be meant is a mistake', async (t) => {
  for (const [body, ...expected] of [
    ['{ matches: 1 }', '5:3 missing-key "x" has no `content` (for example content: v26.05)'],
    ['{ content: 5, matches: { have-prefix: a } }', /^5:31 matcher-not-allowed/],
    ['{ content: "${nope}", matches: 1 }', /^5:18 undefined-variable/],
    ['{ content: 5, matches: lots }', /^5:29 bad-value expected a number/],
    ['{ content: 5 }', /^5:3 vacuous-entry/],
    ['{ content: 5, type: list, matches: 5 }', /^5:26 bad-value expected one of string, text/],
    ['{ matches: { ge: 2 }, content: "7" }', 'passed'],
  ] as const) {
    t.match(await verify(t.testdir(), body), expected, body);
  }
});
