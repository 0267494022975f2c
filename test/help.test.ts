import t from 'tap';
import { main } from '../src/cli.js';
import { commandNames, loadCommand, type World } from '../src/command.js';
import { helpWidth, showExamples } from '../src/help.js';

async function help(width: number, ...words: readonly string[]): Promise<string> {
  let out = '';
  const world: World = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      out += text;
    },
    color: { out: false, err: false },
    isTerminal: { out: true, err: true, in: false },
    width,
    env: {},
    signal: new AbortController().signal,
  };
  await main([...words, '--help'], world);
  return out;
}

for (const name of ['', ...commandNames()]) {
  t.test(`nixspec ${name} --help: an example first, and it fits`, async (t) => {
    const examples = name === '' ? [['nixspec init']] : (await loadCommand(name)).examples;
    t.ok(examples.length > 0);
    for (const width of [80, 100, 120]) {
      const lines = (await help(width, ...(name === '' ? [] : [name]))).split('\n');
      t.equal(lines[0], 'Examples:');
      t.ok(lines[1]?.startsWith(`  ${examples[0]?.[0]}`), 'the first of its examples');
      // A command line is copied whole.
      const long = lines.filter(
        (line) => line.length > width && !examples.some(([example]) => line === `  ${example}`),
      );
      t.strictSame(long, [], `${width} columns`);
    }
  });
}

t.test('a terminal that is narrower or wider is no reason to tear it', async (t) => {
  t.strictSame([0, 40, 80, 100, 120, 300].map(helpWidth), [80, 80, 80, 100, 120, 120]);
  t.equal(await help(40, 'init'), await help(80, 'init'));
});

t.test('what an example does stands below where both together are too wide', async (t) => {
  t.equal(
    showExamples(80, [
      ['a', 'first'],
      ['bb', 'second'],
    ]),
    'Examples:\n  a    first\n  bb   second\n',
  );
  t.equal(
    showExamples(20, [['a', 'one two three four five six']]),
    'Examples:\n  a\n      one two three\n      four five six\n',
  );
});

t.test('init --help', async (t) => t.matchSnapshot(await help(80, 'init')));
t.test('completion --help', async (t) => t.matchSnapshot(await help(80, 'completion')));
