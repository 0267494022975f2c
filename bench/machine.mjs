// The lab's `production`, and what the checks are about: made there before, removed after.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  accountId,
  fileMode,
  fileName,
  fileOwner,
  fileText,
  folder,
  groupName,
  httpPort,
  portNumber,
  prefix,
  unitName,
  userName,
  userShell,
} from './workload.mjs';

const script = fileURLToPath(new URL('../test/lab/lab.sh', import.meta.url));
const stateFile = join(process.env.NIXSPEC_LAB_DIR ?? '/run/nixspec-lab', 'lab.json');

/** The running lab, started if there is none; `stop` ends it only if it was started here. */
export function startLab() {
  const isUp = spawnSync(script, ['status'], { stdio: 'ignore' }).status === 0;
  if (!isUp) {
    const { status } = spawnSync(script, ['up'], { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) throw new Error(`the lab cannot be started (${script} up ended with ${status})`);
  }
  const lab = JSON.parse(readFileSync(stateFile, 'utf8'));
  const stop = () => {
    if (!isUp && existsSync(stateFile)) spawnSync(script, ['down'], { stdio: ['ignore', 'inherit', 'inherit'] });
  };
  return { lab, production: lab.machines.production, stop };
}

/** Runs a script as root inside a machine, past its network and SSH; gives its standard output. */
export function inside({ leader }, text) {
  const enter = ['-t', String(leader), '-m', '-u', '-i', '-n', '-p', '-C', '--'];
  const environment = ['/usr/bin/env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', [...enter, ...environment, '/bin/sh', '-eu'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(output).toString());
      else reject(new Error(`a script inside the machine ended with ${status}`));
    });
    child.stdin.end(text);
  });
}

/** Makes the units, ports, files, users, groups and the web server. What an earlier bench left is removed first. */
export async function furnish(machine, sizes) {
  await clear(machine);
  await inside(machine, [files(sizes), accounts(sizes), units(sizes)].join('\n'));
}

/** Removes all of it; may be called at any time. */
export async function clear(machine) {
  await inside(
    machine,
    `cd /etc/systemd/system
systemctl stop '${prefix}*' ${prefix}.target 2>/dev/null || :
rm -rf ${folder} ${prefix}* multi-user.target.wants/${prefix}*
systemctl reset-failed '${prefix}*' 2>/dev/null || :
for f in passwd group; do
  sed '/^bench\\(user\\|group\\)[0-9]/d' /etc/$f >/etc/$f.${prefix}
  cat /etc/$f.${prefix} >/etc/$f
  rm /etc/$f.${prefix}
done`,
  );
}

/** Kernel parameters and mounts of the machine that hold still, as [name, value]. */
export async function readSystem(machine) {
  const parameters =
    'cd /proc/sys && find kernel net/core net/ipv4 net/ipv6 vm fs -type f -perm -0444 | sort | while read -r f; do';
  const read = () =>
    inside(machine, `${parameters} printf '%s\\t' "$f"; head -c 60 "$f" 2>/dev/null | tr '\\n' ' '; echo; done`);
  const [first, second] = [await read(), await read()];
  const again = new Set(second.split('\n'));
  const sysctls = first
    .split('\n')
    .filter(
      (line) =>
        again.has(line) &&
        /^[a-z0-9_/-]+\t[\w-]+ $/.test(line) &&
        !/aio|conf\/(?!all|default|lo)|dentry|free|neigh|nr|quota|random|state/.test(line),
    )
    .map((line) => line.trim().replaceAll('/', '.').split('\t'));
  const points = '/ /run /proc /tmp /dev /srv/data /dev/shm /dev/mqueue /dev/pts /run/lock /proc/sys /sys';
  const table = await inside(machine, `for m in ${points}; do findmnt -rno TARGET,FSTYPE "$m" || :; done`);
  const mounts = [
    ...new Map(
      table
        .trim()
        .split('\n')
        .map((line) => line.split(' ')),
    ),
  ];
  return { sysctls, mounts };
}

function files({ files: count }) {
  const lines = range(count).map((i) => {
    const name = fileName(i);
    return `echo '${fileText(i)}' >${name}; chmod ${fileMode(i)} ${name}; chown ${fileOwner(i)} ${name}`;
  });
  return `mkdir -p ${folder}\n${lines.join('\n')}`;
}

function accounts({ accounts: count }) {
  const users = range(count).map(
    (i) => `${userName(i)}:x:${accountId(i)}:${accountId(i)}::/nonexistent:${userShell(i)}`,
  );
  const groups = range(count).map((i) => `${groupName(i)}:x:${accountId(i)}:`);
  return `${here('/etc/passwd', users, '>>')}\n${here('/etc/group', groups, '>>')}`;
}

/**
 * Without `systemctl daemon-reload`: systemd reads new files by itself, and a reload would disturb what tests in the
 * same lab look at.
 */
function units({ units: count, ports }) {
  const at = '/etc/systemd/system';
  const each = range(count).map(
    (i) =>
      `cp ${at}/${prefix}.unit ${at}/${unitName(i)}; ln -s ../${unitName(i)} ${at}/${prefix}.target.wants/${unitName(i)}`,
  );
  const oneshot = [
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    'ExecStart=/bin/true',
    '[Install]',
    `WantedBy=${prefix}.target`,
  ];
  const socket = ['[Socket]', ...range(ports).map((i) => `ListenStream=127.0.0.1:${portNumber(i)}`)];
  return `mkdir -p ${at}/${prefix}.target.wants
${here(`${at}/${prefix}.unit`, oneshot)}
${here(`${at}/${prefix}.target`, ['[Unit]', 'Description=What the benchmark asserts'])}
${each.join('\n')}
rm ${at}/${prefix}.unit
${here(`${at}/${prefix}-ports.socket`, socket)}
${here(`${at}/${prefix}-ports.service`, ['[Service]', 'ExecStart=/bin/true'])}
${here(`${at}/${prefix}-http.service`, ['[Service]', `ExecStart=/usr/sbin/nginx -c ${folder}/nginx.conf -g "daemon off;"`])}
${here(`${folder}/nginx.conf`, webServer)}
systemctl start ${prefix}.target ${prefix}-ports.socket ${prefix}-http.service`;
}

const webServer = [
  'worker_processes 2;',
  `pid ${folder}/nginx.pid;`,
  'error_log stderr;',
  'events {}',
  'http {',
  '  access_log off;',
  '  server {',
  `    listen ${httpPort};`,
  '    location /there { return 200 "there\\n"; }',
  '    location /missing { return 404; }',
  '  }',
  '}',
];

function here(path, lines, operator = '>') {
  return `cat ${operator}${path} <<'END'\n${lines.join('\n')}\nEND`;
}

function range(count) {
  return Array.from({ length: count }, (_, i) => i);
}
