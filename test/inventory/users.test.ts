import t from 'tap';
import { compareUsers, readUsers } from '../../src/inventory/users.js';
import type { InventoryUser } from '../../src/inventory-model.js';
import { readSections } from '../../src/shell/sections.js';

function read(passwd: string, group = '', exits = [0, 0], said = '') {
  const stdout = `${passwd}\n=passwd ${exits[0]}\n${group}\n=group ${exits[1]}\n`;
  const stderr = `${said}\n=passwd ${exits[0]}\n${said}\n=group ${exits[1]}\n`;
  return readUsers(readSections({ stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) }));
}

t.test('who there is', async (t) => {
  const hash = '0c3mxq7ckgwlvqk8cpsa3mm4fmzlrjsg';
  const passwd = [
    'root:x:0:0:System administrator:/root:/run/current-system/sw/bin/bash',
    `alice:x:1000:100:Alice, +49 123 456:/home/alice:/nix/store/${hash}-fish-4.0/bin/fish`,
    'dynamic:!:63123:63123::/:/usr/sbin/nologin',
    'vu-web-0:!:524288:524288::/:/usr/sbin/nologin',
    'nogroup:x:7:4711::/:/bin/sh',
  ].join('\n');
  const group = 'root:x:0:\nusers:x:100:alice\nwheel:x:1:root,alice\nsystemd-journal:x:62:alice';
  t.same(read(passwd, group), {
    status: 'known',
    value: [
      {
        name: 'root',
        uid: 0,
        group: 'root',
        home: '/root',
        shell: '/run/current-system/sw/bin/bash',
        groups: ['wheel'],
      },
      { name: 'nogroup', uid: 7, group: '4711', home: '/', shell: '/bin/sh', groups: [] },
      {
        name: 'alice',
        uid: 1000,
        group: 'users',
        home: '/home/alice',
        shell: '/nix/store/…/bin/fish',
        groups: ['systemd-journal', 'users', 'wheel'],
      },
    ],
  });
});

t.test('could not look', async (t) => {
  const line = 'root:x:0:0::/root:/bin/sh';
  for (const [name, found, reason] of [
    ['none', readUsers(new Map()), 'getent was not run to its end'],
    ['missing', read('', '', [127, 0], 'sh: getent: not found'), 'getent gave no answer: sh: getent: not found'],
    ['groups', read(line, '', [0, 2]), 'getent gave no answer: exit status 2'],
    ['it hangs', read('', '', [137, 0]), 'getent gave no answer within 10 s'],
    ['busybox says so', read('', '', [124, 0]), 'getent gave no answer within 10 s'],
    ['a broken line', read(`${line}\nalice:x:10`), 'an answer of getent could not be read'],
    ['a broken number', read('alice:x:ten:0::/:/bin/sh'), 'an answer of getent could not be read'],
  ] as const) {
    t.same(found, { status: 'unknown', reason }, name);
  }
});

t.test('comparing', async (t) => {
  const alice: InventoryUser = {
    name: 'alice',
    uid: 1000,
    group: 'users',
    home: '/home/alice',
    shell: '/bin/sh',
    groups: [],
  };
  const about = (kind: string, words: object) => ({ section: 'users', kind, subject: 'alice', ...words });
  for (const [name, before, after, expected] of [
    ['the same', [alice], [{ ...alice }], []],
    [
      'added',
      [],
      [{ ...alice, groups: ['adm', 'wheel'] }],
      [about('added', { after: 'uid 1000, group users, shell /bin/sh, groups adm wheel' })],
    ],
    ['removed', [alice], [], [about('removed', { before: 'uid 1000, group users, shell /bin/sh' })]],
    [
      'changed',
      [alice],
      [{ ...alice, uid: 0, shell: '/bin/bash', groups: ['wheel'] }],
      [
        about('changed', { property: 'uid', before: '1000', after: '0' }),
        about('changed', { property: 'shell', before: '/bin/sh', after: '/bin/bash' }),
        about('changed', { property: 'groups', before: 'none', after: 'wheel' }),
      ],
    ],
    [
      'group',
      [alice],
      [{ ...alice, group: 'root' }],
      [about('changed', { property: 'group', before: 'users', after: 'root' })],
    ],
    [
      'home',
      [alice],
      [{ ...alice, home: '/' }],
      [about('changed', { property: 'home', before: '/home/alice', after: '/' })],
    ],
  ] as const) {
    t.same(compareUsers(before, after), expected, name);
  }
});
