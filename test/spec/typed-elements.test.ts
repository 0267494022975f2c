import t from 'tap';
import { loadMatchers } from '../../src/matcher.js';
import { defineResource } from '../../src/resource.js';
import { makeValidator } from '../../src/spec/compile-validator.js';
import { parseEntries } from '../../src/spec/parse.js';
import { readSpec } from '../../src/spec/read.js';
import { composeSchema } from '../../src/spec/schema.js';
import { checkShape } from '../../src/spec/shape.js';
import { sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

/** What is in a list or a map has a type of its own: the schema and the reading go by it. */
const thing = defineResource({
  name: 'thing',
  summary: 'A thing',
  subject: { summary: 'Name', example: 'one' },
  params: {},
  properties: {
    versions: { type: 'list', values: 'version', summary: 'Versions', example: ['1.24'] },
    ages: { type: 'list', values: 'duration', summary: 'Ages', example: ['3d'] },
    sizes: { type: 'map', values: 'size', summary: 'Sizes', example: { a: '1MiB' } },
    names: { type: 'list', summary: 'Names', example: ['a'] },
  },
  probes: () => [],
});
const resources = new Map([['thing', thing]]);
const matchers = await loadMatchers();
const validator = makeValidator(composeSchema(resources, matchers));

const rows: readonly (readonly [body: string, read: readonly string[]])[] = [
  ['versions: [1.10, { ge: 1.24 }]', ['consist-of [equal "1.10", ge "1.24"]']],
  ['versions: 1.10', ['consist-of [equal "1.10"]']],
  ['versions: { contain-element: { ge: 1.20 } }', ['contain-element ge "1.20"']],
  ['versions: { not: { contain-element: { lt: 2:1.0-1 } } }', ['not contain-element lt "2:1.0-1"']],
  ['versions: { equal: [1.10] }', ['equal ["1.10"]']],
  ['versions: { equal: 1.10 }', ['equal ["1.10"]']],
  ['versions: { semver-constraint: ^1.2 }', ['semver-constraint "^1.2"']],
  ['ages: [90s, { le: 3d }]', ['consist-of [equal 90, le 259200]']],
  ['ages: { equal: [1h30m] }', ['equal [5400]']],
  ['sizes: { a: { le: 1GiB }, b: 5 }', ['le 1073741824', 'equal 5']],
  ['sizes: { equal: { a: 1KiB } }', ['equal {"a":1024}']],
  ['names: [1.10]', ['consist-of [equal "1.10"]']],
];

const mistakes: readonly (readonly [body: string, problem: string])[] = [
  ['versions: [true]', 'bad-value expected a version such as 1.24.3, not true'],
  ['versions: { contain-element: { ge: newest } }', 'bad-value a version is expected, such as 1.24.3'],
  ['ages: [soon]', 'bad-value expected a duration such as 90s, 3m or 14d, not "soon"'],
  ['ages: { contain-element: { le: soon } }', 'bad-value expected a duration such as 90s, 3m or 14d, not "soon"'],
  ['ages: { contain-element: { have-prefix: a } }', 'matcher-not-allowed `have-prefix` cannot judge a duration'],
  ['names: { contain-element: { ge: 1.2.3 } }', 'bad-value a number is expected, as only numbers have an order'],
  ['sizes: { a: huge }', 'bad-value expected a size such as 512MiB, 4G or 1200 (bytes), not "huge"'],
];

t.test('what is in lists and maps is read by its own type', async (t) => {
  for (const [body, read] of rows) {
    const { expectations, problems, shape } = await readBody(t.testdir(), body);
    t.strictSame(problems, [], body);
    t.strictSame(shape, [], `${body}: shape`);
    t.strictSame(expectations, read, body);
  }
});

t.test('what cannot be read as it is a mistake', async (t) => {
  for (const [body, problem] of mistakes) {
    const { problems } = await readBody(t.testdir(), body);
    t.strictSame(problems, [problem], body);
  }
});

async function readBody(folder: string, body: string) {
  const path = writeFiles(folder, { 'nixspec.yaml': specOf(`thing: { one: { ${body} } }`) });
  const source = await readSpec(path, { env: {} });
  const { entries, problems } = parseEntries(source, 'vm', resources, matchers, { vars: {} });
  return {
    expectations: entries.flatMap(({ expectations }) => expectations.map(({ expectation }) => say(expectation))),
    problems: problems.map((problem) => sayProblem(problem).replace(/^\S+ | \(here can stand: .*$/g, '')),
    shape: (await checkShape(source, validator)).map(sayProblem),
  };
}

function say(argument: unknown): string {
  if (Array.isArray(argument) && argument.some((one) => typeof one === 'object')) {
    return `[${argument.map(say).join(', ')}]`;
  }
  const { matcher, argument: inner } = (argument ?? {}) as { matcher?: string; argument?: unknown };
  return matcher === undefined ? JSON.stringify(argument) : `${matcher} ${say(inner)}`;
}
