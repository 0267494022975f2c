import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Target } from '../model.js';
import type { VmKey } from './keys.js';

/**
 * Writes down how SSH reaches a VM: with the key that was made for it, and no other; its host key is known beforehand.
 * Nothing of the user's own configuration is meant for it, and nothing of the user's is lent to it.
 */
export async function writeAccess(folder: string, port: number, userKey: VmKey, hostKey: VmKey): Promise<void> {
  await writeFile(join(folder, 'key'), userKey.secret, { mode: 0o600 });
  await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey.open}\n`);
  await writeFile(
    join(folder, 'ssh_config'),
    [
      'Host vm',
      '  HostName 127.0.0.1',
      `  Port ${port}`,
      '  User root',
      `  IdentityFile ${quotePath(join(folder, 'key'))}`,
      `  UserKnownHostsFile ${quotePath(join(folder, 'known_hosts'))}`,
      '  GlobalKnownHostsFile none',
      '  StrictHostKeyChecking yes',
      '  UpdateHostKeys no',
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
      '  PreferredAuthentications publickey',
      '  ForwardAgent no',
      '  ForwardX11 no',
      '  ControlMaster no',
      '  ControlPath none',
      '  ConnectTimeout 10',
      '',
    ].join('\n'),
  );
}

/** ssh_config(5): words end at blanks unless quoted, and `%` begins a token. */
function quotePath(path: string): string {
  return `"${path.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')}"`;
}

/** The target, reached by SSH as it was written down. @throws Error where it was not */
export async function readAccess(folder: string, target: Target): Promise<Target> {
  const config = join(folder, 'ssh_config');
  const port = Number(/^ {2}Port (\d+)$/m.exec(await readFile(config, 'utf8'))?.[1]);
  return { ...target, ssh: { host: 'vm', user: 'root', port, config } };
}
