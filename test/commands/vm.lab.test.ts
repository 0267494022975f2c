import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { printable } from '../../src/terminal.js';
import { type Ended, start } from '../fixture/nixspec.js';
import { findVmLab } from '../lab/vm-lab.js';
import { processesOf } from '../vm/fake/fake-machine.js';

/** What goes wrong with real VMs, and `nixspec vm` with one that is kept. For faults that none has on demand: test/vm/. */
const lab = findVmLab();
const skip = 'skip' in lab && lab.skip;

const folder = mkdtempSync('/tmp/nv-');
const place = mkdtempSync(join(folder, 'p-'));
t.teardown(async () => {
  for (const { pid } of processesOf(folder)) process.kill(pid, 'SIGKILL');
  await sleep(100);
  rmSync(folder, { recursive: true, force: true });
});

const hosts = ['broken-build', 'broken-evaluation', 'panics', 'hangs', 'no-ssh', 'degraded', 'small-disk'] as const;
const timeouts: { readonly [host: string]: string } = { hangs: '25s', 'no-ssh': '35s' };

/** With a copy of the flake: what is asked must not change while somebody prepares the lab anew. */
function writeSpec(more = ''): void {
  if ('skip' in lab) return;
  if (!existsSync(join(folder, 'flake')))
    cpSync(realpathSync(lab.flake), join(folder, 'flake'), { recursive: true, verbatimSymlinks: true });
  const target = (name: string, host: string, settings: string) =>
    `  ${name}: { vm: { flake: "./flake#${host}", cores: 1, memory: 384MiB${settings} } }\n`;
  // The lab's `degraded` is not with nixspec's module, which sees to what fails in it (ACME).
  const fails =
    '{ systemd.services.fails-here = { wantedBy = [ "multi-user.target" ]; serviceConfig.Type = "oneshot"; script = "exit 1"; }; }';
  writeFileSync(join(folder, 'fails.nix'), fails);
  const settingsOf = (host: string) =>
    host === 'degraded' ? ', modules: [./fails.nix]' : timeouts[host] ? `, timeout: ${timeouts[host]}` : '';
  const targets = hosts.map((host) => target(host, host, settingsOf(host)));
  const entries = `
unit:
  nginx.service: { active: true, tags: [quick] }
command:
  "touch /run/asked; sleep 60": { exit-status: 0, timeout: 90s, tags: [slow] }
`;
  writeFileSync(
    join(folder, 'nixspec.yaml'),
    `version: 1\ntargets:\n${targets.join('')}${target('vm', 'demo', more)}${entries}`,
  );
}

function run(...words: string[]) {
  const environment = 'skip' in lab ? {} : lab.environment;
  return start(words, { cwd: folder, env: { ...environment, TMPDIR: place } });
}

const verify = (name: string, tag: string) => run('verify', name, '--no-save', '--no-inventory', '-t', tag).ended;

interface Fault {
  readonly host: (typeof hosts)[number];
  readonly status: number;
  readonly says: readonly RegExp[];
  /** Seconds, on a machine that does other things as well. */
  readonly within: number;
}

const faults: readonly Fault[] = [
  { host: 'broken-build', status: 69, says: [/vm-build-failed/, /undefined: OwnerColumn/], within: 90 },
  {
    host: 'broken-evaluation',
    status: 69,
    says: [/vm-build-failed/, /services\.forgejo needs a database/],
    within: 90,
  },
  { host: 'panics', status: 69, says: [/it powered itself off while it booted/, /stage 1: giving up/], within: 150 },
  {
    host: 'hangs',
    status: 69,
    says: [
      /did not answer by SSH within 25 s/,
      /still being started: unlock-data\.service/,
      /Job unlock-data\.service/,
    ],
    within: 150,
  },
  {
    host: 'no-ssh',
    status: 69,
    says: [/no SSH server answers|did not answer by SSH within/, /end of its serial console/],
    within: 150,
  },
  { host: 'degraded', status: 0, says: [/\(degraded\): fails-here\.service failed/], within: 200 },
  {
    host: 'small-disk',
    status: 1,
    says: [/\(degraded\): .*nginx\.service.* failed/, /active: expected true, found false/],
    within: 200,
  },
];

t.test('hosts that fail', { skip, timeout: 400_000 }, async (t) => {
  writeSpec();
  for (const { host, status, says, within } of faults) {
    const began = performance.now();
    const ended = await verify(host, 'quick');
    const seconds = Math.round((performance.now() - began) / 1000);
    t.equal(ended.status, status, `${host}: ${ended.err}`);
    for (const sign of says) t.match(ended.err + ended.out, sign);
    t.ok(seconds < within, `${host}: ${seconds} s`);
    t.same(await leftovers(), [], `${host}: leftovers`);
  }
});

async function leftovers(): Promise<string[]> {
  const look = () => [...readdirSync(place), ...processesOf(folder).map(({ words }) => words)];
  for (let left = 80; left > 0 && look().length > 0; left -= 1) await sleep(100);
  return look();
}

t.test('a VM that is kept', { skip, timeout: 300_000 }, async (t) => {
  writeSpec();
  const vm = (...words: string[]): Promise<Ended> => run('vm', ...words).ended;

  t.match(await vm('ssh', 'vm', 'true'), {
    status: 64,
    err: /vm is not running\nhint: `nixspec vm start vm` starts it/,
  });
  const started = await vm('start', 'vm');
  t.match(started, { status: 0, out: /^vm is running: root@127\.0\.0\.1:\d+, since / }, started.err);
  t.teardown(() => vm('stop', 'vm'));
  t.match(started.err, /vm: without KVM, emulated and some ten times slower: |^(?!.*KVM)/);

  t.match(await vm('start', 'vm'), {
    status: 0,
    out: /^vm is running already: root@127\.0\.0\.1:\d+, since /,
    err: '',
  });
  t.match(
    (await vm('status')).out,
    new RegExp(`^TARGET .*\\n(.*\\n)*vm +running +\\d+ +384 MiB +20\\S+ \\S+ UTC +${folder}\\n`),
  );
  t.match(await vm('ssh', 'vm', 'echo "$0 said"; exit 7'), { status: 7, out: / said\n$/ });
  t.match(await vm('ssh', 'vm', '--', 'printf', '%s', '-a'), { status: 0, out: '-a' }, 'words are joined as ssh does');
  t.equal((await vm('ssh', 'vm', 'test -z "$SSH_AUTH_SOCK"')).status, 0, 'no agent goes along');

  const watching = run('vm', 'console', 'vm');
  await sleep(1500);
  watching.kill('SIGINT');
  const { status, out } = await watching.ended;
  t.match({ status, out }, { status: 0, out: /login: $/ });
  t.equal(out, printable(out, { lines: true }), 'nothing that moves a terminal about');

  const verified = await verify('vm', 'quick');
  t.match(verified, { status: 0, err: /asking the VM that `nixspec vm start` keeps running since/ });
  t.notMatch(verified.err, /changed since/);
  t.match(verified.out, /a VM that is kept running/);
  writeSpec(', disk: 3GiB');
  t.match(await verify('vm', 'quick'), {
    status: 0,
    err: /vm: its configuration has changed since this VM was started: `nixspec vm stop vm` ends it/,
  });

  await t.test('its QEMU is killed while it is verified', async (t) => {
    const running = verify('vm', 'slow');
    for (let left = 60; left > 0 && (await vm('ssh', 'vm', 'test -e /run/asked')).status !== 0; left -= 1)
      await sleep(300);
    const [qemu] = machines();
    process.kill(qemu ?? 0, 'SIGKILL');
    const ended = await running;
    t.match(ended, { status: 69, out: /1 unknown/, err: /vm: the VM was lost while it was verified: QEMU is gone/ });
  });
  t.match(await vm('stop', 'vm'), { status: 64, err: /vm is not running/ });
  t.notMatch((await vm('status')).out, folder);
});

/** The QEMU of the kept VM: its folder is where all kept VMs' are. */
function machines(): number[] {
  return readdirSync('/var/tmp')
    .filter((name) => name.startsWith('nixspec-vm-'))
    .flatMap((name) => {
      try {
        const owner = JSON.parse(readFileSync(`/var/tmp/${name}/owner.json`, 'utf8')) as { specFolder: string };
        return owner.specFolder === folder
          ? [Number(readFileSync(`/var/tmp/${name}/machine`, 'utf8').split(' ')[0])]
          : [];
      } catch {
        return [];
      }
    });
}
