import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t from 'tap';
import { lintText } from '../../src/goss/check.js';
import { makeSpec } from '../../src/goss/make-spec.js';
import { readSuite } from '../../src/goss/read.js';
import { makeValidator } from '../../src/spec/compile-validator.js';
import { composeSchema } from '../../src/spec/schema.js';
import { matchers, resources } from '../fixture/check-spec.js';
import { cases } from './cases.js';
import { gossfileOf } from './world.js';

const validator = makeValidator(composeSchema(resources, matchers));

/** In place of what stands in the cases. */
const odd = [
  ...['null', 'true', '[]', '{}', '{ not: 5 }', '{ and: [] }', '{ or: [1, { gt: x }] }', '5', '0644', 'yes', '"${x}"'],
  ...['"${"', '"a\\nb"', '[{}]', '{ gjson: { "a.#(": 1 } }', '{ have-len: x }', '{ match-regexp: "(" }', '[[a]]', '~'],
  ...[
    '{ semver-constraint: "x y" }',
    '{ contain-element: { and: [{ have-key: 1 }] } }',
    '{ equal: { a: b } }',
    '1e400',
  ],
  ...['-1', '.inf', '"!"', '["!", "/", "//", "/(/", "\\\\"]', '{ have-patterns: [] }', '"{{ .Vars.x }}"', '"\\u0007"'],
  ...[
    '{ have-prefix: "" }',
    '2026-01-01',
    '{ xml: 1 }',
    '{ not: { not: { not: [a] } } }',
    '{ consist-of: [] }',
    '": "',
  ],
  ...['[1.10, 0x1F, true]', '{ "a b": 1 }', '{ contain-elements: [x, { or: [y] }] }', '99999999999999999999', '"# x"'],
  ...['{{ .Vars.x }}', '{{ .Env.NIXSPEC_NO }}', '{{ now }}', '*nope', '[', '{ __proto__: 1 }', '{ constructor: x }'],
];

/** The same numbers each time. */
function* numbers(): Generator<number> {
  for (let seed = 20_261; ; ) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    yield seed / 2 ** 32;
  }
}

t.test(
  'whatever stands in a gossfile: a spec that lint takes, or a mistake with its place; never anything else',
  async (t) => {
    const folder = t.testdir();
    const random = numbers();
    const pick = <T>(list: readonly T[]): T | undefined =>
      list[Math.floor((random.next().value as number) * list.length)];
    const seen = { made: 0, refused: 0 };
    for (let round = 0; round < 200; round += 1) {
      const [type, id, body, goss] = pick(cases) ?? cases[0] ?? ['file', 'x', '{}', ''];
      const values = [...body.matchAll(/(?<=[a-z]): ("[^"]*"|[\w.-]+|\[[^[\]]*\])/g)];
      const value = pick(values);
      const name =
        (pick([0, 1, 2, 3]) ?? 0) > 2 ? (pick(['a b', '${x}', '', '/', '..', 'x'.repeat(5000), '\u0000']) ?? id) : id;
      const at = value ? value.index + 2 : 0;
      const changed = value
        ? body.slice(0, at) + pick(odd) + body.slice(at + (value[1] ?? '').length)
        : String(pick(odd));
      const text = gossfileOf([type, name, changed, goss]);
      const file = join(folder, 'g.yaml');
      writeFileSync(file, text);
      const suite = await readSuite([file], { env: {}, vars: {}, stdin: Readable.from([]) });
      if (suite.problems.length > 0) {
        seen.refused += 1;
        for (const { position } of suite.problems) t.match(position, { file, line: Number, column: Number }, text);
        continue;
      }
      const made = await makeSpec(suite, [], (spec) => lintText(spec, {}, validator));
      seen.made += 1;
      const mistakes = made.entries === 0 ? [] : await lintText(made.text, {}, validator);
      t.same(
        mistakes.map(({ message }) => message),
        [],
        text,
      );
      t.ok(made.entries > 0 || made.remarks.length > 0, `${text}: nothing is dropped in silence`);
    }
    t.ok(seen.made > 100 && seen.refused > 3, JSON.stringify(seen));
  },
);
