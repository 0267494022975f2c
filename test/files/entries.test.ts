import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import file from '../../src/resources/file.js';
import { ask, observe, read, shells } from '../run-script.js';

const needRoot = process.getuid?.() === 0 ? false : 'needs root to become another user';

t.test('names in folders', async (t) => {
  const folder = t.testdir({ full: { b: '', a: { inner: '' } }, empty: {}, plain: '' });
  for (const name of ['a\nb', '=entries', '0/', '-n'].filter((name) => !name.includes('/'))) {
    writeFileSync(join(folder, 'full', name), '');
  }
  symlinkSync('full', join(folder, 'link'));
  const queries = ['full', 'link', 'empty', 'plain', 'none'].map((name) => ask(file, join(folder, name), ['entries']));
  const full = { status: 'known', readings: { entries: ['-n', '=entries', 'a', 'a\nb', 'b'] } };
  for (const shell of shells) {
    const observations = observe(file, queries, shell);
    t.strictSame(
      queries.map(({ id }) => observations.get(id)),
      [
        full,
        full,
        { status: 'known', readings: { entries: [] } },
        { status: 'known', readings: { entries: { noReading: 'absent', reason: 'a file has no entries' } } },
        { status: 'absent', reason: 'no such file or directory' },
      ],
      shell.join(' '),
    );
  }
});

t.test('a folder that may not be read is no empty one', { skip: needRoot }, async (t) => {
  const folder = t.testdir({ closed: { a: '' }, open: { b: '' } });
  chmodSync(join(folder, 'closed'), 0o711);
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'sh'];
  const queries = ['closed', 'open'].map((name) => ask(file, join(folder, name), ['entries']));
  const observations = observe(file, queries, nobody);
  t.match(observations.get(queries[0]?.id ?? ''), {
    readings: {
      entries: { noReading: 'unknown', reason: 'this user may not read it: connect as root or set `sudo: true`' },
    },
  });
  t.match(observations.get(queries[1]?.id ?? ''), { readings: { entries: ['b'] } });
});

t.test('recorded', async (t) => {
  const stat = '=followed\0/a\x0041ed\x000\0root\x000\0root\x005\x001700000000\0/a\0';
  const entriesOf = (stdout: string, stderr = '') => {
    const query = ask(file, '/a', ['entries']);
    const output = { stdout: `${stat}=entries\0${stdout}`, stderr: `=followed\n=entries\n${stderr}` };
    const observation = read(file, [query], output).get(query.id);
    return observation?.status === 'known' ? observation.readings.entries : observation;
  };
  t.strictSame(entriesOf('', 'sh: 3: find: not found\n'), {
    noReading: 'unknown',
    reason: 'it could not be listed: sh: 3: find: not found',
  });
  t.strictSame(entriesOf(''), { noReading: 'unknown', reason: 'find gave no answer' });
  const many = Array.from({ length: 99_999 }, (_, at) => `1/a\0name${at}\0`).join('');
  t.match(entriesOf(`0/a\0a\0${many}`), { noReading: 'unknown', reason: /more than 100000 names/ });
  t.throws(() => entriesOf('stray\0'), /broken record of find/);
});
