import { sh } from '../shell/sh.js';
import type { UnitJournal } from '../switch-model.js';
import { readBlocks } from '../systemctl.js';
import { splitLines } from '../text.js';
import type { UnitState } from './decide.js';
import type { Step } from './state.js';

const patterns = ['*.service', '*.socket', '*.mount', '*.swap', '*.timer', '*.path', '*.target'];

/** All units that are loaded, but for those that come and go by nature: `systemd-run`, sessions, nixspec's own. */
export function listUnits(): Step<readonly UnitState[]> {
  return {
    name: 'look at the units',
    script: sh`systemctl show --all -p Id -p ActiveState -p SubState -p Result -p NRestarts -p Transient -- ${patterns}`,
    limit: 60,
    parse: ({ exit, stdout, stderr, truncated }) => {
      if (exit !== 0 || truncated) throw new Error(truncated ? 'there are too many' : stderr.toString('utf8').trim());
      return readBlocks(stdout.toString('utf8')).flatMap((block) => {
        const text = (key: string) => block.get(key)?.[0] ?? '';
        const name = text('Id');
        if (name === '' || text('Transient') === 'yes' || name.startsWith('nixspec-')) return [];
        const restarts = Number(text('NRestarts')) || 0;
        return [{ name, active: text('ActiveState'), sub: text('SubState'), result: text('Result'), restarts }];
      });
    },
  };
}

/** Units that are asked what they said, and lines of each. */
const [mostUnits, mostLines] = [8, 15];

/**
 * The last that some units said since a place in the journal.
 * @param units none: whatever was said with the priority of an error, but not of the sessions that nixspec itself makes
 */
export function readJournalSince(cursor: string, units: readonly string[]): Step<readonly UnitJournal[]> {
  const chosen = units.slice(0, mostUnits);
  return {
    name: 'read the journal',
    script: sh`journalctl --sync >/dev/null 2>&1
since() { journalctl --quiet --no-pager --no-hostname --output=short --after-cursor=${cursor} --lines=${mostLines} "$@" | cut -c -400; }
if [ ${chosen.length} -eq 0 ]; then echo "=unit "; since --priority=err | grep -v ' sshd-session\['; fi
for unit in ${chosen}; do echo "=unit $unit"; since --unit="$unit"; done`,
    limit: 60,
    parse: ({ stdout }) => readSections(stdout.toString('utf8')),
  };
}

function readSections(text: string): readonly UnitJournal[] {
  const found: { unit: string; lines: string[] }[] = [];
  for (const line of splitLines(text)) {
    // What a unit says stands behind a date, so that it cannot look like this.
    if (line.startsWith('=unit ')) found.push({ unit: line.slice('=unit '.length), lines: [] });
    else if (line !== '') found.at(-1)?.lines.push(line);
  }
  return found.filter(({ lines }) => lines.length > 0);
}
