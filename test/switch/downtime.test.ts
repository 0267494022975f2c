import t from 'tap';
import { addLook, endDowntime, startDowntime } from '../../src/switch/downtime.js';

/** Looks of 100 ms each, one every 500 ms: `+` answered, `-` did not. */
function watch(looks: string, end = looks.length * 500) {
  const states = [...looks].map((sign, at) => ({
    ...{ from: at * 500, to: at * 500 + 100 },
    ...(sign === '-' && { reason: `look ${at}` }),
  }));
  const { spans, ...rest } = endDowntime(states.reduce(addLook, startDowntime('http a')), end);
  return { ...rest, spans: spans.map(({ from, to, seconds, reason }) => [ms(from), to && ms(to), seconds, reason]) };
}

function ms(time: string): number {
  return Date.parse(time);
}

const rows: readonly (readonly [string, object])[] = [
  ['', { looks: 0, seconds: 0, count: 0, precision: 0, spans: [] }],
  ['++++', { looks: 4, seconds: 0, count: 0, precision: 0.5, spans: [] }],
  ['+--+', { looks: 4, seconds: 1.1, count: 1, precision: 0.5, spans: [[500, 1600, 1.1, 'look 1']] }],
  ['-+', { looks: 2, seconds: 0.6, count: 1, precision: 0.5, spans: [[0, 600, 0.6, 'look 0']] }],
  [
    '+-+-+',
    {
      looks: 5,
      seconds: 1.2,
      count: 2,
      precision: 0.5,
      spans: [
        [500, 1100, 0.6, 'look 1'],
        [1500, 2100, 0.6, 'look 3'],
      ],
    },
  ],
  ['++--', { looks: 4, seconds: 1, count: 1, precision: 0.5, spans: [[1000, undefined, 1, 'look 2']] }],
];

for (const [looks, expected] of rows) {
  t.test(looks || 'no look', async (t) => t.strictSame(watch(looks), { name: 'http a', ...expected }));
}

t.test('a day of ups and downs takes no more memory than its first minutes', async (t) => {
  const { spans, count, seconds } = watch('+-'.repeat(50_000));
  t.equal(count, 50_000);
  t.equal(spans.length, 21, 'twenty, and the one that is open');
  t.equal(seconds, 29_999.9);
});
