import t from 'tap';
import accounts from '../../src/resources/accounts.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

const everything = Object.keys(accounts.properties);
const passwd = [
  'root:x:0:0::/root:/bin/bash',
  'toor:x:0:0::/root:/bin/sh',
  'daemon:x:1:1::/:/usr/sbin/nologin',
  'sync:x:4:1::/:/bin/sync',
  'nixbld1:x:30001:30000::/var/empty:/run/current-system/sw/bin/nologin',
  'nixbld2:x:30002:30000::/var/empty:/run/current-system/sw/bin/nologin',
  'alice:x:1000:100::/home/alice:/bin/fish',
  'bob::1001:100::/home/bob:',
  'dan:!:1002:100::/home/dan:/bin/false',
  'nobody:x:65534:65534::/:/sbin/nologin',
].join('\n');
const group = 'root:x:0:\nusers:x:100:alice\nother:x:100:\nnixbld:x:30000:';
const shadow = 'root:!:y:+::::::\ntoor:*:::1:::::\nalice::6:+:1:::::\nnixbld1:!:::1:::::\nnobody::::::::: '.trimEnd();
const plain = `${passwd}\n=passwd 0\n${group}\n=group 0\n`;

function look(stdout: string, wanted: readonly string[], exclude?: readonly string[], stderr = '') {
  const query = ask(accounts, '', wanted, exclude ? { exclude } : {});
  return read(accounts, [query], { stdout, stderr }).get(query.id);
}

t.test('all of them', async (t) => {
  t.strictSame(look(`${plain}${shadow}\n=shadow 0\n`, everything, ['nixbld*', 'o*r', 'sy.c']), {
    status: 'known',
    readings: {
      users: ['alice', 'bob', 'daemon', 'dan', 'nobody', 'root', 'sync', 'toor'],
      groups: ['root', 'users'],
      people: ['alice', 'bob', 'dan'],
      login: ['alice', 'bob', 'root', 'sync', 'toor'],
      superusers: ['root', 'toor'],
      'with-password': ['alice'],
      'without-password': ['bob', 'nobody'],
      'shared-uids': ['0'],
      'shared-gids': [],
    },
  });
  t.match(look(plain, ['people', 'shared-gids']), {
    readings: { people: ['alice', 'bob', 'dan', 'nixbld1', 'nixbld2'], 'shared-gids': ['100'] },
  });
});

t.test('what cannot be told', async (t) => {
  const noRight = {
    noReading: 'unknown',
    reason: 'passwords may be seen by root only: connect as root or set `sudo: true`',
  };
  t.match(look(`${plain}=shadow 1\n`, ['without-password', 'people']), {
    readings: { 'without-password': noRight, 'with-password': noRight },
  });
  t.strictSame(look('=passwd 127\n', ['users'], [], 'sh: getent: not found\n=passwd 127\n'), {
    status: 'unknown',
    reason: 'getent gave no answer: sh: getent: not found',
  });
  t.strictSame(look('=passwd 0\n=group 0\n', ['users']), {
    status: 'unknown',
    reason: 'getent gave no answer: it was not run to its end',
  });
  t.strictSame(look('root:x:zero\n=passwd 0\nroot:x:0:\n=group 0\n', ['users']), {
    status: 'unknown',
    reason: 'getent answered with a broken line for root',
  });
});

t.test('this machine, in every shell', async (t) => {
  const query = ask(accounts, '', everything);
  for (const shell of shells) {
    t.match(observe(accounts, [query], shell).get(query.id), {
      readings: { superusers: ['root'], users: /daemon/, groups: /daemon/, login: /root/ },
    });
  }
  t.notMatch(shellProbes(accounts, [ask(accounts, '', ['users'])])[0]?.script.raw, /shadow/);
});
