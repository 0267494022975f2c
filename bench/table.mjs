// The figures as Markdown, and whether the goals are met.

import { median } from './measure.mjs';

/** @typedef {{ name: string, delay: number, count: number, few: boolean, seconds: number[], mebibytes: (number | undefined)[] }} Sample */

/** What all ratios are to. */
export const yardstick = 'batched script';
const nixspec = '**nixspec verify**';
/** A median of fewer is marked. */
const enough = 5;

/** One table for a delay: contenders down (in the given order), numbers of assertions across. */
export function drawTable(samples, order, delay, roundTrip) {
  const mine = samples.filter((sample) => sample.delay === delay);
  const columns = [...new Set(mine.map(columnOf))];
  const names = order.filter((name) => mine.some((sample) => sample.name === name));
  const rows = names.map((name) => {
    const own = mine.filter((sample) => sample.name === name);
    const cells = columns.map((column) =>
      drawCell(
        own.find((sample) => columnOf(sample) === column),
        mine,
      ),
    );
    return [name, ...cells, drawMemory(own)];
  });
  return `### +${delay} ms (a TCP connection takes ${(roundTrip * 1000).toFixed(1)} ms)

${drawRows([['', ...columns, 'peak MiB'], ...rows])}
`;
}

function columnOf({ count, few }) {
  return `N = ${count}${few ? ', 8 of each unit' : ''}`;
}

function drawCell(sample, mine) {
  if (!sample) return '';
  const seconds = median(sample.seconds);
  const few = sample.seconds.length < enough ? ` [${sample.seconds.length}]` : '';
  const other = mine.find((one) => one.name === yardstick && columnOf(one) === columnOf(sample));
  const ratio = other && other !== sample ? ` (${showRatio(seconds / median(other.seconds))} ×)` : '';
  return `${seconds.toFixed(seconds < 10 ? 3 : 1)} s${ratio}${few}`;
}

function showRatio(ratio) {
  return ratio.toFixed(ratio < 10 ? 2 : 0);
}

function drawMemory(samples) {
  const peak = peakOf(samples);
  return peak === undefined ? '–' : peak.toFixed(0);
}

function peakOf(samples) {
  const known = samples.flatMap(({ mebibytes }) => mebibytes).filter((number) => number !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The growth of nixspec alone. */
export function drawGrowth(growth) {
  const rows = growth.map(({ count, seconds, mebibytes }) => [
    String(count),
    `${median(seconds).toFixed(3)} s`,
    `${((median(seconds) / count) * 1000).toFixed(3)} ms`,
    peakOf([{ mebibytes }])?.toFixed(0) ?? '–',
  ]);
  return `### Growth of nixspec alone, +0 ms (ten assertions on each unit)

${drawRows([['N', 'whole process', 'for each assertion', 'peak MiB'], ...rows])}
`;
}

/** Every goal that can be told from what was measured, as [goal, figure, met]. */
export function judgeGoals(samples, growth) {
  const time = (name, delay, count) => {
    const found = samples.find(
      (sample) => sample.name === name && sample.delay === delay && sample.count === count && !sample.few,
    );
    return found ? median(found.seconds) : undefined;
  };
  const ratio = (goal, limit, one, other) =>
    one === undefined || other === undefined ? [] : [[goal, `${(one / other).toFixed(2)} ×`, one <= limit * other]];
  const most = Math.max(...samples.map(({ count }) => count));
  const node = time('`node -e 0`', 0, most);
  const peak = peakOf(samples.filter(({ name }) => name === nixspec));
  return [
    ...[0, 20, 80].flatMap((delay) => {
      const limit = delay === 0 ? 1 : 0.9;
      const goal = `N = 1000, +${delay} ms: at most ${limit.toFixed(1)} × the batched script`;
      return ratio(goal, limit, time(nixspec, delay, 1000), time(yardstick, delay, 1000));
    }),
    ...(peak === undefined ? [] : [['peak memory under 120 MiB', `${peak.toFixed(0)} MiB`, peak < 120]]),
    ...ratio('`--version` under 2 × `node -e 0`', 2, time('`nixspec --version`', 0, most), node),
    ...ratio('`lint` of 1000 under 5 × `node -e 0`', 5, time('`nixspec lint`', 0, 1000), node),
    ...judgeGrowth(growth),
  ];
}

/** Linear: an assertion between the last two sizes costs no more than a quarter above one between the first and the last but one. */
function judgeGrowth(growth) {
  if (growth.length < 3) return [];
  const slope = (a, b) => (median(b.seconds) - median(a.seconds)) / (b.count - a.count);
  const [first, middle, last] = [growth[0], growth.at(-2), growth.at(-1)];
  const [early, late] = [slope(first, middle), slope(middle, last)];
  const figure = `${(early * 1000).toFixed(2)} ms, then ${(late * 1000).toFixed(2)} ms for each more`;
  const peak = peakOf(growth);
  return [
    [`cost grows linearly to N = ${last.count}`, figure, late <= 1.25 * early],
    ...(peak === undefined
      ? []
      : [[`peak memory at N = ${last.count} (no goal of its own)`, `${peak.toFixed(0)} MiB`, undefined]]),
  ];
}

export function drawGoals(goals) {
  const word = (met) => (met === undefined ? '' : met ? 'met' : '**missed**');
  return `### Goals

${drawRows([['goal', 'measured', ''], ...goals.map(([goal, figure, met]) => [goal, figure, word(met)])])}
`;
}

function drawRows([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
