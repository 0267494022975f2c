import { readAccounts } from '../accounts.js';
import type { InventoryChange, InventorySection, InventoryUser } from '../inventory-model.js';
import { type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';
import { explainNoAnswer, known, unknown } from './bounded.js';

export const askForUsers = joinScripts([
  section('passwd', sh`bounded getent passwd`),
  section('group', sh`bounded getent group`),
]);

/** Reads what `askForUsers` printed. */
export function readUsers(sections: ReadonlyMap<string, Section>): InventorySection<readonly InventoryUser[]> {
  const [passwd, group] = [sections.get('passwd'), sections.get('group')];
  const reason = explainNoAnswer('getent', passwd) ?? explainNoAnswer('getent', group);
  if (reason !== undefined || !passwd || !group) return unknown(reason ?? 'getent gave no answer');
  const { names, members } = readGroups(group.lines);
  const accounts = readAccounts(passwd.lines);
  const users: InventoryUser[] = [];
  for (const [name, account] of accounts) {
    if (account === 'broken') return unknown('an answer of getent could not be read');
    const { uid, gid, home, shell } = account;
    if (comesAndGoes(uid)) continue;
    const groups = [...(members.get(name) ?? [])].sort();
    users.push({ name, uid, group: names.get(gid) ?? String(gid), home, shell: dropHash(shell), groups });
  }
  return known(users.sort((a, b) => a.uid - b.uid || (a.name < b.name ? -1 : 1)));
}

/** group(5): names by number, and the groups that name a user as member. */
function readGroups(lines: readonly string[]) {
  const names = new Map<number, string>();
  const members = new Map<string, Set<string>>();
  for (const line of lines) {
    const [name = '', , gid = '', list = ''] = line.split(':');
    if (!names.has(Number(gid))) names.set(Number(gid), name);
    for (const user of list.split(',').filter(Boolean)) {
      members.set(user, (members.get(user) ?? new Set()).add(name));
    }
  }
  return { names, members };
}

/** Those that systemd makes for a service while it runs (`DynamicUser=`), and for containers: systemd's UIDS-GIDS page. */
function comesAndGoes(uid: number): boolean {
  return (uid >= 61_184 && uid <= 65_519) || (uid >= 524_288 && uid <= 1_879_048_191);
}

/** A shell of another build is the same shell. */
function dropHash(path: string): string {
  return path.replace(/^\/nix\/store\/[0-9a-z]{32}-[^/]*/, '/nix/store/…');
}

export function compareUsers(before: readonly InventoryUser[], after: readonly InventoryUser[]): InventoryChange[] {
  const earlier = new Map(before.map((user) => [user.name, user]));
  const later = new Set(after.map(({ name }) => name));
  const gone = before.filter(({ name }) => !later.has(name));
  return [
    ...after.flatMap((user) => {
      const other = earlier.get(user.name);
      return other ? compareUser(other, user) : [{ ...about('added', user), after: describe(user) }];
    }),
    ...gone.map((user) => ({ ...about('removed', user), before: describe(user) })),
  ];
}

function about(kind: 'added' | 'removed' | 'changed', { name }: InventoryUser) {
  return { section: 'users' as const, kind, subject: name };
}

function compareUser(before: InventoryUser, after: InventoryUser): InventoryChange[] {
  const fields = ['uid', 'group', 'home', 'shell', 'groups'] as const;
  return fields.flatMap((property) => {
    const [one, other] = [showField(before, property), showField(after, property)];
    return one === other ? [] : [{ ...about('changed', after), property, before: one, after: other }];
  });
}

function describe(user: InventoryUser): string {
  const fields = ['uid', 'group', 'shell', ...(user.groups.length > 0 ? (['groups'] as const) : [])] as const;
  return fields.map((field) => `${field} ${showField(user, field)}`).join(', ');
}

function showField(user: InventoryUser, field: 'uid' | 'group' | 'home' | 'shell' | 'groups'): string {
  const value = field === 'groups' ? user.groups.join(' ') : String(user[field]);
  return value === '' ? 'none' : value;
}
