import t from 'tap';
import { factsOf } from '../src/facts.js';
import type { Observation, Query, Readings } from '../src/model.js';
import {
  absent,
  absentReading,
  defineResource,
  known,
  type Resources,
  several,
  unknown,
  unknownReading,
} from '../src/resource.js';

t.test('one fact for each subject and wanted property', async (t) => {
  const thing = defineResource({
    name: 'thing',
    summary: 'A thing',
    subject: { summary: 'its name', example: 'one' },
    params: {},
    properties: {
      state: { type: 'string', summary: 'State', example: 'x' },
      memory: { type: 'size', summary: 'Memory', example: 1, volatile: true },
      password: { type: 'string', summary: 'Secret', example: 'x', secret: true },
      peers: {
        type: 'map',
        summary: 'Peers',
        example: {},
        record: { fresh: { type: 'boolean', summary: 'x', example: true } },
      },
    },
    probes: () => [],
  });
  const resources: Resources = new Map([['thing', thing]]);
  const query = (id: string, subject: string, wanted: readonly string[]): Query => ({
    id,
    resource: 'thing',
    subject,
    params: {},
    wanted: new Set(wanted),
  });
  const fact = (subject: string, property: string, status: string, more: object) => ({
    resource: 'thing',
    subject,
    property,
    status,
    ...more,
  });
  const members = new Map<string, Observation>([
    ['a', known<Readings>({ state: 'up', memory: 1 })],
    ['b', known<Readings>({ state: 'down', memory: unknownReading('accounting is off') })],
  ]);
  const facts = factsOf(
    [
      query('q1', 'one', ['memory', 'state', 'exists', 'password', 'peers']),
      query('q2', 'gone', ['state', 'exists']),
      query('q3', 'dark', ['state', 'exists', 'memory']),
      query('q4', 'unasked', ['state']),
      query('q5', 'one', ['state']),
      query('q6', 'bare', ['state', 'memory', 'exists']),
      query('q7', 'false', ['state', 'exists']),
      query('q8', 'some-*', ['state', 'exists', 'memory']),
      query('q9', 'none-*', ['state', 'exists']),
    ],
    new Map<string, Observation>([
      [
        'q1',
        known({
          memory: 5,
          state: 'up',
          password: 'hunter2',
          peers: { a: { fresh: true, age: absentReading('none') } },
        }),
      ],
      ['q2', absent('nobody has seen it')],
      ['q3', unknown('too dark')],
      ['q5', known({ state: 'asked otherwise' })],
      ['q6', known({ memory: unknownReading('accounting is off') })],
      ['q7', known({ exists: false })],
      ['q8', several<Readings>({ exists: true }, members)],
      ['q9', several<Readings>({ exists: false }, new Map())],
    ]),
    resources,
  );
  t.same(facts, [
    fact('one', 'memory', 'known', { type: 'size', volatile: true, value: 5 }),
    fact('one', 'state', 'known', { type: 'string', value: 'up' }),
    fact('one', 'exists', 'known', { type: 'boolean', value: true }),
    fact('one', 'password', 'known', { type: 'string', value: '***' }),
    fact('one', 'peers', 'known', { type: 'map', value: { a: { fresh: true } } }),
    fact('gone', 'state', 'absent', { type: 'string', reason: 'nobody has seen it' }),
    fact('gone', 'exists', 'known', { type: 'boolean', value: false }),
    fact('dark', 'state', 'unknown', { type: 'string', reason: 'too dark' }),
    fact('dark', 'exists', 'unknown', { type: 'boolean', reason: 'too dark' }),
    fact('dark', 'memory', 'unknown', { type: 'size', volatile: true, reason: 'too dark' }),
    fact('unasked', 'state', 'unknown', { type: 'string', reason: 'it was not asked' }),
    fact('bare', 'state', 'unknown', { type: 'string', reason: 'not reported' }),
    fact('bare', 'memory', 'unknown', { type: 'size', volatile: true, reason: 'accounting is off' }),
    fact('bare', 'exists', 'known', { type: 'boolean', value: true }),
    fact('false', 'state', 'absent', { type: 'string', reason: 'not there' }),
    fact('false', 'exists', 'known', { type: 'boolean', value: false }),
    fact('some-*', 'state', 'known', { type: 'map', value: { a: 'up', b: 'down' } }),
    fact('some-*', 'exists', 'known', { type: 'boolean', value: true }),
    fact('some-*', 'memory', 'known', { type: 'map', volatile: true, value: { a: 1 } }),
    fact('none-*', 'state', 'absent', { type: 'map', reason: 'nothing has a name like that' }),
    fact('none-*', 'exists', 'known', { type: 'boolean', value: false }),
  ]);
});
