import { renderInventory } from '../inventory-lines.js';
import type { Change, Comparison, Outcome, Rehearsal, Run, Value, ValueTypeName } from '../model.js';
import { renderRehearsal, renderStep } from '../rehearsal-lines.js';
import { describeRehearsal, exitCodeOfRehearsal } from '../rehearsal-verdict.js';
import type { Report, ReportOptions, Result } from '../report.js';
import { nameOfRun } from '../stage.js';
import { renderSwitch } from '../switch-lines.js';
import { type Paint, printable, type Style } from '../terminal.js';
import { listSome } from '../text.js';
import { showDuration, showValue } from '../value.js';
import { countOutcomes, isVacuous, type Verdict, verdictOf } from '../verdict.js';
import { findNeedlessWaivers } from '../waiver.js';

const lines: Report = {
  name: 'lines',
  summary: 'Lines for people: what is wrong in full, what passed in short',
  render: (result, options) =>
    [
      ...(result.rehearsal ? renderSteps(result.rehearsal, result, options) : []),
      ...(result.switch ? renderSwitch(result.switch, options.paint) : []),
      ...(options.runs && !result.rehearsal ? result.runs.flatMap((run) => renderRun(run, options)) : []),
      ...(result.rehearsal ? [] : result.comparisons).flatMap((comparison) =>
        renderComparison(comparison, result, options),
      ),
    ]
      .map((line) => `${line}\n`)
      .join(''),
};

export default lines;

/** Each step of a rehearsal with its run and its comparison, as they came. What passed is only counted. */
function renderSteps(rehearsal: Rehearsal, result: Result, options: ReportOptions): string[] {
  const parts = rehearsal.steps.flatMap((step) => [
    ...renderStep(step, options.paint, options.verbose),
    ...result.runs.filter(({ id }) => id === step.run).flatMap((run) => renderRun(run, options, 0)),
    ...result.comparisons.filter(({ to }) => to === step.run).flatMap((one) => renderComparison(one, result, options)),
    ...(step.run === undefined ? [''] : []),
  ]);
  const { steps } = rehearsal;
  const code = exitCodeOfRehearsal({ ...result, steps });
  const sentence = `${printable(rehearsal.target)}: ${printable(describeRehearsal({ ...result, steps }))}`;
  const verdict = options.paint(code === 0 ? 'green' : code === 1 ? 'red' : 'yellow', sentence);
  return [...renderRehearsal(rehearsal, options.paint), ...parts, verdict];
}

// ---------------------------------------------------------------------------------------------------------- runs

/** With more subjects than these, those that passed are only counted. */
const mostListed = 60;

const marks: { readonly [verdict in Verdict]: readonly [string, Style] } = {
  passed: ['✓', 'green'],
  failed: ['✗', 'red'],
  warned: ['!', 'yellow'],
  unknown: ['?', 'yellow'],
  waived: ['~', 'yellow'],
  skipped: ['-', 'gray'],
};

function renderRun(run: Run, { paint, verbose }: ReportOptions, most = mostListed): string[] {
  const groups = groupBySubject(run.outcomes);
  const shown = verbose || groups.length <= most ? groups : groups.filter((group) => worstOf(group) !== 'passed');
  return [
    `${paint('bold', printable(nameOfRun(run)))}  ${paint('gray', printable(describeSystem(run)))}`,
    ...shown.filter((group) => worstOf(group) !== 'waived').flatMap((group) => renderGroup(group, paint, verbose)),
    ...(shown.length < groups.length ? countPassed(groups, paint) : []),
    ...renderWaived(shown, paint, verbose),
    ...findNeedlessWaivers(run).map((outcome) => renderNeedless(outcome, paint)),
    ...run.problems.map((problem) => `  ${paint('red', '✗')} ${printable(problem)}`),
    summarize(run, paint),
    '',
  ];
}

function describeSystem(run: Run): string {
  const { hostname, path, generation } = run.system;
  const system = path?.replace(/^\/nix\/store\/[a-z0-9]{32}-/, '');
  const words = [
    run.reached,
    hostname,
    system,
    generation === undefined ? '' : `generation ${generation}`,
    describeProcessor(run),
  ];
  return words.filter(Boolean).join(' · ');
}

/** `x86_64`; of a VM also what its host is configured for, and what its processor was emulated on, where they differ. */
function describeProcessor({ system: { architecture }, vm }: Run): string | undefined {
  const { system, configured, runner } = vm ?? {};
  const words = [
    architecture,
    configured !== undefined && configured !== system ? `in place of ${configured}` : '',
    system !== undefined && system.split('-')[0] !== runner?.split('-')[0] ? `emulated on ${runner}` : '',
  ];
  return words.filter(Boolean).join(' ');
}

/** Outcomes that follow each other about one subject. */
function groupBySubject(outcomes: readonly Outcome[]): Outcome[][] {
  const groups: Outcome[][] = [];
  let key = '';
  for (const outcome of outcomes) {
    const next = JSON.stringify([outcome.resource, outcome.subject, outcome.title]);
    const last = groups.at(-1);
    if (last && next === key) last.push(outcome);
    else groups.push([outcome]);
    key = next;
  }
  return groups;
}

function worstOf(group: readonly Outcome[]): Verdict {
  const order: readonly Verdict[] = ['failed', 'unknown', 'warned', 'waived', 'passed', 'skipped'];
  return order.find((verdict) => group.some((outcome) => verdictOf(outcome) === verdict)) ?? 'skipped';
}

function renderGroup(group: readonly Outcome[], paint: Paint, verbose: boolean): string[] {
  const [first] = group;
  if (!first) return [];
  const worst = worstOf(group);
  const [mark, style] = marks[worst];
  const name = printable([first.resource, first.subject].filter(Boolean).join(' '));
  const title = first.title === undefined ? '' : paint('gray', `  ${printable(first.title)}`);
  const open = verbose || (worst !== 'passed' && worst !== 'skipped');
  const rest = open ? '' : `  ${paint('gray', summarizeProperties(group))}`;
  return [
    `  ${paint(style, mark)} ${name}${title}${rest}`,
    ...(open ? group.flatMap((row) => renderOutcome(row, paint)) : []),
  ];
}

/** Apart from the rest, with the reason: it is known, and fails nothing. */
function renderWaived(groups: readonly Outcome[][], paint: Paint, verbose: boolean): string[] {
  return groups
    .filter((group) => worstOf(group) === 'waived')
    .flatMap((group) => {
      const [head = '', ...rows] = renderGroup(group, paint, verbose);
      const waiver = group.find(({ waived }) => waived)?.waived;
      const why = waiver ? `  waived until ${waiver.until}: ${waiver.reason}` : '';
      return [`${head}${paint('yellow', printable(why))}`, ...rows];
    });
}

function renderNeedless({ resource, subject, waived, position }: Outcome, paint: Paint): string {
  const name = printable([resource, subject].filter(Boolean).join(' '));
  const place = paint('gray', `  ${printable(position.file)}:${position.line}:${position.column}`);
  const words = `passes, so it need not be waived any more (${waived?.reason ?? ''})`;
  return `  ${paint('yellow', '!')} ${name}  ${printable(words)}${place}`;
}

function summarizeProperties(group: readonly Outcome[]): string {
  const names = [...new Set(group.map(({ property }) => property))];
  const late = group.find(({ looks }) => looks > 1);
  const skipped = group.find(({ status }) => status === 'skipped');
  const more = [late && `after ${late.looks} looks`, skipped && `skipped: ${skipped.message}`].filter(Boolean);
  return printable([names.join(', '), ...more].join(' · '));
}

function renderOutcome(outcome: Outcome, paint: Paint): string[] {
  const [mark, style] = marks[verdictOf(outcome)];
  const { file, line, column } = outcome.position;
  const place = outcome.status === 'passed' ? '' : paint('gray', `  ${printable(file)}:${line}:${column}`);
  const value = outcome.actual === undefined ? '' : show(outcome.actual, outcome.type);
  const words = outcome.status === 'passed' ? [value, outcome.message] : [outcome.message || value];
  const [said = '', ...more] = words
    .filter(Boolean)
    .join(' · ')
    .split('\n')
    .map((text) => printable(text));
  return [
    `      ${paint(style, mark)} ${printable(outcome.property)}: ${said}${place}`,
    ...more.map((text) => `          ${paintDiffLine(text, paint)}`),
  ];
}

function paintDiffLine(text: string, paint: Paint): string {
  if (text.startsWith('-')) return paint('red', text);
  return text.startsWith('+') ? paint('green', text) : text;
}

function countPassed(groups: readonly Outcome[][], paint: Paint): string[] {
  const counts = new Map<string, number>();
  for (const group of groups) {
    const resource = group[0]?.resource;
    if (resource !== undefined && worstOf(group) === 'passed') counts.set(resource, (counts.get(resource) ?? 0) + 1);
  }
  const words = [...counts].map(([resource, count]) => `${count} ${resource}`);
  return words.length === 0 ? [] : [`  ${paint('green', '✓')} ${words.join(', ')}`];
}

function summarize(run: Run, paint: Paint): string {
  const counts = countOutcomes(run);
  const words: readonly [number, string, Style][] = [
    [counts.passed, 'passed', 'green'],
    [counts.failed, 'failed', 'red'],
    [counts.warned, counts.warned === 1 ? 'warning' : 'warnings', 'yellow'],
    [counts.unknown, 'unknown', 'yellow'],
    [counts.waived, 'waived', 'yellow'],
    [counts.skipped, 'skipped', 'gray'],
  ];
  const said = words.filter(([count]) => count > 0).map(([count, word, style]) => paint(style, `${count} ${word}`));
  const seconds = (Date.parse(run.finished) - Date.parse(run.started)) / 1000;
  const verdict = isVacuous(run) ? paint('yellow', `nothing was judged: ${whyVacuous(run)}`) : said.join(', ');
  return `${paint('bold', printable(nameOfRun(run)))}: ${verdict} in ${showDuration(Math.max(0.001, seconds))}`;
}

function whyVacuous({ outcomes }: Run): string {
  return outcomes.length === 0 ? 'no entry that was chosen is for this target' : `all ${outcomes.length} were skipped`;
}

// --------------------------------------------------------------------------------------------------- comparisons

const kinds: readonly (readonly [Change['kind'], Style])[] = [
  ['broke', 'red'],
  ['lost', 'yellow'],
  ['fixed', 'green'],
  ['found', 'green'],
  ['drifted', 'cyan'],
  ['intended', 'gray'],
  ['added', 'gray'],
  ['removed', 'gray'],
];

/** Of the kinds that are no news, so many are shown. */
const mostShown = 10;

function renderComparison(comparison: Comparison, result: Result, options: ReportOptions): string[] {
  const { paint, verbose } = options;
  if (comparison.only === 'inventory') return renderHost(comparison, result, options);
  const counts = kinds.flatMap(([kind, style]) => {
    const count = comparison.changes.filter((change) => change.kind === kind).length;
    return count === 0 ? [] : [paint(style, `${count} ${kind}`)];
  });
  const none = comparison.compared === 0 ? paint('yellow', 'no assertion was judged in both') : '';
  return [
    `${describeSides(comparison, result, paint)}: ${[none, ...counts].filter(Boolean).join(', ') || 'no difference'}`,
    ...describeArchitectures(comparison, result).map((line) => `  ${paint('yellow', printable(line))}`),
    ...kinds.flatMap(([kind, style]) => renderKind(kind, style, comparison, paint, verbose)),
    ...renderUnasserted(comparison, result, options),
    '',
  ];
}

/** A run and the one before it of the same target. */
function renderHost(comparison: Comparison, result: Result, options: ReportOptions): string[] {
  const found = renderInventory(comparison, true, options);
  if (!found) return [];
  const [from, to] = [findRun(comparison.from, result), findRun(comparison.to, result)];
  const name = options.paint('bold', printable(to?.target ?? comparison.to));
  const title = `${name} since its run${describeDistance(from, to)}, beside what is asserted`;
  return [`${title}: ${found.summary || 'nothing changed'}`, ...found.lines.map((line) => `  ${line}`), ''];
}

function renderUnasserted(comparison: Comparison, result: Result, options: ReportOptions): string[] {
  const [from, to] = [comparison.from, comparison.to].map((id) => findRun(id, result)?.target);
  const same = from === to;
  const found = renderInventory(comparison, same, options);
  if (!found) return [];
  const title = `  ${same ? 'changed' : 'differs'} though nothing asserts it: `;
  return [...(found.summary === '' ? [] : [`${title}${found.summary}`]), ...found.lines.map((line) => `    ${line}`)];
}

function findRun(id: string, { runs, baselines }: Result): Run | undefined {
  return [...runs, ...baselines].find((run) => run.id === id);
}

function describeSides(comparison: Comparison, result: Result, paint: Paint): string {
  const to = result.runs.find(({ id }) => id === comparison.to);
  const from = result.baselines.find(({ id }) => id === comparison.from);
  const name = (run: Run | undefined, id: string) => paint('bold', printable(run ? nameOfRun(run) : id));
  return `${name(to, comparison.to)} compared with ${name(from, comparison.from)}${describeDistance(from, to)}`;
}

/** What was seen on one processor is not proven for another. */
function describeArchitectures({ architectures, from, to }: Comparison, result: Result): string[] {
  if (!architectures) return [];
  const name = (id: string) => findRun(id, result)?.target ?? id;
  const words = `${name(from)} ran on ${architectures.from}, ${name(to)} on ${architectures.to}`;
  return [`${words}: what depends on the processor was not compared`];
}

function describeDistance(from: Run | undefined, to: Run | undefined): string {
  const seconds = to && from ? (Date.parse(to.started) - Date.parse(from.started)) / 1000 : 0;
  return seconds > 0 ? ` of ${showDuration(Math.max(1, Math.round(seconds)))} before` : '';
}

function renderKind(
  kind: Change['kind'],
  style: Style,
  comparison: Comparison,
  paint: Paint,
  verbose: boolean,
): string[] {
  const changes = comparison.changes.filter((change) => change.kind === kind);
  const all = verbose || kind === 'broke' || kind === 'lost';
  const shown = all ? changes : changes.slice(0, mostShown);
  const more = changes.length - shown.length;
  return [
    ...shown.map((change) => `  ${paint(style, kind.padEnd(8))}  ${renderChange(change, paint)}`),
    ...(more > 0 ? [paint('gray', `  ${kind.padEnd(8)}  … ${more} more (--verbose shows all)`)] : []),
  ];
}

function renderChange(change: Change, paint: Paint): string {
  const name = printable([change.resource, change.subject, change.property].filter(Boolean).join(' '));
  const sides = [change.before, change.after].map((value) =>
    value === undefined ? 'nothing' : show(value, change.type),
  );
  const values = sides[0] === sides[1] ? showElements(change) : `  ${sides.join(paint('gray', ' → '))}`;
  const message = needsWords(change) ? printable(change.message?.split('\n', 1)[0] ?? '') : '';
  const nothing = change.before === undefined && change.after === undefined;
  return `${name}${nothing ? '' : values}${message && `  ${paint('gray', message)}`}`;
}

/** Where two lists look the same as far as they are shown: which elements went, and which came. */
function showElements({ before, after, type }: Change): string {
  if (!Array.isArray(before) || !Array.isArray(after)) return '';
  const without = (list: readonly Value[], other: readonly Value[]) => {
    const words = new Set(other.map((value) => JSON.stringify(value)));
    const own = list.filter((value) => !words.has(JSON.stringify(value)));
    return listSome(own.map((value) => show([value], type).replace(/^\[|\]$/g, '')));
  };
  const [gone, come] = [without(before, after), without(after, before)];
  return [gone && `  without ${gone}`, come && `  with ${come}`].join('');
}

/** Two numbers tell what broke; of text, lists and what could not be found out, the message does. */
function needsWords({ kind, after }: Change): boolean {
  return kind === 'lost' || (kind === 'broke' && typeof after !== 'number' && typeof after !== 'boolean');
}

const widestValue = 60;

function show(value: Value, type: ValueTypeName = 'json'): string {
  const text = printable(value === null ? 'null' : showValue(value, type));
  return text.length <= widestValue ? text : `${text.slice(0, widestValue - 1)}…`;
}
