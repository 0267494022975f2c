import { groupByPath, groupBySubject, showAsserted, showLine, showPath } from '../lint/asserted.js';
import { allOf, decide, holdsFor } from '../lint/decide.js';
import { checkEachTarget } from '../lint/each-target.js';
import { listWorlds, type World } from '../lint/worlds.js';
import type { Asserted, Finding, LintInput, LintRule } from '../lint-rule.js';

const contradiction: LintRule = {
  name: 'contradiction',
  summary: 'Assertions that can never hold, alone or together',
  severity: 'error',
  help: `\
Something always fails, whatever the machine is like: \`exists: false\` beside any other property, \`active: true\` beside
\`state: failed\`, \`restarts: { ge: 5, le: 3 }\`, a port that is not to listen and yet has an address; also where the two stand
in different files of the spec. Entries that wait (\`within\`) or need others are not held against other entries, as they may
be true one after the other. Keep the one that is meant.`,
  check: (input) =>
    checkEachTarget(input, ({ asserted }) =>
      groupBySubject(asserted).flatMap((group) => {
        const impossible = groupByPath(group).flatMap((same) => findImpossible(same, input));
        return impossible.length > 0 ? impossible : findApart(atOneTime(group), input);
      }),
    ),
};

export default contradiction;

/** One property of which no value is as expected. */
function findImpossible(same: readonly Asserted[], input: LintInput): readonly Finding[] {
  const alone = same.filter(({ certainty }) => certainty === 'never');
  if (alone.length > 0) return alone.map((one) => tell(input, one, `${showAsserted(one)} can never hold`));
  const together = atOneTime(same);
  for (const [at, last] of together.entries()) {
    const parts = together.slice(0, at + 1);
    const all = allOf(parts.map(({ expectation }) => expectation));
    if (at === 0 || decide(all, last.range, input.matchers) !== 'never') continue;
    // The one that it is at odds with, where that is a single one.
    const pair = parts.find(
      (one) => decide(allOf([one.expectation, last.expectation]), last.range, input.matchers) === 'never',
    );
    return [
      tell(
        input,
        last,
        pair ? sayBoth(pair, last) : `${showPath(last.written)} cannot be all that is expected of it`,
        pair,
      ),
    ];
  }
  return [];
}

/** What is looked at once, or in one and the same entry: what may become true later is no contradiction. */
function atOneTime(group: readonly Asserted[]): readonly Asserted[] {
  const [first] = group;
  if (group.every(({ entry }) => entry === first?.entry)) return group;
  return group.filter(({ entry: { options, needs } }) => options.within === 0 && !needs);
}

/** Properties of one thing that exclude each other. */
function findApart(group: readonly Asserted[], input: LintInput): readonly Finding[] {
  const [first] = group;
  if (!first || group.length < 2) return [];
  const worlds = listWorlds(first.resource.name, first.resource.properties.state?.words);
  // One that holds all of it is found at once, mostly.
  if (worlds.some((world) => group.every((one) => fits(one, world, input)))) return [];
  const wrong = new Map(group.map((one) => [one, worlds.map((world) => !fits(one, world, input))] as const));
  const excludes = (one: Asserted, other: Asserted) =>
    worlds.every((_, at) => wrong.get(one)?.[at] === true || wrong.get(other)?.[at] === true);
  for (const [at, last] of worlds.length === 0 ? [] : group.entries()) {
    const other = group.slice(0, at).find((one) => excludes(one, last));
    if (other) return [tell(input, last, sayBoth(other, last), other)];
  }
  return [];
}

function sayBoth(one: Asserted, other: Asserted): string {
  return `${showAsserted(one)} and ${showAsserted(other)} cannot both hold`;
}

function fits({ written, expectation, range }: Asserted, { values, only, none }: World, input: LintInput): boolean {
  const [property = '', ...keys] = written.path;
  if (none?.includes(property) || (only && !only.includes(property))) return false;
  const possible = values[property];
  if (!possible || keys.length > 0) return true;
  return possible.some((value) => holdsFor(value, expectation, range, input.matchers) !== false);
}

function tell(input: LintInput, { written }: Asserted, message: string, other?: Asserted): Finding {
  const line = other && showLine(other.written, written.position);
  const hint = other && `${showPath(other.written)} stands in ${line}; keep the one that is meant`;
  return { place: input.placeOf(written.position), message, ...(hint !== undefined && { hint }) };
}
