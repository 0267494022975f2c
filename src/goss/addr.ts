import { type EntryWork, translateAttributes } from './attributes.js';

/** An address to connect to. */
export function translateAddr(work: EntryWork): void {
  const { lines, subject, entry } = work;
  if (subject.startsWith('udp:')) {
    const text =
      'Goss sends nothing over UDP, and so finds it reachable whatever there is; nixspec waits for an answer';
    lines.remark('differs', entry.pair.key, text);
  }
  translateAttributes(work, {
    'local-address': ({ key, value }) => {
      if (value.kind !== 'scalar' || value.value === null || value.source === '') return;
      lines.remark('note', key, 'local-address works from the runner only, as SSH does not let one choose');
      lines.add('local-address', value.source, key);
    },
  });
}
