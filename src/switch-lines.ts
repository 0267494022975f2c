import type { Breakage, Downtime, Snapshot, Switch, SwitchEnd, UnitJournal } from './switch-model.js';
import { type Paint, printable, type Style } from './terminal.js';
import { countOf } from './text.js';
import { showDuration } from './value.js';

const headlines: { readonly [end in SwitchEnd]: readonly [string, Style] } = {
  kept: ['switched, verified, and kept', 'green'],
  'rolled-back': ['rolled back: the old system runs again, and that was verified', 'yellow'],
  'not-restored': ['ROLLED BACK, BUT NOT VERIFIED: look at the machine', 'red'],
  left: ['the new system does not hold, and was left running', 'red'],
  unchanged: ['nothing was switched', 'yellow'],
};

/** A switch for people: how it ended first, then what broke, what was away, what was copied. Pure. */
export function renderSwitch(one: Switch, paint: Paint): string[] {
  const [headline, style] = headlines[one.ended];
  const seconds = Math.round((Date.parse(one.finished) - Date.parse(one.started)) / 1000);
  const broke = one.breakages.filter(({ allowed }) => !allowed);
  const allowed = one.breakages.filter((breakage) => breakage.allowed);
  return [
    `${paint('bold', printable(one.target))}  ${paint(['bold', style], headline)}  ${paint('gray', `in ${showDuration(Math.max(1, seconds))}`)}`,
    ...(one.why === '' || broke.some(({ message }) => message === one.why) ? [] : [`  ${printable(one.why)}`]),
    ...renderSystems(one, paint),
    ...section(
      'broke',
      broke.flatMap((breakage) => renderBreakage(breakage, 'red', paint)),
    ),
    ...section(
      'broke, and was allowed to',
      allowed.flatMap((breakage) => renderBreakage(breakage, 'yellow', paint)),
    ),
    ...one.journal.flatMap((journal) => renderJournal(journal, paint)),
    ...section('downtime, as seen from here', renderDowntime(one.downtime, paint)),
    ...section(
      'not watched from here',
      one.unwatched.map(({ name, reason }) => `${printable(name)}  ${paint('gray', printable(reason))}`),
    ),
    ...section(
      'copies of data',
      one.snapshots.flatMap((snapshot) => renderSnapshot(snapshot, one, paint)),
    ),
    ...one.notes.map((note) => `  ${paint('yellow', '!')} ${printable(note)}`),
    '',
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}

function renderSystems({ old, new: next, ended }: Switch, paint: Paint): string[] {
  const [runs, other] = ended === 'kept' || ended === 'left' ? [next, old] : [old, next];
  return [
    ...(runs === undefined ? [] : [`  ${ended === 'not-restored' ? 'meant to run ' : 'runs '}${printable(runs)}`]),
    ...(other === undefined || other === runs
      ? []
      : [paint('gray', `  ${other === old ? 'before' : 'not'} ${printable(other)}`)]),
  ];
}

function renderBreakage({ id, kind, message }: Breakage, style: Style, paint: Paint): string[] {
  const name = id === kind ? '' : `${printable(id)}: `;
  const lost = kind === 'lost' ? 'cannot be told any more: ' : '';
  return [`${paint(style, style === 'red' ? '✗' : '!')} ${name}${lost}${printable(message)}`];
}

function renderJournal({ unit, lines }: UnitJournal, paint: Paint): string[] {
  const title =
    unit === '' ? 'errors in the journal since the switch began' : `${printable(unit)} said since the switch began`;
  return section(
    title,
    lines.map((line) => paint('gray', printable(line))),
  );
}

function renderDowntime(downtime: readonly Downtime[], paint: Paint): string[] {
  const away = downtime.filter(({ count }) => count > 0).sort((a, b) => b.seconds - a.seconds);
  const calm = downtime.filter(({ count }) => count === 0);
  // A look that was answered late has seen nothing of what was in between.
  const blind = Math.max(0, ...calm.map(({ precision }) => precision));
  const none = blind < 1 ? 'none' : `none longer than ${showDuration(blind)}`;
  const told = `${paint('green', '✓')} ${countOf(calm.length, away.length > 0 ? 'other' : 'entry').replace('entrys', 'entries')}: ${none}`;
  return [...away.map((one) => renderAway(one, paint)), ...(calm.length > 0 ? [told] : [])];
}

function renderAway({ name, seconds, precision, count, spans }: Downtime, paint: Paint): string {
  const [first] = spans;
  const open = spans.at(-1)?.to === undefined ? ', and still was when the watch ended' : '';
  const times = count === 1 ? '' : ` in ${count} spans`;
  const about = paint('gray', `(± ${showDuration(Math.max(0.1, precision))})  ${printable(first?.reason ?? '')}`);
  return `${paint('yellow', '!')} ${printable(name)}: ${showDuration(seconds)}${times}${open}  ${about}`;
}

function renderSnapshot({ entry, source, name, restore }: Snapshot, { ended }: Switch, paint: Paint): string[] {
  const hint = ended === 'kept' ? 'brings it back' : 'brings it back, where the new system has changed it';
  return [
    `${printable(entry)}: ${printable(source)} as ${printable(name)}`,
    `  ${printable(restore)}${paint('gray', `  # ${hint}`)}`,
  ];
}
