import { showEntry, showLine } from '../lint/asserted.js';
import { holdsFor } from '../lint/decide.js';
import { type Door, doorOf, meansTarget } from '../lint/doors.js';
import { checkEachTarget } from '../lint/each-target.js';
import type { Asserted, Finding, LintInput, LintRule } from '../lint-rule.js';
import type { Entry, Target } from '../model.js';

const closedPort: LintRule = {
  name: 'closed-port',
  summary: 'A port that is not to listen, and a service that is to answer on it',
  severity: 'warning',
  help: `\
One entry says \`listening: false\` of a port, and an \`http\`, \`certificate\` or \`addr\` entry wants an answer from there. Told only
where the host is the target: a loopback address asked from the target, the host that SSH connects to or a name of the same
domain, or any name where the target is a staging VM, which answers for them. Where another machine answers (a proxy, a
forwarded port), say so by \`# nixspec-ignore closed-port\`.`,
  check: (input) =>
    checkEachTarget(input, ({ asserted, target }) => {
      const closed = asserted.filter((one) => isClosed(one, input));
      return closed.length === 0
        ? []
        : listDoors(asserted, input).flatMap((door) => check(door, closed, target, input));
    }),
};

export default closedPort;

function isClosed({ entry, written, expectation, range }: Asserted, { matchers }: LintInput): boolean {
  return (
    entry.resource === 'port' &&
    entry.subject.startsWith('tcp:') &&
    written.path[0] === 'listening' &&
    holdsFor(false, expectation, range, matchers) === true &&
    holdsFor(true, expectation, range, matchers) === false
  );
}

/** Entries that want an answer over TCP; not those that want none. */
function listDoors(asserted: readonly Asserted[], { matchers }: LintInput): readonly Door[] {
  const entries = new Map<Entry, boolean>();
  for (const { entry, written, expectation, range } of asserted) {
    const says = written.path[0] === 'exists' || (entry.resource === 'addr' && written.path[0] === 'reachable');
    const refused = says && holdsFor(false, expectation, range, matchers) === true;
    const other = entry.resource === 'addr' && written.path[0] === 'reason';
    entries.set(entry, (entries.get(entry) ?? true) && !refused && !other);
  }
  return [...entries].flatMap(([entry, wanted]) => (wanted ? (doorOf(entry) ?? []) : []));
}

function check(door: Door, closed: readonly Asserted[], target: Target, input: LintInput): readonly Finding[] {
  const port = closed.find(({ entry }) => entry.subject === `tcp:${door.port}`);
  if (!port || !meansTarget(door, target)) return [];
  const { entry } = door;
  return [
    {
      place: input.placeOf(entry.position),
      message: `${showEntry(entry)} is to answer on ${port.entry.subject}, where nothing is to listen`,
      hint: `${showEntry(port.entry)} stands in ${showLine(port.written, entry.position)}`,
    },
  ];
}
