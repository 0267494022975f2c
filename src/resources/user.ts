import { type Account, type Accounts, readAccounts } from '../accounts.js';
import type { NoReading, Observation, Query, Script } from '../model.js';
import { absent, defineResource, known, sameForAll, unknown, unknownReading } from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import { readSections, type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';

export default defineResource({
  name: 'user',
  summary: 'A user, as the target looks it up (local files, LDAP and whatever else nsswitch names)',
  subject: {
    summary: 'Login name',
    example: 'alice',
    pattern: /^[A-Za-z0-9_.][A-Za-z0-9_.@\\ -]*\$?$/,
    mistake: 'a user name is letters, digits and _ . @ -, and does not begin with -',
  },
  params: {},
  properties: {
    uid: { type: 'number', summary: 'Number of the user', example: 1000 },
    gid: { type: 'number', summary: 'Number of the primary group', example: 100 },
    home: { type: 'string', summary: 'Home folder', example: '/home/alice' },
    shell: { type: 'string', summary: 'Login shell', example: '/run/current-system/sw/bin/bash' },
    groups: {
      type: 'list',
      summary: 'Names of all groups, the primary one included, sorted; a group without a name is its number',
      example: ['users', 'wheel'],
    },
    locked: {
      type: 'boolean',
      summary: 'No password can match (the stored one begins with ! or *); keys may still let the user in',
      example: true,
    },
  },
  needs: ['getent', 'id (coreutils 8.31)'],
  notes: 'Only root may see whether a password is locked: connect as root or set `sudo: true`, or `locked` is unknown.',
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForUsers(queries),
      exits: [0],
      limit: Math.max(10, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 8 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, readSections(output)),
    },
  ],
});

type Sections = ReadonlyMap<string, Section>;

/** Three processes at most for some thousand users; `getent initgroups` was ruled out, as it gives numbers only. */
function askForUsers(queries: readonly Query[]): Script {
  return joinScripts([
    ...namesOf(queries).map((names) => section('passwd', sh`getent passwd -- ${names}`)),
    ...namesOf(queries.filter(wantsGroups)).map(askForGroups),
    ...namesOf(queries.filter((query) => query.wanted.has('locked'))).map(askForLocks),
  ]);
}

function namesOf(queries: readonly Query[]): readonly (readonly string[])[] {
  return chunkWords([...new Set(queries.map((query) => query.subject))]);
}

/** `id` takes a number for a uid, whose groups would stand among the others without a name: those are not asked. */
function wantsGroups(query: Query): boolean {
  return query.wanted.has('groups') && !/^\d+$/.test(query.subject);
}

/**
 * `id` prints no user names: its lists are told apart by their order. Each ends with two NUL bytes, but only where more
 * than one name is given, hence the first name twice.
 */
function askForGroups(names: readonly string[]): Script {
  return section('groups', sh`id -Gnz -- ${names.slice(0, 1)} ${names}; echo`);
}

/** Only whether a password is locked leaves the target, never the hash. */
function askForLocks(names: readonly string[]): Script {
  const locks = sh`getent shadow -- ${names} | sed -n 's/^\([^:]*\):\([!*]\{0,1\}\).*/\1:\2/p'`;
  return section('shadow', sh`if [ -r /etc/shadow ]; then ${locks}; else false; fi`);
}

function readAnswer(queries: readonly Query[], sections: Sections) {
  const passwd = sections.get('passwd');
  // 2: some were not found, which is an answer.
  if (!passwd || (passwd.exit !== 0 && passwd.exit !== 2)) {
    return sameForAll(queries, unknown(`getent gave no answer: ${passwd?.said[0] ?? 'it was not run to its end'}`));
  }
  const accounts = readAccounts(passwd.lines);
  const groups = readGroups(queries.filter(wantsGroups), accounts, sections.get('groups'));
  return new Map(
    queries.map((query) => [query.id, readUser(query, accounts.get(query.subject), groups, sections.get('shadow'))]),
  );
}

/** Lists of groups by user; undefined where there are not as many lists as users who exist. */
function readGroups(queries: readonly Query[], accounts: Accounts, section: Section | undefined) {
  const asked = namesOf(queries).flatMap((names) => [...names.slice(0, 1), ...names]);
  const users = asked.filter((name) => accounts.has(name));
  const lists = (section?.lines ?? []).flatMap((line) => line.split('\0\0').slice(0, -1));
  if (lists.length !== users.length) return undefined;
  return new Map(users.map((user, at) => [user, (lists[at] ?? '').split('\0').sort()]));
}

function readUser(
  query: Query,
  account: Account | 'broken' | undefined,
  groups: ReadonlyMap<string, readonly string[]> | undefined,
  shadow: Section | undefined,
): Observation<Readings> {
  // getent takes a number for a uid, and its answer then has another name: hence the look by name.
  if (!account) return absent(`no user is called ${query.subject}`);
  if (account === 'broken') return unknown(`getent answered with a broken line for ${query.subject}`);
  const { password, ...shown } = account;
  return known({
    ...shown,
    ...(query.wanted.has('groups') && { groups: groups?.get(query.subject) ?? unknownReading(noGroups(query)) }),
    ...(query.wanted.has('locked') && { locked: readLock(query.subject, password, shadow) }),
  });
}

interface Readings extends Omit<Account, 'password'> {
  readonly groups?: readonly string[] | NoReading;
  readonly locked?: boolean | NoReading;
}

function noGroups(query: Query): string {
  return wantsGroups(query)
    ? '`id -Gnz` gave no list of groups for each user: coreutils 8.31 or newer is needed'
    : 'the groups of a user whose name is a number cannot be asked for';
}

/** An empty password is not locked; `x` in passwd(5) refers to shadow(5). */
function readLock(name: string, password: string, shadow: Section | undefined): boolean | NoReading {
  if (password !== 'x') return /^[!*]/.test(password);
  if (shadow?.exit !== 0)
    return unknownReading('passwords may be seen by root only: connect as root or set `sudo: true`');
  const line = shadow.lines.find((line) => line.startsWith(`${name}:`));
  return line === undefined ? unknownReading('it has no entry in the shadow database') : /:[!*]$/.test(line);
}
