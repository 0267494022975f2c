// The SSH configuration that all contenders use: one key, no agent, a host key that is known.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The name by which contenders reach the machine. */
export const host = 'bench';

/** Writes it to a folder; gives its path. No `IdentityAgent`: net-ssh cannot read it. */
export function writeSshConfig(folder, lab, address) {
  const file = join(folder, 'ssh-config');
  writeFileSync(
    file,
    `Host ${host}
  HostName ${address}
  HostKeyAlias ${lab.machines.production.host}
  User root
  IdentityFile ${lab.keys.plain}
  IdentitiesOnly yes
  UserKnownHostsFile ${lab.knownHosts}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
`,
  );
  return file;
}
