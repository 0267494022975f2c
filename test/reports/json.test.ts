import t from 'tap';
import json from '../../src/reports/json.js';
import silent from '../../src/reports/silent.js';
import { makePaint } from '../../src/terminal.js';
import { exampleResult } from '../fixture/example-result.js';

const options = { paint: makePaint(true), verbose: false, width: 80, runs: true };

t.test('one object with format, runs and comparisons; no colours', async (t) => {
  const text = json.render(exampleResult, options);
  const parsed = JSON.parse(text);
  t.same(Object.keys(parsed), ['format', 'runs', 'comparisons']);
  t.equal(parsed.format, 1);
  t.same(parsed.runs, exampleResult.runs);
  t.same(parsed.comparisons, exampleResult.comparisons);
  t.ok(text.endsWith('}\n'));
});

t.test('silent is silent', async (t) => t.equal(silent.render(exampleResult, options), ''));
