import type { Pair, SpecNode } from '../spec/node.js';
import { blockMap } from '../spec/yaml-writer.js';
import { type EntryWork, finishDraft, hasAssertion, translateAttributes } from './attributes.js';
import type { Draft } from './draft.js';
import { acceptedBooleans } from './gate.js';
import { AssertsNothing, emptyList, NotCarried } from './site.js';
import { anyMark } from './template-run.js';

/** What `systemctl` says, and the property of `unit` that is meant. */
const questions = {
  enabled: { property: 'enabled', verb: 'is-enabled' },
  running: { property: 'active', verb: 'is-active' },
} as const;

/**
 * A unit. That it is not enabled or not running Goss also finds where there is no such unit, while nothing is true of a
 * unit that is not there: so these become what Goss itself does, a question to systemctl.
 * @throws NotCarried
 */
export function translateService(work: EntryWork): Draft[] {
  const { lines, subject, entry } = work;
  if (subject.includes('/')) throw new NotCarried('to Goss a name with a slash is never there');
  if (/[*?[]/.test(subject)) {
    lines.remark(
      'differs',
      entry.pair.key,
      'of several units that a pattern means, one is enough; here all must be so',
    );
  }
  const commands: Draft[] = [];
  const ask = (name: keyof typeof questions) => (pair: Pair) => {
    const { property, verb } = questions[name];
    const word = readWord(pair.value);
    const accepted = word === undefined ? acceptedBooleans(pair.value) : [word];
    if (word !== undefined)
      lines.remark('differs', pair.key, `Goss takes ${wordOf(pair.value)} for a text, which never holds`);
    if (accepted?.length === 2) throw new AssertsNothing(`${name}: true and false will do, which asserts nothing`);
    if (accepted?.length === 0) throw new NotCarried('in Goss this can never hold');
    if (accepted?.[0] === false) {
      lines.remarkAll(
        'note',
        pair.key,
        'not enabled or not running holds in Goss also where there is no such unit: so systemctl is asked',
      );
      commands.push(askSystemctl(work, verb, pair));
      return;
    }
    if (accepted && name === 'enabled') {
      lines.remarkAll(
        'note',
        pair.key,
        'Goss takes every static unit for enabled; nixspec only those that something starts',
      );
    }
    if (!accepted && pair.value.kind !== 'scalar') throw new NotCarried('only true and false can be compared');
    if (!accepted) {
      lines.wants(pair.value.kind === 'scalar' ? pair.value.source : '', 'boolean');
      lines.remark('differs', pair.key, 'false also holds where there is no such unit; here it does not');
    }
    lines.add(property, accepted ? true : pair.value.kind === 'scalar' ? pair.value.source : null, pair.key);
  };
  translateAttributes(work, {
    enabled: ask('enabled'),
    running: ask('running'),
    runlevels: ({ value }) => {
      if (value.kind === 'list' && value.items.length === 0) throw new AssertsNothing(emptyList);
      throw new NotCarried('systemd has no runlevels, and Goss finds none');
    },
  });
  const shared = lines.lines.filter(({ key }) => ['title', 'tags', 'skip'].includes(key));
  const units = hasAssertion(lines, work.type) ? [finishDraft(work)] : [];
  const [first, ...others] = commands.map((draft) => ({ ...draft, lines: [...shared, ...draft.lines] }));
  if (!first) return units;
  return [...units, units.length > 0 ? first : { ...first, trailing: lines.takePending() }, ...others];
}

/** `yes` and the like, which YAML no longer takes for true and false. */
function readWord(node: SpecNode): boolean | undefined {
  return /^(yes|no|on|off)$/i.test(wordOf(node)) ? /^(yes|on)$/i.test(wordOf(node)) : undefined;
}

function wordOf(node: SpecNode): string {
  return node.kind === 'scalar' ? node.source : '';
}

function askSystemctl({ subject, lines, entry }: EntryWork, verb: string, { key }: Pair): Draft {
  const quoted =
    /^[\w@.:-]+$/.test(subject) || anyMark.test(subject) ? subject : `'${subject.replaceAll("'", "'\\''")}'`;
  const { before, behind } = lines.takeComments(key);
  return {
    resource: 'command',
    subject: `systemctl ${verb} --quiet ${quoted}`,
    id: entry.id,
    position: lines.position,
    // 1 to 4 are answers of systemctl; that it could not be run is none.
    lines: [{ key: 'exit-status', value: blockMap({ ge: 1, le: 4 }) }],
    before: [...before, ...lines.takePending()],
    ...(behind !== undefined && { behind }),
    trailing: [],
    above: [],
  };
}
