import t from 'tap';
import type { Observation } from '../../src/model.js';
import journal from '../../src/resources/journal.js';
import { machine, startLab } from '../lab/lab.js';
import { ask, observeOver } from '../run-script.js';

/** A real journald: what was written is what is found. */
const lab = await startLab();
const skip = 'skip' in lab && lab.skip;

const countOf = (one: Observation | undefined) => (one?.status === 'known' ? Number(one.readings.count) : Number.NaN);

t.test('what units and others wrote', { skip }, async (t) => {
  if ('skip' in lab) return;
  const staging = machine(lab, 'staging');
  // Of its own for each time, since the journal remembers.
  const unit = `nixspec-speaks\\x2d${Date.now()}.service`;
  await staging.sh(
    String.raw`systemd-run --quiet --wait --unit='${unit}' sh -c 'printf "plain\n\"quoted\" \\ back\n"; printf "<3>bad thing\n"; printf "\033[31mred\n"; printf "\374\n"' &&
    printf 'MESSAGE=I am systemd\nUNIT=nginx.service\n' | logger --journald && journalctl --sync`,
  );
  const counted = async (words: string) => Number(await staging.sh(`journalctl -q -b ${words} -o json | wc -l`));
  const queries = [
    ask(journal, unit, ['count', 'messages']),
    ask(journal, unit, ['count', 'messages'], { priority: 'err', since: '5m' }),
    ask(journal, 'nginx.service', ['count', 'messages']),
    ask(journal, 'fails.service', ['count']),
    ask(journal, 'shard@one.service', ['count']),
    ask(journal, 'dbus-org.freedesktop.login1.service', ['count']),
    ask(journal, 'nixspec-never.service', ['count']),
  ];
  for (const shell of ['dash', 'bash --posix']) {
    const [spoken, bad, nginx, ...others] = observeOver(lab.sshConfig, 'staging', journal, queries, shell);
    const text = spoken?.status === 'known' ? String(spoken.readings.messages) : JSON.stringify(spoken);
    t.match(text, /^(Starting|Started|Running) /m, 'what systemd says of it');
    t.match(text, 'plain\n"quoted" \\ back\nbad thing\n\u001b[31mred\n\u{fffd}\n');
    t.same(bad, { status: 'known', readings: { count: 1, messages: 'bad thing\n' } });
    t.notMatch(JSON.stringify(nginx), 'I am systemd', 'what others pretend');
    t.match(nginx, { readings: { count: await counted('-u nginx.service') } });
    // Each of these looks is a login, of which logind writes.
    t.ok(countOf(others[2]) > 10 && countOf(others[2]) <= (await counted('-u systemd-logind.service')), 'an alias');
    t.match(others, [
      { readings: { count: await counted('-u fails.service') } },
      { readings: { count: await counted('-u shard@one.service') } },
      { readings: { count: Number } },
      { status: 'absent', reason: 'systemd knows no nixspec-never.service, and no message of it is in the journal' },
    ]);
  }
});

t.test('the whole machine, and a switch where there is none', { skip }, async (t) => {
  if ('skip' in lab) return;
  const host = ask(journal, 'host', ['count'], { priority: 'warning' });
  const crashing = ask(journal, 'crash-loop.service', ['count'], { priority: 'warning' });
  const before = Number(await machine(lab, 'staging').sh('journalctl -q -b -p warning -o json | wc -l'));
  const [all, some] = observeOver(lab.sshConfig, 'staging', journal, [host, crashing]);
  t.ok(countOf(all) >= before && countOf(all) < before + 100, `${countOf(all)} after ${before}`);
  t.ok(countOf(some) > 0 && countOf(some) <= countOf(all));
  const [switched] = observeOver(lab.sshConfig, 'staging', journal, [
    ask(journal, 'host', ['count'], { since: 'switch' }),
  ]);
  t.match(switched, { status: 'unknown', reason: /there is no \/run\/current-system/ });
});

t.test('who may not read the journal is told so', { skip }, async (t) => {
  if ('skip' in lab) return;
  const queries = [ask(journal, 'host', ['count']), ask(journal, 'nginx.service', ['messages'])];
  for (const login of ['deploy@staging', 'app@staging', 'production-fishy']) {
    t.match(observeOver(lab.sshConfig, login, journal, queries), [
      { status: 'unknown', reason: /^this user may not read the journal/ },
      { status: 'unknown', reason: /^this user may not read the journal/ },
    ]);
  }
});
