// The lab as tests see it: two real machines (see README.md here). Nothing in this file starts or stops them.

import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type MachineName = 'staging' | 'production';

export type LabMachine = {
  host: string;
  host6: string;
  hostName: string;
  /** The machine's first process, as the host counts. */
  leader: number;
  ssh: { alias: string; user: string; port: number };
  /** What its web servers' certificates go back to: minica in staging, pebble in production. */
  ca: string;
  wireguard: {
    interface: string;
    port: number;
    publicKey: string;
    alive: string;
    aliveAddress: string;
    never: string;
    neverAddress: string;
  };
};

export type Lab = {
  directory: string;
  sshConfig: string;
  knownHosts: string;
  knownHostsHashed: string;
  knownHostsChanged: string;
  knownHostsEmpty: string;
  keys: {
    plain: string;
    rsa: string;
    untrusted: string;
    encrypted: string;
    passphrase: string;
    certified: string;
    certificate: string;
    expiredCertificate: string;
    userCa: string;
    hostCa: string;
  };
  ports: { cert: number; hostcert: number; pq: number; noforward: number; jump: number };
  /** Production's address on the private link: reached through staging only. */
  privateAddress: string;
  users: Record<string, { sudo: string; password?: string; shell?: string; lingers?: boolean }>;
  names: string[];
  basicAuth: { url: string; username: string; password: string };
  dns: {
    zone: string;
    big: string;
    signed: string;
    refused: string;
    broken: string;
    tlsPort: number;
    httpsPort: number;
    path: string;
    serverName: string;
  };
  minicaCa: string;
  machines: Record<MachineName, LabMachine>;
};

export type Output = { status: number; stdout: string; stderr: string };

export const script = fileURLToPath(new URL('./lab.sh', import.meta.url));
export const stateDirectory = process.env.NIXSPEC_LAB_DIR ?? '/run/nixspec-lab';

/** The running lab, or why there is none, in words for a skipped test. */
export async function startLab(): Promise<Lab | { skip: string }> {
  const file = join(stateDirectory, 'lab.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Lab;
  return { skip: `no lab: ${whyThereIsNoLab()}` };
}

export function isUp(): boolean {
  return spawnSync(script, ['status'], { stdio: 'ignore' }).status === 0;
}

/** Runs commands as root inside one machine, past its network and SSH, so that a test may break and repair them too. */
export function machine(lab: Lab, name: MachineName) {
  const { leader } = lab.machines[name];
  const enter = ['-t', String(leader), '-m', '-u', '-i', '-n', '-p', '-C', '--'];
  const environment = ['/usr/bin/env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', 'HOME=/root'];

  function run(command: string): Promise<Output> {
    return new Promise((resolve) => {
      const args = [...enter, ...environment, '/bin/sh', '-c', command];
      execFile('nsenter', args, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ status, stdout, stderr });
      });
    });
  }

  return {
    /** Whatever the command's exit status is. */
    run,
    /** Standard output; a command that fails is an error. */
    async sh(command: string): Promise<string> {
      const { status, stdout, stderr } = await run(command);
      if (status !== 0) throw new Error(`${name}: \`${command}\` ended with ${status}: ${stderr}`);
      return stdout;
    },
  };
}

function whyThereIsNoLab(): string {
  try {
    return readFileSync(join(stateDirectory, 'skip'), 'utf8').trim();
  } catch {
    if (process.getuid?.() !== 0) return 'needs root';
    return `not up (run ${script} up)`;
  }
}
