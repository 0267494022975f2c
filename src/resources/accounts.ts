import { type Account, type Accounts, readAccounts } from '../accounts.js';
import type { NoReading, Query, ShellOutput } from '../model.js';
import { compileRegexp } from '../pattern.js';
import {
  defineResource,
  known,
  type Property,
  type ReadingsOf,
  sameForAll,
  unknown,
  unknownReading,
} from '../resource.js';
import { noRightToPasswords, type PasswordFacts, printPasswords, readPasswords } from '../shadow.js';
import { readSections, type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';

/** login.defs(5), `UID_MIN` and `UID_MAX`, as NixOS and most distributions have them. */
const people = { from: 1000, to: 60_000 };

const properties = {
  users: { type: 'list', summary: 'Names of all users, sorted', example: { 'contain-elements': ['alice', 'root'] } },
  groups: { type: 'list', summary: 'Names of all groups, sorted', example: { 'contain-element': 'wheel' } },
  people: {
    type: 'list',
    summary: `Users with a number from ${people.from} to ${people.to}, sorted: those that are no system users`,
    example: ['alice', 'bob'],
  },
  login: {
    type: 'list',
    summary: 'Users whose shell lets them in: not nologin, not false; sorted',
    example: ['alice', 'postgres', 'root'],
  },
  superusers: { type: 'list', summary: 'Users with the number 0, sorted', example: ['root'] },
  'with-password': { type: 'list', summary: 'Users with a password that can match, sorted', example: [] },
  'without-password': { type: 'list', summary: 'Users who need no password at all, sorted', example: [] },
  'shared-uids': { type: 'list', summary: 'Numbers that more than one user has, sorted', example: [] },
  'shared-gids': { type: 'list', summary: 'Numbers that more than one group has, sorted', example: [] },
} as const satisfies { readonly [name: string]: Property };

type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'accounts',
  summary: 'All users and groups of the target: that there are no others',
  subject: { summary: 'The host', example: '', none: true },
  params: {
    exclude: {
      type: 'list',
      summary: 'Names of users and groups to leave out; `*` stands for any characters',
      example: ['nixbld*'],
    },
  },
  properties,
  needs: ['getent', 'awk for passwords'],
  notes: `\
- Users of a directory (LDAP, SSSD) are among them only where it lets itself be listed, which most do not.
- What is stored about passwords only root may see, or it is unknown. A user without a password can often not log in over SSH,
  but at the console, and with \`su\`.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: joinScripts([
        section('passwd', sh`getent passwd`),
        section('group', sh`getent group`),
        ...(queries.some(wantsPasswords) ? [section('shadow', printPasswords([]))] : []),
      ]),
      exits: [0],
      limit: Math.max(20, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 16 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, output),
    },
  ],
});

function wantsPasswords({ wanted }: Query): boolean {
  return wanted.has('with-password') || wanted.has('without-password');
}

function readAnswer(queries: readonly Query[], output: ShellOutput) {
  const sections = readSections(output);
  const [passwd, group] = [sections.get('passwd'), sections.get('group')];
  if (!isWhole(passwd) || !isWhole(group)) {
    const said = [...(passwd?.said ?? []), ...(group?.said ?? [])][0];
    return sameForAll<Readings>(queries, unknown(`getent gave no answer: ${said ?? 'it was not run to its end'}`));
  }
  const accounts = readAccounts(passwd.lines);
  const broken = [...accounts].find(([, account]) => account === 'broken');
  if (broken) return sameForAll<Readings>(queries, unknown(`getent answered with a broken line for ${broken[0]}`));
  const passwords = readPasswords(sections.get('shadow'), undefined);
  return new Map(
    queries.map((query) => [query.id, known(describeAll(query, accounts, passwd.lines, group.lines, passwords))]),
  );
}

/** Without an answer there would be no root, and so nothing to conclude from. */
function isWhole(section: Section | undefined): section is Section {
  return section?.exit === 0 && section.lines.length > 0;
}

function describeAll(
  query: Query,
  accounts: Accounts,
  userLines: readonly string[],
  groupLines: readonly string[],
  passwords: ReadonlyMap<string, PasswordFacts> | undefined,
): Readings {
  const isMeant = exclude(query);
  const users = [...accounts].filter((entry): entry is [string, Account] => entry[1] !== 'broken' && isMeant(entry[0]));
  const groups = groupLines.map((line) => line.split(':')).filter(([name = '']) => isMeant(name));
  const some = (holds: (account: Account) => boolean) =>
    users.flatMap(([name, account]) => (holds(account) ? name : [])).sort();
  const inState = (state: string) => listByPassword(users, passwords, state);
  return {
    users: some(() => true),
    groups: [...new Set(groups.flatMap(([name]) => name ?? []))].sort(),
    people: some(({ uid }) => uid >= people.from && uid <= people.to),
    login: some(({ shell }) => !/(^|\/)(nologin|false)$/.test(shell)),
    superusers: some(({ uid }) => uid === 0),
    ...(wantsPasswords(query) && { 'with-password': inState('set'), 'without-password': inState('empty') }),
    // By line, as the same name may stand there twice.
    'shared-uids': listShared(userLines.map((line) => line.split(':')).filter(([name = '']) => isMeant(name))),
    'shared-gids': listShared(groups),
  };
}

function exclude({ params }: Query): (name: string) => boolean {
  const patterns = Array.isArray(params.exclude) ? params.exclude.map((pattern) => compileStars(String(pattern))) : [];
  return (name) => !patterns.some((pattern) => pattern.test(name));
}

function compileStars(pattern: string) {
  const parts = pattern.split('*').map((part) => part.replace(/[^A-Za-z0-9_-]/gu, '\\$&'));
  return compileRegexp(`^${parts.join('.*')}$`);
}

/** `x` in passwd(5) refers to shadow(5); an account without an entry there has no password that could match. */
function listByPassword(
  users: readonly (readonly [string, Account])[],
  passwords: ReadonlyMap<string, PasswordFacts> | undefined,
  state: string,
): readonly string[] | NoReading {
  if (!passwords && users.some(([, { password }]) => password === 'x')) return unknownReading(noRightToPasswords);
  const stateOf = ([name, { password }]: readonly [string, Account]) => {
    if (password === 'x') return passwords?.get(name)?.password ?? 'locked';
    return password === '' ? 'empty' : /^[!*]/.test(password) ? 'locked' : 'set';
  };
  return users.flatMap((user) => (stateOf(user) === state ? user[0] : [])).sort();
}

/** The third field of passwd(5) and of group(5). */
function listShared(entries: readonly (readonly string[])[]): readonly string[] {
  const count = new Map<string, number>();
  for (const [, , id = ''] of entries) count.set(id, (count.get(id) ?? 0) + 1);
  return [...count].flatMap(([id, times]) => (times > 1 ? id : [])).sort((a, b) => Number(a) - Number(b));
}
