import t from 'tap';
import { printPasswords, readPasswords } from '../src/shadow.js';
import { runScript, shells } from './run-script.js';

const lines = [
  'set:$y$j9T$salt$hash:20000:0:99999:7::20454:',
  'old:$1$salt$hash:0::::::',
  'des:abJnggxhB/yWI:20000:1:365:7:::',
  'locked:!$6$salt$hash:20000::::::',
  'never:*:20000::::::',
  'odd:!!:::::::',
  'empty::20000::::::',
  'bad:$6 evil:x$salt:1::::::',
];

t.test('no hash leaves the target', async (t) => {
  const filter = /awk [\s\S]*}'/.exec(printPasswords(['a']).raw)?.[0] ?? 'false';
  for (const shell of shells) {
    const script = `printf '%s\n' ${lines.map((line) => `'${line}'`).join(' ')} | ${filter}`;
    t.equal(
      runScript(script, shell).stdout.toString(),
      [
        'set::y:+:20000:0:99999:7::20454',
        'old::1:+:0:::::',
        'des:::+:20000:1:365:7::',
        'locked:!:6:+:20000:::::',
        'never:*:::20000:::::',
        'odd:!!:::::::: '.trimEnd(),
        'empty::::20000:::::',
        'bad:::+:x$salt:1::::',
        '',
      ].join('\n'),
      shell.join(' '),
    );
  }
});

t.test('what is told', async (t) => {
  const day = 86_400;
  const none = (reason: string) => ({ noReading: 'absent', reason });
  const section = {
    exit: 0,
    said: [],
    lines: [
      'set::y:+:20000:1:365:7::20454',
      'plain:::+:::::: '.trimEnd(),
      'new::gy:+:0::-1:::',
      'empty::::20000:::::',
      'locked:!:zz:+:30000:::::',
      'broken:!',
    ],
  };
  const facts = readPasswords(section, 20_100 * day);
  t.strictSame(facts?.get('set'), {
    password: 'set',
    'password-scheme': 'yescrypt',
    'password-age': 100 * day,
    'password-min-age': day,
    'password-max-age': 365 * day,
    'password-warning': 7 * day,
    expires: 20_454 * day,
    expired: false,
  });
  t.strictSame(facts?.get('plain'), {
    password: 'set',
    'password-scheme': 'des',
    'password-age': none('when it was changed is not recorded'),
    'password-min-age': none('it may be changed at any time'),
    'password-max-age': none('it need not be changed'),
    'password-warning': none('nobody is warned'),
    expires: none('the account does not expire'),
    expired: false,
  });
  t.match(facts?.get('new'), {
    'password-scheme': 'gost-yescrypt',
    'password-age': none('it must be changed at the next login'),
    'password-max-age': none('it need not be changed'),
  });
  t.match(facts?.get('empty'), { password: 'empty', 'password-scheme': none('there is no hash') });
  t.match(facts?.get('locked'), { password: 'locked', 'password-scheme': 'zz', 'password-age': 0 });
  t.notOk(facts?.has('broken'));
  t.match(readPasswords(section, undefined)?.get('set'), {
    'password-age': { noReading: 'unknown', reason: 'date gave no answer' },
  });
  t.equal(readPasswords({ ...section, exit: 1 }, 0), undefined);
  t.equal(readPasswords(undefined, 0), undefined);
});
