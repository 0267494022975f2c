/** A mounted file system. */
export interface Mount {
  readonly source: string;
  readonly filesystem: string;
  readonly options: readonly string[];
}

/** proc_pid_mountinfo(5). A later mount on the same point covers an earlier one. */
export function readMounts(table: string): ReadonlyMap<string, Mount> {
  const mounts = new Map<string, Mount>();
  for (const line of table.split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [filesystem, source, superOptions] = fields.slice(dash + 1);
    const [point, options] = fields.slice(4);
    if (dash < 0 || point === undefined || options === undefined || filesystem === undefined) continue;
    mounts.set(unescapePath(point), {
      source: unescapePath(source ?? ''),
      filesystem: unescapePath(filesystem),
      options: mergeOptions(options, superOptions ?? ''),
    });
  }
  return mounts;
}

/** Both sets hold `rw` or `ro`; read-only on either side is read-only. */
function mergeOptions(mount: string, filesystem: string): readonly string[] {
  const options = new Set([...mount.split(','), ...filesystem.split(',')].filter(Boolean).map(unescapePath));
  if (options.has('ro')) options.delete('rw');
  return [...options].sort();
}

/** As the kernel writes a path in its mount table. */
export function escapePath(path: string): string {
  return path.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
