import { spawnSync } from 'node:child_process';
import t from 'tap';
import type { Io } from '../../src/command.js';
import { type Discovery, refuseBroken } from '../../src/discover/ask-machine.js';
import { deliver } from '../../src/discover/discovery.js';
import { listingProbes } from '../../src/discover/listing.js';
import { shells } from '../run-script.js';

function say() {
  const said: string[] = [];
  const io = { err: (text: string) => said.push(`err ${text}`), out: (text: string) => said.push(`out ${text}`) };
  return { said, io: io as unknown as Io };
}

const request = { targets: [], fresh: new Set<string>() };
const nothing: Discovery = { entries: [], remarks: [], unseen: ['units: da\u001brk'] };
const something: Discovery = {
  entries: [{ group: 'users', resource: 'user', subject: 'a', expects: { shell: '/bin/sh' } }],
  remarks: [],
  unseen: [],
};

t.test('nothing found is 2; nothing new is 0; what could not be seen is told', async (t) => {
  const empty = say();
  t.equal(await deliver(request, new Map([['a', nothing]]), undefined, empty.io), 2);
  t.same(empty.said, ['err not seen: units: da\\u001brk\n', 'err nothing could be found\n']);
  const covered = say();
  const both = new Map([
    ['a', nothing],
    ['b', something],
  ]);
  t.equal(await deliver({ ...request, file: 'x.yaml' }, both, undefined, covered.io), 0);
  t.same(covered.said, ['err not seen: a: units: da\\u001brk\n', 'err x.yaml covers all that was found\n']);
});

t.test('it is printed where no file is to be written', async (t) => {
  const printed = say();
  const composed = { text: 'version: 1\n', merged: { entries: [], remarks: [] }, stuck: [] };
  t.equal(await deliver(request, new Map([['a', something]]), composed, printed.io), 0);
  t.same(printed.said, ['out version: 1\n']);
});

t.test('each shell can read the listing', async (t) => {
  for (const { script, answers } of listingProbes) {
    for (const [name = 'sh', ...words] of shells) {
      const { status, stderr } = spawnSync(name, [...words, '-n'], { input: script.raw, encoding: 'utf8' });
      t.same([status, stderr], [0, ''], `${answers[0]?.subject} in ${name}`);
    }
  }
});

t.test('a program that was cut off makes no spec', async (t) => {
  t.throws(() => refuseBroken(['the program was cut off: gone'], 'web'), {
    code: 'connection-lost',
    message: 'web: the program was cut off: gone',
  });
  refuseBroken([], 'web');
});
