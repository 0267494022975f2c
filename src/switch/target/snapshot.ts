import type { Script } from '../../model.js';
import { quoteWord, sh } from '../../shell/sh.js';
import type { SnapshotRequest, SnapshotTaken, Step } from '../state.js';
import { readTold, tell } from './told.js';

/**
 * Copies data, so that a person can bring it back: what a rollback of the system cannot do, as data has moved on. The command
 * that brings it back is told and never run.
 *
 * @param id of the switch, part of the copy's name
 */
export function takeSnapshot(id: string, request: SnapshotRequest): Step<SnapshotTaken> {
  const made = nameCopy(id, request);
  return {
    name: `copy ${request.name}`,
    script: sh`${tell}
fail() {
  tell status failed
  tell reason "$1"
  tell end 1
  exit 0
}
umask 077
${makers[request.kind](request, made)}
tell status taken
tell end 1`,
    limit: request.timeout + 30,
    parse: (output) => {
      const told = readTold(output);
      if (told.get('status') !== 'taken')
        return { status: 'failed', reason: told.get('reason') ?? 'it does not say why' };
      const bytes = told.number('bytes');
      return { status: 'taken', made, restore: restoreCommand(request, made), ...(bytes !== undefined && { bytes }) };
    },
  };
}

function nameCopy(id: string, { kind, name, source, into }: SnapshotRequest): string {
  if (kind === 'zfs') return `${source}@nixspec-${id}`;
  if (kind === 'btrfs') return `${source.replace(/\/+$/, '')}/.nixspec-${id}`;
  return `${(into ?? '/var/lib/nixspec').replace(/\/+$/, '')}/${name.replace(/[^A-Za-z0-9._-]/g, '-')}-${id}`;
}

const makers: { readonly [kind in SnapshotRequest['kind']]: (request: SnapshotRequest, made: string) => Script } = {
  // The inode of a subvolume's root is 256 (btrfs-subvolume(8)); it lies within what it copies, where nobody else can have put a link.
  btrfs: ({ source, timeout }, made) => sh`command -v btrfs >/dev/null || fail 'btrfs is missing'
[ "$(stat -c %i -- ${source})" = 256 ] || fail ${`${source} is no subvolume`}
said=$(timeout ${timeout} btrfs subvolume snapshot -r -- ${source} ${made} 2>&1) || fail "$said"`,
  zfs: ({ timeout }, made) => sh`command -v zfs >/dev/null || fail 'zfs is missing'
said=$(timeout ${timeout} zfs snapshot -r ${made} 2>&1) || fail "$said"`,
  // The file is root's from the start; the command writes to it through what it was given.
  dump: ({ source, into, user, timeout }, made) => sh`folder=${into ?? '/var/lib/nixspec'} made=${made}
[ -d "$folder" ] || mkdir -p -m 0700 "$folder" || fail "the folder $folder could not be made"
[ -z "$(find "$folder" -maxdepth 0 -perm /022)" ] || fail "others may write to $folder: they could put a link in the place of the copy"
[ ! -e "$made" ] && [ ! -L "$made" ] || fail "$made is there already"
: >"$made" || fail "$made could not be written"
timeout -k 10 ${timeout} ${user === undefined ? sh`` : sh`setpriv --reuid=${user} --regid=${user} --init-groups -- `}/bin/sh -c ${source} >"$made" 2>"$made.log" </dev/null
code=$?
said=$(tail -c 500 "$made.log")
rm -f "$made.log"
[ $code = 0 ] || { rm -f "$made"; fail "it ended with exit status $code: $said"; }
[ -s "$made" ] || { rm -f "$made"; fail "it wrote nothing: $said"; }
sync "$made" || fail "$made could not be written to the disk"
tell bytes "$(stat -c %s "$made")"`,
};

function restoreCommand({ kind, source }: SnapshotRequest, made: string): string {
  if (kind === 'zfs') return `zfs rollback ${quoteWord(made)}`;
  if (kind === 'btrfs') return `cp -a --reflink=auto -- ${quoteWord(`${made}/.`)} ${quoteWord(source)}`;
  return `# the opposite of: ${source}\ncat ${quoteWord(made)}`;
}
