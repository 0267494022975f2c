// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { drawProblem } from '../../src/problem.js';
import { checkSpec, writeFiles } from '../fixture/check-spec.js';

const folder = new URL('../../specs/', import.meta.url);
const texts = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => readFileSync(new URL(file, folder), 'utf8'));

/** Always the same numbers: a failure can be looked at again. (Mulberry32, public domain.) */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const pieces = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: ',
    '!x ',
    '- ',
    '? ',
    '|\n',
    '#',
    '\t',
    '\n',
    ' ',
    '%',
    '@',
  ],
  ...[
    '${',
    '${x}',
    '$${',
    '${env.X}',
    'null',
    '~',
    'true',
    '0x',
    '1e999',
    '.nan',
    '__proto__',
    'constructor',
    '\ud800',
    '名',
    '\u202e',
  ],
  ...['per-target: ', 'and: ', 'not: ', 'equal: ', 'exists: ', 'only: ', 'vars: ', 'include: ', 'default: '],
];

t.test('a broken spec gives problems at places that exist, and never a crash', async (t) => {
  const random = makeRandom(1);
  const folder = t.testdir();
  let broken = 0;
  for (let round = 0; round < 600; round += 1) {
    let text = texts[random(texts.length)] ?? '';
    for (let change = 0; change <= random(3); change += 1) {
      const at = random(text.length);
      text = text.slice(0, at) + (pieces[random(pieces.length)] ?? '') + text.slice(at + random(4));
    }
    const { problems } = await checkSpec(writeFiles(folder, { 'nixspec.yaml': text }));
    const lines = text.split('\n');
    for (const problem of problems) {
      const { line, column } = problem.position;
      const written = lines[line - 1]?.replace(/\r$/, '');
      const inside = written !== undefined && column >= 1 && column <= written.length + 1 && problem.length >= 1;
      if (!inside) t.fail(`round ${round}: ${line}:${column} ${problem.message}`);
      drawProblem(problem, { color: true });
    }
    if (problems.length > 0) broken += 1;
  }
  t.ok(broken > 200, `${broken} of them were broken`);
});

t.test('names that mean something to JavaScript are names like any other', async (t) => {
  const text = `version: 1
targets: { a: { local: true } }
vars: { __proto__: x, constructor: y, toString: z }
unit: { __proto__: { active: true }, constructor: { active: true, toString: true } }
http: { "https://a/": { json: { __proto__: 1, constructor: 2 }, headers: { __proto__: a } } }
command: { a: { environment: { __proto__: b }, constructor: 1 } }
__proto__: { a: { active: true } }
toString: {}
`;
  const { problems, entries } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': text }));
  t.strictSame(
    problems.map(({ code, position }) => [code, position.line]),
    [
      ['unknown-property', 4],
      ['unknown-property', 6],
      ['unknown-resource', 7],
      ['unknown-resource', 8],
    ],
  );
  const read = entries.get('a') ?? [];
  t.strictSame(
    read.flatMap(({ subject, expectations }) => expectations.map(({ path }) => [subject, ...path].join(' '))),
    [
      '__proto__.service active',
      'constructor.service active',
      'https://a/ json __proto__',
      'https://a/ json constructor',
      'https://a/ headers __proto__',
    ],
  );
});

t.test('the cost grows with the size', async (t) => {
  const folder = t.testdir();
  const time = async (count: number) => {
    const units = Array.from({ length: count }, (_, at) => `  unit-${at}: { active: true, restarts: { le: ${at} } }\n`);
    const text = `version: 1\ntargets: { a: { local: true } }\nunit:\n${units.join('')}`;
    const path = writeFiles(folder, { [`${count}.yaml`]: text });
    const start = performance.now();
    const { problems, entries } = await checkSpec(path);
    t.equal(problems.length, 0);
    t.equal(entries.get('a')?.length, count);
    return performance.now() - start;
  };
  await time(1000);
  const small = await time(2000);
  const large = await time(20_000);
  t.ok(large < small * 40, `${Math.round(small)} ms for 2000 units, ${Math.round(large)} ms for 20,000`);
});
