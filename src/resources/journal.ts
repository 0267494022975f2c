import {
  boundOf,
  type JournalAnswer,
  type JournalQuestion,
  journalExits,
  type Messages,
  mostOfOne,
  readJournal,
  readJournalAnswer,
} from '../journal.js';
import type { NoReading, Observation, Probe, Query, ShellOutput } from '../model.js';
import {
  absent,
  defineResource,
  known,
  type Property,
  partlyKnown,
  type ReadingsOf,
  sameForAll,
  unknown,
} from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import { readWord, type UnitBlock } from '../systemctl.js';
import { countOf } from '../text.js';
import { normalizeUnitName, oneUnitPattern, unitNameMistake } from '../unit-name.js';
import { durationPattern, readDuration, showSize, showValue } from '../value.js';

const priorities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

const properties = {
  count: { type: 'number', least: 0, summary: 'Number of messages', example: 0 },
  messages: {
    type: 'text',
    summary: `The messages, each beginning a line; of long ones the last ${mostOfOne / 1024} KiB`,
    example: ['!segfault'],
    volatile: true,
  },
} as const satisfies { readonly [name: string]: Property };

type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'journal',
  summary: 'What a unit, or the whole machine, wrote to the journal',
  subject: {
    summary: 'Name of a unit, without a suffix of a service; or `host`, for all messages of the machine',
    example: 'nginx.service',
    pattern: oneUnitPattern,
    mistake: unitNameMistake,
    normalize: (written) => (written === 'host' ? written : normalizeUnitName(written)),
  },
  params: {
    since: {
      type: 'string',
      summary: '`boot`, `switch` (when the running system was activated) or a duration back from now; default boot',
      example: '1h',
      form: {
        pattern: new RegExp(`^(boot|switch)$|${durationPattern.replace('-?', '')}`),
        expects: 'boot, switch or a duration such as 1h',
      },
    },
    priority: {
      type: 'string',
      summary: 'Only messages that are at least as severe; default debug, which is all of them',
      example: 'err',
      words: priorities,
    },
  },
  properties,
  needs: ['journalctl, systemctl and awk'],
  notes: `\
- Messages of a unit are those of its processes, those of systemd about it, and its core dumps: what \`journalctl -u\` shows.
- Only root and the groups \`systemd-journal\`, \`adm\` and \`wheel\` (where NixOS or the distribution says so) may read the
  journal: for anybody else it is unknown, never empty.
- \`since: switch\` is when \`/run/current-system\` was last made, at a switch or at boot; only NixOS has it.
- Where the journal begins later than was asked for (it was rotated) or not all of the messages were read (${mostOfOne / 1024} KiB of one
  unit, 8 MiB of all), what is known is a part: a line that is found there is found, a forbidden one fails, a count that is
  too high already fails; anything else is unknown. Of a journal that is kept in memory, what was before the boot is not
  missed. Messages that journald dropped (rate limits) are nowhere.
- A unit that systemd does not know and that has no messages is absent, so that \`count: 0\` does not hold for a misspelt one.`,
  probes: (queries) => groupQueries(queries).flatMap(({ queries: group, ...question }) => lookAt(group, question)),
});

type Question = Pick<JournalQuestion, 'since' | 'priority'>;

/** One look for each period and priority. */
function groupQueries(queries: readonly Query[]): readonly (Question & { readonly queries: Query[] })[] {
  const groups = new Map<string, Question & { readonly queries: Query[] }>();
  for (const query of queries) {
    const question = readQuestion(query);
    const key = JSON.stringify(question);
    const group = groups.get(key);
    if (group) group.queries.push(query);
    else groups.set(key, { ...question, queries: [query] });
  }
  return [...groups.values()];
}

function readQuestion({ params: { since = 'boot', priority = 'debug' } }: Query): Question {
  return {
    since: since === 'boot' || since === 'switch' ? since : readDuration({ value: since }),
    // journalctl would leave out what has no priority.
    ...(priority !== 'debug' && { priority: String(priority) }),
  };
}

/** A command line, and a variable of the environment, take some thousand names. */
function lookAt(queries: readonly Query[], question: Question): readonly Probe<Readings>[] {
  const names = [...new Set(queries.map(({ subject }) => subject))];
  return chunkWords(names).map((chunk) => {
    const asked = queries.filter(({ subject }) => chunk.includes(subject));
    const texts = asked.filter(({ wanted }) => wanted.has('messages')).map(({ subject }) => subject);
    const units = chunk.filter((name) => name !== 'host');
    const whole = { ...question, units, host: chunk.includes('host'), texts: [...new Set(texts)] };
    return {
      kind: 'shell',
      answers: asked,
      script: readJournal(whole),
      exits: [0, ...journalExits.keys()],
      limit: Math.max(60, ...asked.map(({ timeout }) => timeout ?? 0)),
      maxBytes: boundOf(whole),
      slots: 'shared',
      parse: (output) => readObservations(asked, units, output),
    };
  });
}

function readObservations(queries: readonly Query[], units: readonly string[], output: ShellOutput) {
  const reason = journalExits.get(output.exit);
  if (reason !== undefined) return sameForAll(queries, unknown(reason));
  const answer = readJournalAnswer(output);
  const refusal = explainNoAnswer(answer, units);
  if (refusal !== undefined) return sameForAll(queries, unknown(refusal));
  const blocks = new Map(units.map((name, at) => [name, answer.units[at]]));
  const gap = explainGap(answer);
  return new Map(queries.map((query) => [query.id, observe(query, blocks.get(query.subject), answer, gap)]));
}

/** Why nothing is known at all. */
function explainNoAnswer(answer: JournalAnswer, units: readonly string[]): string | undefined {
  const { access, exit, said, newest, boot } = answer;
  if (access === 'denied') {
    return 'this user may not read the journal: connect as root or a member of systemd-journal, or set `sudo: true`';
  }
  if (access === 'none') return 'there is no journal: journald does not run, or keeps nothing (Storage=none)';
  if (exit !== 0) return `journalctl gave no answer: ${said || 'its answer has no end'}`;
  if (!newest) return 'the journal is empty';
  if (newest.boot !== boot)
    return 'the newest message in the journal is of an earlier boot: journald does not write to it';
  return answer.units.length === units.length ? undefined : 'systemctl did not tell which units there are';
}

/** Seconds after the start of systemd at which journald has begun to write, on a slow machine too. */
const startup = 60;

/** Why there may have been more messages than there are now. */
function explainGap({ first, since, boot, started, said }: JournalAnswer): string | undefined {
  if (said !== '') return `not all of the journal could be read: ${said}`;
  if (!first) return 'where the journal begins is not known';
  const inBoot = first.boot === boot;
  if (inBoot && first.monotonic - started <= startup * 1e6) return undefined;
  if (since === 'boot' ? !inBoot : first.time <= since) return undefined;
  const asked = since === 'boot' ? 'the boot' : showValue(since, 'time');
  return `older messages are gone: the journal begins at ${showValue(Math.round(first.time), 'time')}, later than ${asked}`;
}

function observe(
  { subject, wanted }: Query,
  block: UnitBlock | undefined,
  answer: JournalAnswer,
  gap: string | undefined,
): Observation<Readings> {
  const namespace = block && readWord(block, 'LogNamespace');
  if (namespace) return unknown(`it writes to a journal of its own (LogNamespace=${namespace}), which is not read`);
  const messages = answer.messages.get((block && readWord(block, 'Id')) ?? subject);
  if (!messages) return unknown(`journalctl did not tell of ${subject}`);
  if (block && messages.count === 0 && isUnknownUnit(block)) {
    const nothing = `systemd knows no ${subject}, and no message of it is in the journal`;
    return gap === undefined ? absent(nothing) : unknown(`${nothing}; ${gap}`);
  }
  return known({
    count: gap === undefined ? messages.count : partlyKnown(gap, { atLeast: messages.count }),
    ...(wanted.has('messages') && { messages: readText(messages, gap) }),
  });
}

function isUnknownUnit(block: UnitBlock): boolean {
  return readWord(block, 'LoadState') === 'not-found' && readWord(block, 'ActiveState') === 'inactive';
}

function readText({ count, last, left }: Messages, gap: string | undefined): string | NoReading {
  const text = last.map((message) => `${message}\n`).join('');
  const cut = `only the last ${last.length} of ${countOf(count, 'message')} were read (${showSize(text.length)})`;
  const reason = [...(left > 0 ? [cut] : []), ...(gap === undefined ? [] : [gap])].join('; ');
  return reason === '' ? text : partlyKnown(reason, { end: text });
}
