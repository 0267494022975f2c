import t, { type Test } from 'tap';
import { problemCodes } from '../../src/problem.js';
import { checkSpec, sayProblem, specOf } from '../fixture/check-spec.js';
import { mistakenSpecs } from './mistaken-specs.js';

async function tell(t: Test, text: string): Promise<readonly string[]> {
  const folder = t.testdir({ 'nixspec.yaml': text });
  const { problems } = await checkSpec(`${folder}/nixspec.yaml`);
  return problems.map((problem) => sayProblem(problem).replaceAll(folder, '<folder>'));
}

for (const [spec, told] of mistakenSpecs) {
  t.test(JSON.stringify(spec), async (t) => t.strictSame(await tell(t, spec), [told]));
}

t.test('all mistakes are told at once, sorted by place, each once for all targets', async (t) => {
  const told = await tell(
    t,
    specOf(`unit:
  nginx: { actve: true, restarts: many }
  sshd: { active: { per-target: { vm: maybe, prod: true } } }
file: { etc: { exists: true } }
portt: {}
`),
  );
  t.strictSame(
    told.map((line) => line.split(' ').slice(0, 2).join(' ')),
    [
      '4:12 unknown-property',
      '4:35 bad-value',
      '5:39 bad-value',
      '5:46 undefined-target',
      '6:9 bad-subject',
      '7:1 unknown-resource',
    ],
  );
});

t.test('there is a mistake for every code', async (t) => {
  const told = mistakenSpecs.map(([, line]) => line.split(' ')[1]);
  // Those of files stand in read.test.ts, those of the values of secrets in prepare-secrets.test.ts, those of state in state.test.ts.
  const elsewhere = [
    'unreadable-secret',
    'short-secret',
    'unreadable',
    'too-large',
    'not-text',
    'include-cycle',
    'bad-state',
  ];
  t.strictSame(
    Object.keys(problemCodes).filter((code) => !told.includes(code) && !elsewhere.includes(code)),
    [],
  );
});
