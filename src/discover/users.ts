import type { Query, Value } from '../model.js';
import { question } from './answers.js';
import type { Found, Part } from './finding.js';
import type { Listing } from './listing.js';

/** Users with a login shell: which one, their groups, and whether a password would let them in. Numbers are left out. */
export const usersPart: Part = {
  questions: (listing) => namesOf(listing).map(askForUser),
  describe: (listing, answers) => ({
    entries: namesOf(listing).flatMap((name): Found[] => {
      const query = askForUser(name);
      const [shell, groups, locked] = ['shell', 'groups', 'locked'].map((property) => answers.value(query, property));
      if (shell === undefined) return [];
      const expects: Record<string, Value> = { shell };
      if (groups !== undefined) expects.groups = groups;
      if (locked === true) expects.locked = true;
      return [{ group: 'users', resource: 'user', subject: name, expects }];
    }),
    remarks: [],
  }),
};

function askForUser(name: string): Query {
  return question('user', name, ['shell', 'groups', 'locked']);
}

const shells = /^(r?bash|sh|dash|ash|zsh|fish|[km]?ksh|mksh|t?csh|nu|nushell|xonsh|elvish|oil|osh|ion|murex|pwsh)$/;

/** What /etc/shells lists, and what is a shell by its name; not `nologin`, `false`, `sync` and the like. */
function namesOf({ basics }: Listing): readonly string[] {
  const listed = new Set(basics?.shells ?? []);
  return (basics?.users ?? [])
    .filter(({ shell }) => listed.has(shell) || shells.test(shell.slice(shell.lastIndexOf('/') + 1)))
    .filter(({ shell }) => !/\/(nologin|false|true|sync|shutdown|halt)$/.test(shell))
    .map(({ name }) => name)
    .filter((name) => /^[A-Za-z0-9_.][A-Za-z0-9_.@\\ -]*\$?$/.test(name))
    .sort();
}
