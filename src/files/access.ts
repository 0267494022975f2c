import type { NoReading, Query, Script } from '../model.js';
import { absentReading, unknownReading } from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import type { FieldReader } from '../shell/fields.js';
import { joinScripts, sh } from '../shell/sh.js';

/** Each is a map from the name of a user to whether that user may; the names arrive as a parameter of the same name. */
export const accessRights = { 'readable-by': 'r', 'writable-by': 'w', 'executable-by': 'x' } as const;
export type AccessProperty = keyof typeof accessRights;

/** Whose access is asked for. */
export function usersOf(query: Query, property: AccessProperty): readonly string[] {
  const asked = query.params[property];
  return query.wanted.has(property) && Array.isArray(asked) ? asked.map(String) : [];
}

/** Paths by user. */
export function listAccessQuestions(queries: readonly Query[]): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, Set<string>>();
  for (const query of queries) {
    for (const property of Object.keys(accessRights) as AccessProperty[]) {
      for (const user of usersOf(query, property)) {
        paths.set(user, (paths.get(user) ?? new Set()).add(query.subject));
      }
    }
  }
  return new Map([...paths].map(([user, some]) => [user, [...some]]));
}

/** What the kernel says to that very user, with all that counts: groups, access control lists, a read-only mount. */
const look = `for p do
  r=- w=- x=-
  [ -r "$p" ] && r=r
  [ -w "$p" ] && w=w
  [ -x "$p" ] && x=x
  printf '%s\\0' "$0" "$p" $r$w$x
done`;

/**
 * Prints three fields for each user and path: `@user`, path, `r-x`. Three processes for each user. `runuser` was ruled out:
 * it opens a session, which is logged.
 */
export function printAccess(questions: ReadonlyMap<string, readonly string[]>): Script {
  return joinScripts([
    sh`access() {
  u=$1
  shift
  if [ "$u" = "$(id -un)" ]; then sh -c ${look} "@$u" "$@"
  elif ! g=$(id -g -- "$u" 2>/dev/null); then printf '%s\0' "@$u" '' none
  elif [ "$(id -u)" != 0 ]; then printf '%s\0' "@$u" '' denied
  else setpriv --reuid "$u" --regid "$g" --init-groups -- sh -c ${look} "@$u" "$@"
  fi
}`,
    ...[...questions].flatMap(([user, paths]) => chunkWords(paths).map((some) => sh`access ${user} ${some}`)),
  ]);
}

/** Answers by user, then by path; a word that is about the user stands under the empty path. */
export class AccessTable {
  private readonly words = new Map<string, Map<string, string>>();

  /** @throws Error where it is not what `printAccess` prints */
  add(field: string, fields: FieldReader): void {
    const path = fields.next();
    const word = fields.next();
    if (!field.startsWith('@') || path === undefined || word === undefined)
      throw new Error('a broken record of access');
    const user = field.slice(1);
    this.words.set(user, (this.words.get(user) ?? new Map<string, string>()).set(path, word));
  }

  read(user: string, path: string, property: AccessProperty, said: readonly string[]): boolean | NoReading {
    const words = this.words.get(user);
    if (words?.get('') === 'none') return absentReading(`no user is called ${user}`);
    if (words?.get('') === 'denied') {
      return unknownReading(`only root can look as ${user}: connect as root or set \`sudo: true\``);
    }
    const word = words?.get(path);
    if (word === undefined || !/^[r-][w-][x-]$/.test(word)) {
      return unknownReading(`it could not be looked at as ${user}: ${said[0] ?? 'no answer'}`);
    }
    return word.includes(accessRights[property]);
  }
}
