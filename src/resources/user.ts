import { type Account, type Accounts, readAccounts } from '../accounts.js';
import { printAuthorizedKeys, readAuthorizedKeys } from '../authorized-keys.js';
import type { Observation, Query, Reading, Script } from '../model.js';
import { absent, absentReading, defineResource, known, sameForAll, unknown, unknownReading } from '../resource.js';
import { noRightToPasswords, type PasswordFacts, passwordStates, printPasswords, readPasswords } from '../shadow.js';
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
    uid: { type: 'number', least: 0, summary: 'Number of the user', example: 1000 },
    gid: { type: 'number', least: 0, summary: 'Number of the primary group', example: 100 },
    comment: { type: 'string', summary: 'Whatever stands in its comment field: full name and more', example: 'Alice' },
    home: { type: 'string', summary: 'Home folder', example: '/home/alice' },
    shell: { type: 'string', summary: 'Login shell', example: '/run/current-system/sw/bin/bash' },
    groups: {
      type: 'list',
      summary: 'Names of all groups, the primary one included, sorted; a group without a name is its number',
      example: ['users', 'wheel'],
    },
    'primary-group': { type: 'string', summary: 'Name of the primary group', example: 'users' },
    'authorized-keys': {
      type: 'list',
      summary: 'SSH keys that let the user in, type and key without options and comments, sorted',
      example: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG0Lx1mVzKeNl1pCFrbU2c0aOlFZ5kYIqBVTQ9pM3Hc1'],
    },
    locked: {
      type: 'boolean',
      summary: 'No password can match (the stored one begins with ! or *); keys may still let the user in',
      example: true,
    },
    password: {
      type: 'string',
      summary: 'Whether there is one: `empty` lets in whoever comes, `locked` nobody',
      example: 'set',
      words: passwordStates,
    },
    'password-scheme': {
      type: 'string',
      summary: 'How the stored password is hashed: yescrypt, sha512, bcrypt …, also of a locked one',
      example: 'yescrypt',
    },
    'password-age': {
      type: 'duration',
      summary: 'Time since the password was changed, in days',
      example: { le: '365d' },
      volatile: true,
    },
    'password-min-age': { type: 'duration', summary: 'How old it must be before it may be changed', example: '1d' },
    'password-max-age': { type: 'duration', summary: 'How old it may become', example: { le: '365d' } },
    'password-warning': { type: 'duration', summary: 'How long before that the user is warned', example: '7d' },
    expires: { type: 'time', summary: 'Day on which the account expires', example: { gt: '2026-12-31' } },
    expired: { type: 'boolean', summary: 'The account has expired', example: false },
  },
  needs: ['getent', 'id (coreutils 8.31)', 'awk for passwords', 'grep (GNU) for authorized-keys'],
  notes: `\
- Only root may see what is stored about passwords: connect as root or set \`sudo: true\`, or it is unknown. A hash never
  leaves the target.
- Keys are those in \`~/.ssh/authorized_keys\`, \`~/.ssh/authorized_keys2\` and \`/etc/ssh/authorized_keys.d/NAME\` (NixOS). One that
  signs certificates begins with \`cert-authority\`. Other files that sshd is told to read, and commands, are not known.
- What has no limit (\`expires\`, \`password-max-age\`) has no value.`,
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

const ofShadow: readonly string[] = [
  'locked',
  ...['password', 'password-scheme', 'password-age', 'password-min-age', 'password-max-age', 'password-warning'],
  ...['expires', 'expired'],
];
const ofClock = ['password-age', 'expired'];

/** A handful of processes for some thousand users; `getent initgroups` was ruled out, as it gives numbers only. */
function askForUsers(queries: readonly Query[]): Script {
  return joinScripts([
    ...namesOf(queries).map((names) => section('passwd', sh`getent passwd -- ${names}`)),
    ...namesOf(queries.filter(wantsGroups)).map(askForGroups),
    ...namesOf(queries.filter((query) => wants(query, ofShadow))).map((names) =>
      section('shadow', printPasswords(names)),
    ),
    ...(queries.some((query) => wants(query, ofClock)) ? [section('now', sh`date +%s`)] : []),
    ...namesOf(queries.filter((query) => query.wanted.has('authorized-keys'))).map((names) =>
      section('keys', printAuthorizedKeys(names)),
    ),
  ]);
}

function namesOf(queries: readonly Query[]): readonly (readonly string[])[] {
  return chunkWords([...new Set(queries.map((query) => query.subject))]);
}

function wants(query: Query, properties: readonly string[]): boolean {
  return properties.some((property) => query.wanted.has(property));
}

/** `id` takes a number for a uid, whose groups would stand among the others without a name: those are not asked. */
function wantsGroups(query: Query): boolean {
  return wants(query, ['groups', 'primary-group']) && !/^\d+$/.test(query.subject);
}

/**
 * `id` prints no user names: its lists are told apart by their order. Each ends with two NUL bytes, but only where more
 * than one name is given, hence the first name twice.
 */
function askForGroups(names: readonly string[]): Script {
  return section('groups', sh`id -Gnz -- ${names.slice(0, 1)} ${names}; echo`);
}

function readAnswer(queries: readonly Query[], sections: Sections) {
  const passwd = sections.get('passwd');
  // 2: some were not found, which is an answer.
  if (!passwd || (passwd.exit !== 0 && passwd.exit !== 2)) {
    return sameForAll(queries, unknown(`getent gave no answer: ${passwd?.said[0] ?? 'it was not run to its end'}`));
  }
  const accounts = readAccounts(passwd.lines);
  const now = Number(sections.get('now')?.lines[0] ?? Number.NaN);
  const told: Told = {
    groups: readGroups(queries.filter(wantsGroups), accounts, sections.get('groups')),
    passwords: readPasswords(sections.get('shadow'), Number.isNaN(now) ? undefined : now),
    keys: sections.get('keys'),
  };
  return new Map(queries.map((query) => [query.id, readUser(query, accounts.get(query.subject), told)]));
}

/** What was told of users beside their accounts. */
interface Told {
  /** By user, the primary one first; undefined where they could not be told apart. */
  readonly groups: ReadonlyMap<string, readonly string[]> | undefined;
  readonly passwords: ReadonlyMap<string, PasswordFacts> | undefined;
  readonly keys: Section | undefined;
}

/** Lists of groups by user; undefined where there are not as many lists as users who exist. */
function readGroups(queries: readonly Query[], accounts: Accounts, section: Section | undefined) {
  const asked = namesOf(queries).flatMap((names) => [...names.slice(0, 1), ...names]);
  const users = asked.filter((name) => accounts.has(name));
  const lists = (section?.lines ?? []).flatMap((line) => line.split('\0\0').slice(0, -1));
  if (lists.length !== users.length) return undefined;
  return new Map(users.map((user, at) => [user, (lists[at] ?? '').split('\0')]));
}

function readUser(query: Query, account: Account | 'broken' | undefined, told: Told): Observation<Readings> {
  // getent takes a number for a uid, and its answer then has another name: hence the look by name.
  if (!account) return absent(`no user is called ${query.subject}`);
  if (account === 'broken') return unknown(`getent answered with a broken line for ${query.subject}`);
  const { password, ...shown } = account;
  const groups = told.groups?.get(query.subject);
  const noList = unknownReading(noGroups(query));
  return known({
    ...shown,
    ...(query.wanted.has('groups') && { groups: groups ? [...groups].sort() : noList }),
    ...(query.wanted.has('primary-group') && { 'primary-group': groups?.[0] ?? noList }),
    ...(query.wanted.has('authorized-keys') && {
      'authorized-keys': readAuthorizedKeys(told.keys, query.subject, account.home),
    }),
    ...readPasswordFacts(query, password, told),
  });
}

type Readings = { readonly [property: string]: Reading };

function noGroups(query: Query): string {
  return wantsGroups(query)
    ? '`id -Gnz` gave no list of groups for each user: coreutils 8.31 or newer is needed'
    : 'the groups of a user whose name is a number cannot be asked for';
}

/** An empty password is not locked; `x` in passwd(5) refers to shadow(5). */
function readPasswordFacts(query: Query, password: string, { passwords }: Told): Readings {
  const wanted = ofShadow.filter((property) => query.wanted.has(property));
  const facts = password === 'x' ? passwords?.get(query.subject) : undefined;
  const none = unknownReading(passwords ? 'it has no entry in the shadow database' : noRightToPasswords);
  const elsewhere = absentReading('it has no entry in the shadow database');
  const state = password === '' ? 'empty' : /^[!*]/.test(password) ? 'locked' : 'set';
  const read = (property: string): Reading => {
    if (password !== 'x' && property === 'locked') return state === 'locked';
    if (password !== 'x') return property === 'password' ? state : elsewhere;
    if (!facts) return none;
    return property === 'locked' ? facts.password === 'locked' : (facts[property as keyof PasswordFacts] ?? none);
  };
  return Object.fromEntries(wanted.map((property) => [property, read(property)]));
}
