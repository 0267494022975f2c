// What is asserted, for every contender the same: a list of checks, each one assertion.

/** @typedef {'unit' | 'port' | 'file' | 'user' | 'group' | 'command' | 'http' | 'sysctl' | 'mount'} Kind */
/** @typedef {{ kind: Kind, subject: string, property: string, expected: string | number | boolean }} Check */

/** The parts of the issue: 40 % units, 15 % ports, 15 % files, 10 % users and groups, 10 % commands, 5 % HTTP, 5 % system. */
const shares = { unit: 40, port: 15, file: 15, account: 10, command: 10, http: 5, system: 5 };

export const unitCount = 400;
export const folder = '/srv/nixspec-bench';
export const httpPort = 8099;
export const prefix = 'nixspec-bench';

const three = (number) => String(number).padStart(3, '0');
export const unitName = (i) => `${prefix}-${three(i)}.service`;
export const portNumber = (i) => 20000 + i;
export const fileName = (i) => `${folder}/file-${three(i)}`;
export const fileMode = (i) => ['0644', '0640', '0600'][i % 3];
export const fileOwner = (i) => (i % 2 === 0 ? 'root' : 'nobody');
export const userName = (i) => `benchuser${three(i)}`;
export const groupName = (i) => `benchgroup${three(i)}`;
export const accountId = (i) => 30000 + i;
export const userShell = (i) => (i % 2 === 0 ? '/usr/sbin/nologin' : '/bin/sh');
export const fileText = (i) => `file number ${i}`;

/** How many things of a kind must be on the machine for `count` assertions. */
export function sizes(count) {
  const parts = divide(count);
  const accounts = Math.max(50, Math.ceil(parts.account / 2));
  return { units: unitCount, ports: Math.max(150, parts.port), files: Math.max(150, parts.file), accounts };
}

/**
 * The checks for `count` assertions, each about another thing.
 * @param {number} count at most 1000, since there are 400 units
 * @param {{ address: string, sysctls: [string, string][], mounts: [string, string][] }} machine
 * @returns {Check[]}
 */
export function makeChecks(count, machine) {
  const parts = divide(count);
  return [
    // Most specs ask whether a unit runs; every fourth check asks whether it will after the next boot.
    ...repeat(parts.unit, (i) => check('unit', unitName(i), i % 4 === 3 ? 'enabled' : 'active', true)),
    ...commonChecks(parts, machine),
  ];
}

/**
 * Several checks about each unit: the 400 units do for 10,000 assertions with ten of them.
 * @param {number} each checks about each unit, at most ten; the first eight are in the words of `systemctl show`
 */
export function makeChecksOfFewUnits(count, each, machine) {
  const parts = divide(count);
  const properties = Object.entries(unitProperties).slice(0, each);
  return [
    ...repeat(parts.unit, (i) => {
      const [property, expected] = properties[i % properties.length];
      return check('unit', unitName(Math.floor(i / properties.length)), property, expected);
    }),
    ...commonChecks(parts, machine),
  ];
}

/** The same checks, with one expectation that is wrong. */
export function spoil(checks, kind) {
  const at = checks.findIndex((each) => each.kind === kind);
  if (at < 0) throw new Error(`no check of kind ${kind}`);
  return checks.map((each, i) => (i === at ? { ...each, expected: wrong(each) } : each));
}

const unitProperties = {
  active: true,
  enabled: true,
  state: 'active',
  'sub-state': 'exited',
  'load-state': 'loaded',
  'unit-file-state': 'enabled',
  result: 'success',
  type: 'oneshot',
  healthy: true,
  'needs-reload': false,
};

function commonChecks(parts, { address, sysctls, mounts }) {
  const mountCount = Math.min(mounts.length, Math.floor(parts.system / 5));
  return [
    ...repeat(parts.port, (i) => check('port', `tcp:${portNumber(i)}`, 'listening', true)),
    ...repeat(parts.file, (i) =>
      i % 2 === 0 ? check('file', fileName(i), 'mode', fileMode(i)) : check('file', fileName(i), 'owner', fileOwner(i)),
    ),
    ...repeat(Math.ceil(parts.account / 2), (i) =>
      i % 2 === 0 ? check('user', userName(i), 'uid', accountId(i)) : check('user', userName(i), 'shell', userShell(i)),
    ),
    ...repeat(Math.floor(parts.account / 2), (i) => check('group', groupName(i), 'gid', accountId(i))),
    ...repeat(parts.command, commandCheck),
    ...repeat(parts.http, (i) => {
      const missing = i % 5 === 4;
      return check(
        'http',
        `http://${address}:${httpPort}/${missing ? 'missing' : 'there'}/${i}`,
        'status',
        missing ? 404 : 200,
      );
    }),
    ...repeat(parts.system - mountCount, (i) => check('sysctl', sysctls[i][0], 'value', sysctls[i][1])),
    ...repeat(mountCount, (i) => {
      const [point, filesystem] = mounts[i];
      return check('mount', point, 'filesystem', filesystem);
    }),
  ];
}

/** Ordinary commands of one or two processes each; an exit status or a line of output. */
function commandCheck(i) {
  const forms = [
    () => check('command', `test -e ${fileName(i % 150)}`, 'exit-status', 0),
    () => check('command', `cat ${fileName(i % 150)}`, 'stdout', fileText(i % 150)),
    () => check('command', `grep -q absent-${i} /etc/passwd`, 'exit-status', 1),
    () => check('command', `expr ${i} + 1`, 'stdout', String(i + 1)),
    () => check('command', `seq ${i + 1} | tail -n 1`, 'stdout', String(i + 1)),
  ];
  const made = forms[i % forms.length]();
  // A subject is asked about once: the number makes commands distinct that would else come again.
  return i < 150 ? made : { ...made, subject: `: ${i}; ${made.subject}` };
}

function check(kind, subject, property, expected) {
  return { kind, subject, property, expected };
}

function wrong({ expected }) {
  if (typeof expected === 'boolean') return !expected;
  if (typeof expected === 'number') return expected + 1;
  return /^\d{4}$/.test(expected) ? '0777' : `${expected}x`;
}

function repeat(count, make) {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** Shares of a count; each kind at least one, and what rounding leaves goes to the first kinds. */
function divide(count) {
  const parts = Object.fromEntries(
    Object.entries(shares).map(([kind, share]) => [kind, Math.max(1, Math.floor((count * share) / 100))]),
  );
  const kinds = Object.keys(parts);
  for (let rest = count - sum(Object.values(parts)), i = 0; rest > 0; rest--, i++) parts[kinds[i % kinds.length]] += 1;
  return parts;
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
