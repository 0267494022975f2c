import t from 'tap';
import type { Value, ValueTypeName } from '../src/model.js';
import { showValue, valueTypes, type Written } from '../src/value.js';

const written = (value: Value, source?: string): Written => ({ value, ...(source !== undefined && { source }) });
const no = Symbol('no');

/** What YAML makes of the text, the text, and what is read. */
const readings: readonly (readonly [
  type: ValueTypeName,
  value: Value,
  source: string | undefined,
  read: Value | typeof no,
])[] = [
  ['boolean', true, 'true', true],
  ['boolean', 'yes', 'yes', true],
  ['boolean', 'off', 'off', false],
  ['boolean', 'Yes', 'Yes', no],
  ['boolean', 1, '1', no],
  ['boolean', null, '', no],
  ['number', 3, '3', 3],
  ['number', '3.5', '3.5', 3.5],
  ['number', -1, '-1', -1],
  ['number', Number.POSITIVE_INFINITY, '.inf', no],
  ['number', '3 apples', '3 apples', no],
  ['number', '', '', no],
  ['number', true, 'true', no],
  ['string', 'a', 'a', 'a'],
  ['string', 1.1, '1.10', '1.10'],
  ['string', true, 'True', 'True'],
  ['string', 2 ** 53, '9007199254740993', '9007199254740993'],
  ['string', 3, undefined, '3'],
  ['string', null, '', no],
  ['string', ['a'], undefined, no],
  ['text', 0, '0', '0'],
  ['list', ['a', 1, true], undefined, ['a', '1', 'true']],
  ['list', [], undefined, []],
  ['list', [['a']], undefined, no],
  ['list', 'a', 'a', no],
  ['map', { a: 1 }, undefined, { a: 1 }],
  ['map', [], undefined, no],
  ['map', null, '', no],
  ['json', null, '', null],
  ['json', { a: [1] }, undefined, { a: [1] }],
  ['duration', '90s', '90s', 90],
  ['duration', '1h30m', '1h30m', 5400],
  ['duration', '250ms', '250ms', 0.25],
  ['duration', '1.5h', '1.5h', 5400],
  ['duration', '2min', '2min', 120],
  ['duration', '2w', '2w', 1_209_600],
  ['duration', '-3m', '-3m', -180],
  ['duration', 5, '5', 5],
  ['duration', '5', '5', 5],
  ['duration', '5 s', '5 s', 5],
  ['duration', '14 d 3 h', '14 d 3 h', 1_220_400],
  ['duration', '1 min 30 s', '1 min 30 s', 90],
  ['duration', '55ms', '55ms', 0.055],
  ['duration', '90m', '90m', 5400],
  ['duration', '1.5d', '1.5d', 129_600],
  ['duration', -5, '-5', -5],
  ['duration', '5 5', '5 5', no],
  ['duration', '5s 5', '5s 5', no],
  ['duration', '1y', '1y', no],
  ['duration', '1h 30', '1h 30', no],
  ['duration', Number.POSITIVE_INFINITY, '.inf', no],
  ['duration', Number.NaN, '.nan', no],
  ['duration', '3x', '3x', no],
  ['duration', '', '', no],
  ['size', '512MiB', '512MiB', 536_870_912],
  ['size', '1K', '1K', 1024],
  ['size', '1kB', '1kB', 1000],
  ['size', '1.5G', '1.5G', 1_610_612_736],
  ['size', '10B', '10B', 10],
  ['size', 0, '0', 0],
  ['size', '1200', '1200', 1200],
  ['size', '512 MiB', '512 MiB', 536_870_912],
  ['size', '1GB', '1GB', 1_000_000_000],
  ['size', '1GiB', '1GiB', 1_073_741_824],
  ['size', '1KB', '1KB', no],
  ['size', '1Mb', '1Mb', no],
  ['size', '1.5', '1.5', 2],
  ['size', -1, '-1', no],
  ['size', Number.POSITIVE_INFINITY, '.inf', no],
  ['size', '1mb', '1mb', no],
  ['size', '-1K', '-1K', no],
  ['time', '2026-11-23', '2026-11-23', 1_795_392_000],
  ['time', '2026-11-23T08:00:00Z', '2026-11-23T08:00:00Z', 1_795_420_800],
  ['time', '2026-11-23 08:00', '2026-11-23 08:00', 1_795_420_800],
  ['time', '2026-11-23T09:00:00+01:00', '2026-11-23T09:00:00+01:00', 1_795_420_800],
  ['time', '2026-13-23', '2026-13-23', no],
  ['time', '2026-02-30', '2026-02-30', no],
  ['time', '2026-02-29T00:00:00Z', '2026-02-29T00:00:00Z', no],
  ['time', '2024-02-29', '2024-02-29', 1_709_164_800],
  ['time', '2026-11-23T25:00', '2026-11-23T25:00', no],
  ['time', '2026-11-23T09:00:00+0100', '2026-11-23T09:00:00+0100', 1_795_420_800],
  ['time', 'yesterday', 'yesterday', no],
  ['time', 5, '5', no],
  ['percentage', '90%', '90%', 90],
  ['percentage', 12.5, '12.5', 12.5],
  ['percentage', '90', '90', 90],
  ['percentage', '90 %', '90 %', 90],
  ['percentage', -1, '-1', no],
  ['percentage', Number.NaN, '.nan', no],
  ['mode', 644, '0644', '0644'],
  ['mode', '0644', '0644', '0644'],
  ['mode', 420, '0o644', '0644'],
  ['mode', 644, '644', '0644'],
  ['mode', 4755, '4755', '4755'],
  ['mode', 989, '0989', no],
  ['mode', 'u=rw', 'u=rw', no],
  ['mode', 7, '7', no],
  ['version', 1.1, '1.10', '1.10'],
  ['version', '2:1.24-1', '2:1.24-1', '2:1.24-1'],
  ['version', true, 'true', no],
  ['version', null, '', no],
];

for (const [type, value, source, read] of readings) {
  t.test(`${type} ${source ?? JSON.stringify(value)}`, async (t) => {
    const reading = () => valueTypes[type].read(written(value, source));
    if (read === no) t.throws(reading, { message: /^expected / });
    else t.strictSame(reading(), read);
  });
}

t.test('what cannot be read says what is expected', async (t) => {
  for (const [name, type] of Object.entries(valueTypes)) {
    if (name === 'json') continue;
    const wrong: Value = name === 'map' ? 'x' : { a: 'b' };
    t.throws(() => type.read({ value: wrong }), { message: /^expected / }, name);
    t.equal(type.name, name);
  }
});

t.test('a list keeps the characters of its elements', async (t) => {
  const items = [written(1.1, '1.10'), written('a', 'a')];
  t.strictSame(valueTypes.list.read({ value: [1.1, 'a'], items }), ['1.10', 'a']);
});

t.test('the schema accepts what is read, and refuses what is not, as far as it can see it', async (t) => {
  for (const [type, value, , read] of readings) {
    const { pattern, type: types } = valueTypes[type].schema as { readonly pattern?: string; readonly type?: unknown };
    if (typeof value === 'string' && read !== no && pattern !== undefined) t.match(value, new RegExp(pattern));
    if (typeof value === 'string' && read === no && pattern !== undefined && type !== 'time')
      t.notMatch(value, new RegExp(pattern), `${type} ${value}`);
    if (read !== no && types !== undefined)
      t.ok([types].flat().includes(kindOf(value)), `${type} ${JSON.stringify(value)}`);
  }
});

function kindOf(value: Value): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}

t.test('shown to people', async (t) => {
  const table: readonly (readonly [ValueTypeName, Value, string])[] = [
    ['duration', 0, '0 s'],
    ['duration', 0.08, '80 ms'],
    ['duration', 1.25, '1.25 s'],
    ['duration', 90, '1 min 30 s'],
    ['duration', 3600, '1 h'],
    ['duration', 1_222_222, '14 d 3 h'],
    ['duration', -60, '-1 min'],
    ['size', 0, '0 B'],
    ['size', 536_870_912, '512 MiB'],
    ['size', 1234, '1.21 KiB'],
    ['time', 1_795_420_800, '2026-11-23T08:00:00Z'],
    ['percentage', 91.5, '91.5%'],
    ['boolean', true, 'true'],
    ['list', ['a', 'b'], '[a, b]'],
    ['list', [], '[]'],
    ['json', { a: 1 }, '{"a":1}'],
    ['string', 'a\nb', '"a\\nb"'],
    ['mode', '0644', '0644'],
    ['version', '2:1.24.3~rc1-1+deb13u1', '2:1.24.3~rc1-1+deb13u1'],
    ['version', 'no\nversion', '"no\\nversion"'],
  ];
  for (const [type, value, shown] of table) t.equal(showValue(value, type), shown);
  t.ok(showValue('x'.repeat(10_000), 'text').length < 400, 'long text is shortened');
});

t.test('durations and sizes: reading what is shown gives it back, as far as it is shown', async (t) => {
  for (let seconds = 1; seconds < 2_000_000; seconds = Math.ceil(seconds * 1.7)) {
    const shown = showValue(seconds, 'duration').replaceAll(' ', '');
    const read = Number(valueTypes.duration.read({ value: shown }));
    t.ok(Math.abs(read - seconds) <= seconds * 0.04, `${seconds} ${shown}`);
  }
  for (let bytes = 1; bytes < 1e15; bytes = Math.ceil(bytes * 7.3)) {
    const shown = showValue(bytes, 'size').replaceAll(' ', '');
    const read = Number(valueTypes.size.read({ value: shown }));
    t.ok(Math.abs(read - bytes) <= bytes * 0.01, `${bytes} ${shown}`);
  }
});
