import { randomBytes } from 'node:crypto';
import { chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { NixspecError } from '../error.js';

/**
 * Writes a file whole or not at all: beside its place, then renamed. A link is followed; mode and owner stay.
 * @param before what it held when it was read; undefined where there was none
 * @throws NixspecError `usage`
 */
export async function saveSpec(file: string, text: string, before: string | undefined): Promise<void> {
  try {
    const path = await realpath(file).catch(() => file);
    const status = await stat(path).catch(() => undefined);
    const now = status && (await readFile(path, 'utf8'));
    const mark = now?.startsWith('\ufeff') ? '\ufeff' : '';
    if (now?.slice(mark.length) !== before) throw new Error('it was changed while nixspec looked');
    const beside = `${path}.${randomBytes(4).toString('hex')}.part`;
    try {
      const part = await open(beside, 'wx', status ? 0o600 : 0o666);
      try {
        await part.writeFile(`${mark}${text}`);
        if (status) await part.chmod(status.mode & 0o7777);
        await part.sync();
      } finally {
        await part.close();
      }
      if (status && status.uid !== process.getuid?.()) await chown(beside, status.uid, status.gid);
      await rename(beside, path);
    } finally {
      await rm(beside, { force: true });
    }
  } catch (cause) {
    throw new NixspecError('usage', `cannot write ${file}: ${(cause as Error).message}`, {
      operation: 'write spec',
      cause,
    });
  }
}
