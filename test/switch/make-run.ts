import type { Outcome, Run } from '../../src/model.js';

/** An outcome with what a test says of it. */
export function makeOutcome(id: string, rest: Partial<Outcome> = {}): Outcome {
  const [resource = '', subject = '', property = ''] = id.split(' ');
  return {
    ...{ id, resource, subject, property, matcher: 'equal', type: 'boolean', expected: true, status: 'passed' },
    ...{ severity: 'error', message: '', looks: 1, position: { file: 'nixspec.yaml', line: 1, column: 1 } },
    ...rest,
  };
}

export function makeRun(outcomes: readonly Outcome[], rest: Partial<Run> = {}): Run {
  return {
    ...{ format: 1, id: '2026-11-23T08-00-00.000Z-production', target: 'production', reached: 'root@web:22 by ssh2' },
    ...{
      started: '2026-11-23T08:00:00.000Z',
      finished: '2026-11-23T08:00:01.000Z',
      system: {},
      facts: [],
      problems: [],
    },
    outcomes,
    ...rest,
  };
}
