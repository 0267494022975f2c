import t from 'tap';
import journal from '../../src/resources/journal.js';
import { ask, read, shellProbes } from '../run-script.js';

const boot = '64dca485-99ef-4afa-a89c-905b33e41e54';
const bootId = boot.replaceAll('-', '');
const now = Date.parse('2026-11-23T04:00:00Z') / 1000;

interface Recorded {
  access?: string;
  since?: string;
  first?: object | null;
  newest?: object | null;
  unit?: Record<string, string>;
  entries?: string;
  end?: string;
  stderr?: string;
  exit?: number;
}

const edge = (time: string, monotonic: number, id = bootId) => ({
  _BOOT_ID: id,
  __REALTIME_TIMESTAMP: String((Date.parse(time) / 1000) * 1e6),
  __MONOTONIC_TIMESTAMP: String(monotonic * 1e6),
});
const atBoot = edge('2026-11-23T01:00:00Z', 12);
const rotated = edge('2026-11-23T02:30:00Z', 5400);
const olderBoot = edge('2026-11-01T00:00:00Z', 3, 'f'.repeat(32));
const newestEntry = edge('2026-11-23T03:59:00Z', 10_800);

function record(given: Recorded): string {
  const { access = 'ok', since = 'boot', first = atBoot, newest = newestEntry, unit = {} } = given;
  const block = { Id: 'nginx.service', LoadState: 'loaded', ActiveState: 'active', LogNamespace: '', ...unit };
  return [
    `=access ${access}`,
    `=since ${since}`,
    `=boot ${boot} UserspaceTimestampMonotonic=10000000`,
    ...[first, newest].flatMap((one) => (one ? [JSON.stringify(one)] : [])),
    '=units',
    ...Object.entries(block).map(([key, value]) => `${key}=${value}`),
    given.entries ?? '=entries nginx.service 2 0\n"one"\n[98,252]',
    given.end ?? '=end 0\n',
  ].join('\n');
}

function look(given: Recorded, subject = 'nginx.service', params = {}) {
  const query = ask(journal, subject, ['count', 'messages'], params);
  const { exit = 0, stderr = '' } = given;
  const found = read(journal, [query], { stdout: record(given), exit, stderr }).get(query.id);
  return found?.status === 'known' ? found.readings : found;
}

t.test('subjects and parameters', async (t) => {
  t.equal(journal.subject.normalize?.('nginx'), 'nginx.service');
  t.equal(journal.subject.normalize?.('host'), 'host');
  for (const good of ['boot', 'switch', '1h', '26h', '1d12h', '90s'])
    t.match(good, journal.params.since?.form?.pattern, good);
  for (const bad of ['', 'yesterday', '-1h', 'boots', '3600', '1h ago'])
    t.notMatch(bad, journal.params.since?.form?.pattern, bad);
});

t.test('all of the messages', async (t) => {
  const whole = { count: 2, messages: 'one\nb\u{fffd}\n' };
  t.same(look({}), whole);
  t.same(look({ first: olderBoot }), whole, 'the journal goes back beyond the boot');
  t.same(look({ since: String(now - 3600) }, undefined, { since: '1h' }), whole, 'and beyond what was asked for');
  t.same(
    look({ since: String(now - 86_400) }, undefined, { since: '1d' }),
    whole,
    'a journal that begins with the boot',
  );
  t.same(look({ first: rotated, since: String(now - 3600) }), whole);
  t.same(look({ entries: '=entries nginx.service 0 0' }), { count: 0, messages: '' });
  t.same(look({ unit: { LoadState: 'not-found', ActiveState: 'inactive' } }), whole, 'a unit that was');
});

t.test('a part of the messages', async (t) => {
  const gone = 'older messages are gone: the journal begins at 2026-11-23T02:30:00Z, later than';
  const partly = (reason: string, part: object) => ({ noReading: 'unknown', reason, partly: part });
  for (const [given, reason] of [
    [{ first: rotated }, `${gone} the boot`],
    [{ first: rotated, since: String(now - 7200) }, `${gone} 2026-11-23T02:00:00Z`],
    [
      { stderr: 'Journal file x is truncated, ignoring file.\nmore' },
      'not all of the journal could be read: Journal file x is truncated, ignoring file.',
    ],
  ] as const) {
    t.same(look(given), {
      count: partly(reason, { atLeast: 2 }),
      messages: partly(reason, { end: 'one\nb\u{fffd}\n' }),
    });
  }
  const cut = '=entries nginx.service 9 8\n"last"';
  const reason = 'only the last 1 of 9 messages were read (5 B)';
  t.same(look({ entries: cut }), { count: 9, messages: partly(reason, { end: 'last\n' }) });
  t.match(look({ entries: cut, first: rotated }), { messages: { reason: `${reason}; ${gone} the boot` } });
});

t.test('no such unit', async (t) => {
  const unit = { LoadState: 'not-found', ActiveState: 'inactive' };
  const entries = '=entries nginx.service 0 0';
  const reason = 'systemd knows no nginx.service, and no message of it is in the journal';
  t.same(look({ unit, entries }), { status: 'absent', reason });
  t.match(look({ unit, entries, first: rotated }), { status: 'unknown', reason: `${reason}; older messages are gone` });
});

t.test('no answer', async (t) => {
  const denied =
    'this user may not read the journal: connect as root or a member of systemd-journal, or set `sudo: true`';
  for (const [given, reason] of [
    [{ access: 'denied' }, denied],
    [{ access: 'none' }, 'there is no journal: journald does not run, or keeps nothing (Storage=none)'],
    [{ exit: 61 }, 'journalctl is missing (systemd)'],
    [{ exit: 62 }, 'awk is missing'],
    [{ exit: 63 }, /^the time of the last switch cannot be told: there is no \/run\/current-system/],
    [{ end: '' }, 'journalctl gave no answer: its answer has no end'],
    [{ end: '=end 1\n', stderr: 'Failed to open' }, 'journalctl gave no answer: Failed to open'],
    [{ first: null, newest: null }, 'the journal is empty'],
    [{ newest: olderBoot }, 'the newest message in the journal is of an earlier boot: journald does not write to it'],
    [{ unit: { LogNamespace: 'own' } }, 'it writes to a journal of its own (LogNamespace=own), which is not read'],
    [{ entries: '=entries other.service 0 0' }, 'journalctl did not tell of nginx.service'],
  ] as const) {
    t.match(look(given), { status: 'unknown', reason }, String(reason));
  }
});

t.test('one look for each period and priority, whatever the number of units', async (t) => {
  const params: readonly Record<string, string>[] = [
    {},
    { since: 'boot' },
    { since: '1h' },
    { since: '60m', priority: 'debug' },
    { since: '1h', priority: 'err' },
  ];
  const queries = params.flatMap((one) =>
    Array.from({ length: 100 }, (_, at) => ask(journal, `u${at}.service`, ['count'], one)),
  );
  const probes = shellProbes(journal, queries);
  t.same(
    probes.map(({ answers }) => answers.length),
    [200, 200, 100],
  );
  t.notMatch(probes[0]?.script.raw, /'-p'/);
  t.match(probes[2]?.script.raw, /'-p' err /);
  t.equal(shellProbes(journal, [ask(journal, 'a.service', ['count'], {})])[0]?.maxBytes, 65_536 + 2048);
});
