import type { Rehearsal, RehearsalStep, UnitOnTheWay } from './model.js';
import { type Paint, printable, type Style } from './terminal.js';
import { listSome } from './text.js';
import { showDuration } from './value.js';

/** What a rehearsal was about: its first lines. */
export function renderRehearsal({ target, from, reason, to }: Rehearsal, paint: Paint): string[] {
  return [
    `${paint('bold', `${printable(target)} rehearsed`)}  ${paint('gray', 'what would an upgrade of production do?')}`,
    `  from  ${printable(from)}  ${paint('gray', `(${printable(reason)})`)}`,
    `  to    ${printable(to)}`,
    '',
  ];
}

const marks: { readonly [status in RehearsalStep['status'] | 'noted']: readonly [string, Style] } = {
  done: ['✓', 'green'],
  noted: ['!', 'yellow'],
  failed: ['✗', 'red'],
  skipped: ['-', 'yellow'],
};

/** Lines of what a switch printed, or of a console. */
const mostOutput = 20;

/** One step: what was done, how it went, and what units went through. */
export function renderStep(step: RehearsalStep, paint: Paint, verbose: boolean): string[] {
  const { action, status, message, seconds, output, units, unknown } = step;
  const [mark, style] = marks[status === 'done' && message !== '' ? 'noted' : status];
  const time = status === 'skipped' ? '' : paint('gray', `  ${showDuration(Math.max(0.1, seconds))}`);
  const printed = output === '' ? [] : output.split('\n').slice(verbose ? 0 : -mostOutput);
  return [
    `${paint(style, mark)} ${paint('bold', printable(action))}${time}`,
    ...(message === '' ? [] : [`    ${paint(style, printable(message))}`]),
    ...printed.map((line) => `    ${paint('gray', '|')} ${printable(line)}`),
    ...units.filter(isFailure).flatMap((unit) => renderFailure(unit, paint)),
    ...quietly.flatMap((kind) => renderQuiet(kind, units, paint, verbose)),
    ...(unknown === undefined ? [] : [`    ${paint('yellow', `? what happened on the way: ${printable(unknown)}`)}`]),
  ];
}

const words: { readonly [kind in UnitOnTheWay['kind']]: readonly [string, string, Style] } = {
  broken: ['✗', 'breaks on the way', 'red'],
  stumbled: ['!', 'failed on the way, and got over it', 'yellow'],
  failing: ['~', 'is failed, as it is where the deployed configuration runs', 'gray'],
  restarted: ['·', 'restarted', 'gray'],
  started: ['·', 'started', 'gray'],
  stopped: ['·', 'stopped', 'gray'],
};

const quietly = ['restarted', 'started', 'stopped'] as const satisfies readonly UnitOnTheWay['kind'][];

function isFailure({ kind }: UnitOnTheWay): boolean {
  return !quietly.some((one) => one === kind);
}

function renderFailure({ name, kind, failures, messages, asserted }: UnitOnTheWay, paint: Paint): string[] {
  const [mark, what, style] = words[kind];
  const times = failures > 1 ? `, ${failures} times` : '';
  const judge = kind === 'broken' && asserted ? ' (the spec judges it, below)' : '';
  return [
    `    ${paint(style, mark)} ${printable(name)}  ${paint(style, `${what}${times}${judge}`)}`,
    ...messages.map((line) => `        ${printable(line)}`),
  ];
}

function renderQuiet(
  kind: (typeof quietly)[number],
  units: readonly UnitOnTheWay[],
  paint: Paint,
  verbose: boolean,
): string[] {
  const names = units.filter((unit) => unit.kind === kind).map(({ name }) => printable(name));
  if (names.length === 0) return [];
  return [`    ${paint('gray', `${words[kind][1]}: ${listSome(names, verbose ? names.length : 10)}`)}`];
}
