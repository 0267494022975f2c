// What a start script starts in place of QEMU: the same two sockets, and behind the forwarded port an SSH server that runs
// programs on this machine, with a systemctl of its own. Faults that no real machine makes on demand, and in a second.
//
//   node fake-qemu.mjs MODE -qmp unix:PATH,… -serial file:PATH -fw_cfg name=…,file=…
import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import ssh2 from 'ssh2';

const [mode, ...words] = process.argv.slice(2);
const after = (name) => words.filter((_, at) => words[at - 1] === name);
const socket = /^unix:([^,]*)/.exec(after('-qmp')[0])[1];
const serial = after('-serial')[0].replace(/^file:/, '');
const given = after('-fw_cfg').find((option) => option.includes('nixspec.host-key'));
const hostKey = readFileSync(/file=(.*)/.exec(given)[1]);
const folder = dirname(socket);
const marks = process.env.SHARED_DIR ?? folder;

const say = (text) => appendFileSync(serial, text);
writeFileSync(serial, '');
say('\u001b[0;32mfake machine\u001b[0m, mode '.concat(mode, '\r\n'));
const consoles = {
  panics: '[    3.100000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n',
  emergency: 'You are in emergency mode. After logging in, type "journalctl -xb".\r\n',
  'stage-1': 'An error occurred in stage 1 of the boot process, which must mount the\r\n',
  hostile:
    '\u001b]0;owned\u0007\u001b[2J\u0007\u202etxt\u009b31m\r\n[FAILED] Failed to start \u001b[0;1;39mevil\u0007.service\u001b[0m - Evil.\r\n',
};
if (consoles[mode]) say(consoles[mode]);

const bin = join(folder, 'tmp', 'bin');
mkdirSync(bin, { recursive: true });
writeFileSync(
  join(bin, 'systemctl'),
  `#!/bin/sh
case "$*" in
is-system-running*)
  ${mode === 'never-settles' ? 'sleep 60' : ''}
  echo ${mode === 'degraded' ? 'degraded' : 'running'} ;;
list-jobs*) ${mode === 'never-settles' ? 'printf "12 multi-user.target start waiting\\n34 postgresql.service start running\\n"' : ':'} ;;
*--failed*) printf 'acme-order.service loaded failed failed Order\\n' ;;
*poweroff*) touch ${marks}/poweroff; ${mode === 'ignores-poweroff' ? ':' : `echo guest-shutdown >${folder}/tmp/do`} ;;
*) exit 1 ;;
esac
`,
);
chmodSync(join(bin, 'systemctl'), 0o755);

const clients = new Set();
const tell = (event, data = {}) => {
  for (const client of clients) client.write(`${JSON.stringify({ event, data, timestamp: {} })}\n`);
};
const quit = (reason) => {
  tell('SHUTDOWN', { guest: reason.startsWith('guest'), reason });
  setTimeout(() => process.exit(0), 20);
};
process.on('SIGTERM', () => (mode === 'ignores-term' ? undefined : quit('host-signal')));

// What happens to the machine, told from inside.
setInterval(() => {
  const file = join(folder, 'tmp', 'do');
  if (!existsSync(file)) return;
  const what = readFileSync(file, 'utf8').trim();
  unlinkSync(file);
  if (what === 'reset') tell('RESET', { guest: true, reason: 'guest-reset' });
  // As QEMU 7.2 tells it with NixOS's `werror=report`.
  else if (what === 'full')
    tell('BLOCK_IO_ERROR', { operation: 'write', action: 'report', reason: 'No space left on device' });
  else if (what === 'broken')
    tell('BLOCK_IO_ERROR', { operation: 'write', action: 'report', reason: 'Input/output error' });
  else if (what === 'crash') process.kill(process.pid, 'SIGKILL');
  else quit(what);
}, 50);

const key = mode === 'other-host-key' ? ssh2.utils.generateKeyPairSync('ed25519').private : hostKey;
const server = new ssh2.Server({ hostKeys: [key] }, (client) => {
  client.on('error', () => {});
  client.on('authentication', (attempt) => {
    if (mode === 'no-login') attempt.reject(['publickey']);
    else attempt.accept();
  });
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, _, { command }) => {
      const stream = acceptExec();
      const child = spawn('/bin/sh', ['-c', command], { env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } });
      stream.on('error', () => {});
      child.stdin.on('error', () => {});
      stream.pipe(child.stdin);
      child.stdout.pipe(stream, { end: false });
      child.stderr.pipe(stream.stderr, { end: false });
      child.on('close', (code) => {
        stream.exit(code ?? 1);
        stream.end();
      });
      client.on('close', () => child.kill('SIGKILL'));
    });
  });
});
const port = await new Promise((resolve) => {
  if (['deaf', 'panics', 'emergency', 'stage-1', 'hostile'].includes(mode)) return resolve(1);
  server.listen(0, '127.0.0.1', () => resolve(server.address().port));
});

const answers = {
  'human-monitor-command': () =>
    `  TCP[HOST_FORWARD]  13       127.0.0.1 ${port}       10.0.2.15    22     0     0\r\n`,
  'query-kvm': () => ({ enabled: true, present: true }),
  'query-status': () => ({ status: 'running', running: true }),
  'query-memory-size-summary': () => ({ 'base-memory': 402653184 }),
  quit: () => {
    setTimeout(() => quit('host-qmp-quit'), 10);
    return {};
  },
};
createServer((client) => {
  clients.add(client);
  client.on('error', () => {});
  client.on('close', () => clients.delete(client));
  client.write('{"QMP": {}}\n');
  client.on('data', (chunk) => {
    for (const line of chunk.toString().trim().split('\n')) {
      const { execute } = JSON.parse(line);
      client.write(`${JSON.stringify({ return: answers[execute]?.() ?? {} })}\n`);
    }
  });
}).listen(socket);
