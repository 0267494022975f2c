import t from 'tap';
import type { Run } from '../../src/model.js';
import lines from '../../src/reports/lines.js';
import { makePaint } from '../../src/terminal.js';
import { emptyResult, exampleResult, largeResult } from '../fixture/example-result.js';

// Renew with TAP_SNAPSHOT=1, and read the change before committing it.
const plain = { paint: makePaint(false), verbose: false, width: 80, runs: true };

t.test('one of everything', async (t) => t.matchSnapshot(lines.render(exampleResult, plain)));
t.test('verbose', async (t) => t.matchSnapshot(lines.render(exampleResult, { ...plain, verbose: true })));
t.test('the comparison alone', async (t) => t.matchSnapshot(lines.render(exampleResult, { ...plain, runs: false })));
t.test('many subjects', async (t) => t.matchSnapshot(lines.render(largeResult, plain)));
t.test('nothing judged', async (t) => t.matchSnapshot(lines.render(emptyResult, plain)));

t.test('nothing from a target acts on the terminal, with and without colours', async (t) => {
  t.notMatch(lines.render(exampleResult, plain), '\u001b');
  t.notMatch(lines.render(exampleResult, { ...plain, paint: makePaint(true) }), '\u001b[2J');
  t.match(lines.render(exampleResult, { ...plain, paint: makePaint(true) }), '\u001b[31m');
});

t.test('two long lists that begin in the same way: what went and what came is shown', async (t) => {
  const ports = Array.from({ length: 30 }, (_, at) => `0.0.0.0:${1000 + at}`);
  const change = { kind: 'drifted', resource: 'listeners', subject: '', property: 'public-tcp', type: 'list' } as const;
  const values = { before: [...ports, '[::]:21'], after: [...ports, '10.0.0.1:8444', '[::]:22'] };
  const [comparison] = exampleResult.comparisons;
  if (!comparison) throw new Error('no comparison');
  const { inventory: _, ...rest } = comparison;
  const text = lines.render(
    { ...exampleResult, comparisons: [{ ...rest, changes: [{ ...change, ...values }] }] },
    { ...plain, runs: false },
  );
  t.match(text, '  drifted   listeners public-tcp  without "[::]:21"  with 10.0.0.1:8444, "[::]:22"\n');
});

t.test('processors: what a VM was built for, and that two machines have different ones', async (t) => {
  const [run] = exampleResult.runs;
  const [comparison] = exampleResult.comparisons;
  if (!run || !comparison) throw new Error('no example');
  const head = (vm: Run['vm']) =>
    lines
      .render(
        { runs: [{ ...run, system: { architecture: 'x86_64' }, ...(vm && { vm }) }], comparisons: [], baselines: [] },
        plain,
      )
      .split('\n', 1)[0]
      ?.split(' · ')
      .at(-1);
  const x86 = { runner: 'x86_64-linux', accelerated: true };
  t.equal(head(undefined), 'x86_64');
  t.equal(head(x86), 'x86_64');
  t.equal(head({ ...x86, system: 'x86_64-linux', configured: 'x86_64-linux' }), 'x86_64');
  t.equal(head({ ...x86, system: 'x86_64-linux', configured: 'aarch64-linux' }), 'x86_64 in place of aarch64-linux');
  t.equal(
    head({ ...x86, runner: 'aarch64-darwin', system: 'x86_64-linux', configured: 'x86_64-linux' }),
    'x86_64 emulated on aarch64-darwin',
  );
  const text = lines.render(
    { ...exampleResult, comparisons: [{ ...comparison, architectures: { from: 'x86_64', to: 'aarch64' } }] },
    { ...plain, runs: false },
  );
  const [from, to] = [comparison.from, comparison.to].map(
    (id) => [...exampleResult.runs, ...exampleResult.baselines].find((one) => one.id === id)?.target,
  );
  t.match(text, `  ${from} ran on x86_64, ${to} on aarch64: what depends on the processor was not compared\n`);
});
