import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { nixspec, start } from '../fixture/nixspec.js';
import { type Lab, machine, startLab } from '../lab/lab.js';

/** The whole way, as a user goes it: the built command line, real SSH, two real machines. */
const found = await startLab();
const skip = 'skip' in found && found.skip;
const lab = found as Lab;

const demo = () => ['--spec', 'test/fixture/two-machines.yaml', ...peers()];
const env = { NIXSPEC_LAB_DIR: 'skip' in found ? '' : lab.directory };
function peers(): string[] {
  return (['staging', 'production'] as const).flatMap((name) => [
    '--var',
    `${name}-peer=${lab.machines[name].wireguard.alive}`,
  ]);
}

function specFor(entries: string, production = ''): string {
  return `version: 1
targets:
  production: { ssh: { host: production, config: ${lab.sshConfig} }${production} }
  staging: { ssh: { host: staging, config: ${lab.sshConfig} } }
${entries}`;
}

/** The marks of the programs that run a command on production; other tests run there too. */
async function marksOf(command: string): Promise<string[]> {
  const script = `for p in /proc/[0-9]*; do
    tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -qx '${command} ' && tr '\\0' '\\n' <$p/environ | sed -n 's/^NIXSPEC_MARK=//p'
  done; true`;
  return [...new Set((await machine(lab, 'production').sh(script)).split('\n').filter(Boolean))];
}

/** What a program has left on production: its folder, and processes with its mark. */
async function leftovers(mark: string): Promise<string> {
  const look = `ls -d /run/nixspec-${mark} 2>/dev/null; grep -ls NIXSPEC_MARK=${mark} /proc/[0-9]*/environ; true`;
  return (await machine(lab, 'production').sh(look)).trim();
}

/** The ssh masters of a nixspec, by the folder that their command line names. */
function processesOf(pid: number): string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(`nixspec-ssh-${pid}-`);
    } catch {
      return false;
    }
  });
}

function foldersOf(pid: number): string[] {
  const bases = ['/tmp', '/run', process.env.XDG_RUNTIME_DIR ?? '/tmp'];
  return bases.flatMap((base) => readdirSync(base)).filter((name) => name.startsWith(`nixspec-ssh-${pid}-`));
}

async function eventually(check: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 60; tries += 1) {
    if (await check()) return true;
    await sleep(100);
  }
  return false;
}

t.test('staging, then production, then something breaks', { skip }, async (t) => {
  const history = t.testdir();
  const verify = (target: string, ...more: string[]) =>
    nixspec(['verify', target, ...demo(), '--history', history, ...more], { env });

  const staging = await verify('staging');
  t.equal(staging.status, 0, staging.out + staging.err);
  t.match(staging.out, /staging: \d+ passed in /);

  const production = await verify('production');
  t.equal(production.status, 0, production.out + production.err);
  t.match(production.out, /production compared with staging of .* before: .*2 intended/);
  t.match(production.out, /intended +certificate git\.lab\.test issuer-common-name +"minica root ca .*" → "Pebble/);
  t.notMatch(production.out, /broke/);

  const inside = machine(lab, 'production');
  t.teardown(() => inside.sh('systemctl start worker.service; sysctl -qw net.core.somaxconn=8192'));
  await inside.sh('systemctl stop worker.service; sysctl -qw net.core.somaxconn=128');
  const broken = await verify('production', '--report', 'json');
  t.equal(broken.status, 1, broken.err);
  const { format, runs, comparisons } = JSON.parse(broken.out);
  t.equal(format, 1);
  const failed = runs[0].outcomes.filter(({ status }: { status: string }) => status === 'failed');
  t.same(failed.map(({ id }: { id: string }) => id).sort(), [
    'kernel-param net.core.somaxconn value',
    'unit worker.service healthy equal',
  ]);
  const broke = comparisons[0].changes.filter(({ kind }: { kind: string }) => kind === 'broke');
  t.same(broke.map(({ id }: { id: string }) => id).sort(), failed.map(({ id }: { id: string }) => id).sort());
  t.match(failed[0].position, { file: /two-machines\.yaml$/, line: Number, column: Number });
  t.ok(failed[0].looks > 1, 'within: it looked again until its deadline');

  const runsList = await nixspec(['runs', '--history', history], { env });
  t.equal(runsList.out.trim().split('\n').length, 3);
  const diff = await nixspec(['diff', 'staging', 'production', '--history', history], { env });
  t.equal(diff.status, 1);
  t.match(diff.out, /broke +unit worker\.service healthy/);
});

t.test('several targets side by side, compared in the same command', { skip }, async (t) => {
  const history = t.testdir();
  const both = await nixspec(['verify', 'staging', 'production', ...demo(), '--history', history, '-r', 'json'], {
    env,
  });
  t.equal(both.status, 0, both.err);
  const { runs, comparisons } = JSON.parse(both.out);
  t.same(
    runs.map(({ target }: { target: string }) => target),
    ['staging', 'production'],
  );
  t.equal(comparisons.length, 1);
  t.equal(comparisons[0].from, runs[0].id);
  const [a, b] = runs.map(({ started, finished }: { started: string; finished: string }) => [started, finished]);
  t.ok(a[0] < b[1] && b[0] < a[1], 'they overlapped');
});

t.test('every transport gives the same facts', { skip }, async (t) => {
  const history = t.testdir();
  const run = async (transport: string) => {
    const { out, err } = await nixspec(
      ['verify', 'staging', ...demo(), '--history', history, '-r', 'json', '--transport', transport],
      { env },
    );
    t.match(JSON.parse(out).runs[0].reached, transport, err);
    const { facts } = JSON.parse(out).runs[0];
    return facts.map(({ resource, subject, property, status, volatile, value }: Record<string, unknown>) => [
      resource,
      subject,
      property,
      status,
      volatile || property === 'headers' || property === 'peers' ? '' : value,
    ]);
  };
  t.same(await run('ssh2'), await run('openssh'));
});

t.test('an unreachable target does not hold up the others', { skip }, async (t) => {
  const spec = specFor(`unit: { nginx: { active: true } }`).replace(
    'staging: { ssh: { host: staging,',
    'staging: { ssh: { host: 127.0.0.1, port: 1, user: root,',
  );
  const cwd = t.testdir({ 'nixspec.yaml': spec });
  const { status, out, err } = await nixspec(['verify', 'staging', 'production'], { cwd });
  t.equal(status, 69);
  t.match(out, /production: 1 passed/);
  t.match(err, /error\[connection-refused\]/);
});

t.test('sudo', { skip }, async (t) => {
  const as = (user: string) =>
    `version: 1
targets: { production: { ssh: { host: production-${user}, config: ${lab.sshConfig} }, sudo: true } }
command: { id -u: { stdout: "0" } }
user: { deploy: { locked: true } }
`;
  const deploy = await nixspec(['verify', 'production', '--spec', '-', '--no-save'], { input: as('deploy') });
  t.equal(deploy.status, 0, deploy.out + deploy.err);
  const fishy = await nixspec(['verify', 'production', '--spec', '-', '--no-save'], { input: as('fishy') });
  t.equal(fishy.status, 0, fishy.out + fishy.err);
  const limited = await nixspec(['verify', 'production', '--spec', '-', '--no-save'], { input: as('limited') });
  t.equal(limited.status, 69);
  t.match(limited.err, /error\[sudo-needs-password\]/);
});

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  for (const transport of ['ssh2', 'openssh']) {
    t.test(`${signal} by ${transport} leaves nothing behind, on either side`, { skip }, async (t) => {
      const seconds = 1000 + Math.floor(Math.random() * 1_000_000);
      const cwd = t.testdir({
        'nixspec.yaml': specFor(`command:
  sleep ${seconds}: { exit-status: 0, timeout: 5m }
  setsid sleep ${seconds} >/dev/null 2>&1; sleep 300: { exit-status: 0, timeout: 5m }
`),
      });
      const running = start(['verify', 'production', '--transport', transport], { cwd });
      let marks: string[] = [];
      const runs = async () => {
        marks = await marksOf(`sleep ${seconds}`);
        return marks.length === 1;
      };
      t.ok(await eventually(runs), 'it runs');
      const [mark = ''] = marks;
      t.not(await leftovers(mark), '', 'it has a folder and processes');
      running.kill(signal);
      const { status, err } = await running.ended;
      t.equal(status, signal === 'SIGINT' ? 130 : null, err);
      t.ok(await eventually(async () => (await leftovers(mark)) === ''), await leftovers(mark));
      // A killed nixspec cannot remove its own folder; the next one does. Its ssh must be gone all the same.
      t.ok(await eventually(async () => processesOf(running.pid).length === 0), processesOf(running.pid).join(' '));
      if (signal === 'SIGINT') t.same(foldersOf(running.pid), []);
    });
  }
}
