import t from 'tap';
import type { Outcome } from '../../src/model.js';
import { lookBack, markNow, markOfBoot } from '../../src/rehearse/on-the-way.js';

/** Answers what is asked of it one after the other. */
function machine(...answers: string[]) {
  const asked: string[] = [];
  return {
    asked,
    async ask(script: { readonly raw: string }) {
      asked.push(script.raw);
      return { text: answers.shift() ?? '', exit: 0, stderr: '' };
    },
  };
}

const ids = {
  started: '39f53479d3a045ac8e11786248231fbf',
  stopped: '9d1aaa27d60140bd96365438aad20286',
  jobFailed: 'be02cf6855d2428ba40df7e9d022f03d',
  failed: 'd9b373ed55a64feb8242e02dbe79a49c',
} as const;
const event = (unit: string, kind: keyof typeof ids) => JSON.stringify({ UNIT: unit, MESSAGE_ID: ids[kind] });
const failedUnit = (name: string) => `${name} loaded failed failed Something`;
const told = (failed: readonly string[], events: readonly string[]) =>
  `${failed.map(failedUnit).join('\n')}\n=events\n${events.join('\n')}\n=end\n`;
const said = (unit: string, ...entries: { readonly MESSAGE: unknown; readonly _PID: string }[]) =>
  `=unit ${unit}\n${entries.map((entry) => JSON.stringify(entry)).join('\n')}\n`;
const assertionOn = (subject: string) => ({ resource: 'unit', subject }) as Outcome;

t.test('a mark: where the journal is, and what is failed already', async (t) => {
  const mark = await markNow(machine(`{"__CURSOR":"s=1;i=2"}\n=failed\n${failedUnit('old.service')}\n`));
  t.same(mark, { cursor: 's=1;i=2', failed: new Set(['old.service']) });
  t.same(await markNow(machine('=failed\n')), { failed: new Set() }, 'an empty journal has no place in it');
});

t.test('what units went through', async (t) => {
  const mark = { cursor: 's=1', failed: new Set(['old.service']) };
  const events = [
    ...[event('app.service', 'stopped'), event('app.service', 'failed'), event('app.service', 'jobFailed')],
    ...[event('slow.service', 'failed'), event('slow.service', 'failed'), event('slow.service', 'started')],
    ...[event('nginx.service', 'stopped'), event('nginx.service', 'started')],
    ...[event('new.service', 'started'), event('gone.service', 'stopped')],
    ...[event('user@0.service', 'started'), event('session-1.scope', 'started'), event('basic.target', 'started')],
  ];
  const asked = machine(
    told(['app.service', 'old.service'], events),
    said('app.service', { MESSAGE: 'cannot migrate', _PID: '77' }, { MESSAGE: 'Failed with result', _PID: '1' }) +
      said('slow.service', { MESSAGE: 'Failed with result', _PID: '1' }) +
      said('old.service', { MESSAGE: [255, 1], _PID: '9' }),
  );
  const { units, failed, unknown } = await lookBack(asked, mark, [assertionOn('app'), assertionOn('n*.service')]);
  t.equal(unknown, undefined);
  t.same(failed, new Set(['app.service', 'old.service']));
  t.same(units, [
    { name: 'app.service', kind: 'broken', failures: 1, messages: ['cannot migrate'], asserted: true },
    { name: 'slow.service', kind: 'stumbled', failures: 2, messages: ['Failed with result'], asserted: false },
    { name: 'old.service', kind: 'failing', failures: 0, messages: [], asserted: false },
    { name: 'nginx.service', kind: 'restarted', failures: 0, messages: [], asserted: true },
    { name: 'new.service', kind: 'started', failures: 0, messages: [], asserted: true },
    { name: 'gone.service', kind: 'stopped', failures: 0, messages: [], asserted: false },
  ]);
  t.match(asked.asked[0], /--after-cursor=s=1/);
  t.match(asked.asked[1], /for unit in app\.service slow\.service old\.service; do/);
});

t.test('at a boot everything starts: only failures are told', async (t) => {
  const asked = machine(told(['app.service'], [event('nginx.service', 'started'), event('app.service', 'failed')]));
  const { units } = await lookBack(asked, markOfBoot(new Set()), []);
  t.same(units, [{ name: 'app.service', kind: 'broken', failures: 1, messages: [], asserted: false }]);
  t.match(asked.asked[0], /--boot/);
});

t.test('a journal that was not read to its end is no sign that nothing happened', async (t) => {
  for (const text of ['', '\n=events\n', `=events\n${event('app.service', 'failed')}\n`]) {
    const { unknown } = await lookBack(machine(text), { cursor: 's=1', failed: new Set() }, []);
    t.equal(unknown, 'the journal of the machine could not be read');
  }
});
