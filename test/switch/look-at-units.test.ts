import t from 'tap';
import { listUnits, readJournalSince } from '../../src/switch/look-at-units.js';

const ended = (stdout: string, more: object = {}) => ({
  ...{ exit: 0, stdout: Buffer.from(stdout), stderr: Buffer.from(''), truncated: false },
  ...more,
});

const unit = (name: string, more = '') =>
  `Id=${name}\nActiveState=active\nSubState=running\nResult=success\nNRestarts=2\nTransient=no\n${more}`;

t.test('units, but for those that come and go by nature', async (t) => {
  const { parse } = listUnits();
  const texts = [
    unit('web.service'),
    'Id=run-r1.service\nActiveState=failed\nTransient=yes\n',
    unit('nixspec-rollback.timer'),
    'Id=gone.service\nActiveState=inactive\nSubState=dead\n',
  ];
  t.strictSame(parse(ended(texts.join('\n'))), [
    { name: 'web.service', active: 'active', sub: 'running', result: 'success', restarts: 2 },
    { name: 'gone.service', active: 'inactive', sub: 'dead', result: '', restarts: 0 },
  ]);
});

t.test('a list that is not whole is none', async (t) => {
  const { parse } = listUnits();
  t.throws(() => parse(ended(unit('web.service'), { truncated: true })), { message: 'there are too many' });
  const failed = { exit: 1, stderr: Buffer.from('Failed to connect to bus\n') };
  t.throws(() => parse(ended('', failed)), { message: 'Failed to connect to bus' });
});

t.test('what units said', async (t) => {
  const { parse } = readJournalSince('s=1', ['web.service', 'quiet.service']);
  const text =
    '=unit web.service\nNov 23 10:00:00 web[1]: one\nNov 23 10:00:01 web[1]: =unit two\n=unit quiet.service\n';
  t.strictSame(parse(ended(text)), [
    { unit: 'web.service', lines: ['Nov 23 10:00:00 web[1]: one', 'Nov 23 10:00:01 web[1]: =unit two'] },
  ]);
  t.strictSame(parse(ended('')), []);
});

t.test('names of units and the cursor are words of the shell, whatever is in them', async (t) => {
  const { script } = readJournalSince("s='; reboot; '", ['$(reboot).service']);
  t.notMatch(script.raw, /^\s*reboot/m);
  t.match(script.raw, "'$(reboot).service'");
});
