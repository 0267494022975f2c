import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { cli, start } from '../fixture/nixspec.js';
import { type NixosMachine, startNixosMachine } from '../lab/nixos-lab.js';

/** Nix of one user, without anybody else's store. */
const alone = {
  ...process.env,
  NIX_CONFIG: 'experimental-features = nix-command\nbuild-users-group =\nsubstituters =\nrequire-sigs = false\n',
};

/** What of `nixspec switch` is more than one process, or none: on one machine, one after the other. */
const started = await startNixosMachine('by-hand');
const skip = 'skip' in started ? started.skip : false;
if (!('skip' in started)) {
  const machine = started;
  t.teardown(() => machine.down());
  t.setTimeout(600_000);

  const test = (name: string, play: (t: Test) => Promise<void>, skip: string | false = false) =>
    t.test(name, { skip }, async (t) => {
      await machine.reset();
      await play(t);
      t.strictSame(await machine.leftovers(), [], 'nothing is left');
    });

  void test('two switches at once: one goes on, the other touches nothing', async (t) => {
    const { spec, next } = await prepare(t.testdir(), machine);
    const ended = await Promise.all([switchTo(spec, next), switchTo(spec, next)]);
    t.strictSame(ended.map(({ exit }) => exit).sort(), [0, 69], ended.map(({ said }) => said).join('\n'));
    t.ok(ended.some(({ said }) => /not switched: .*(armed|switch)/.test(said)));
    t.match(await machine.links(), { current: next, profile: next, boot: next });
  });

  void test('the runner is dead, and a person confirms', async (t) => {
    const { spec, next } = await prepare(t.testdir(), machine);
    await switchTo(spec, next, [], /: verified:/);
    const status = await nixspec(['switch', 'status', 'm', '-s', spec]);
    t.match(status, { exit: 0, said: /a switch is armed \(activated\): the old system comes back in \d+ s/ });
    t.match(await nixspec(['switch', 'confirm', 'm', '-s', spec]), { exit: 0, said: /is profile and boot default/ });
    t.match(await machine.links(), { current: next, profile: next, boot: next });
    t.match(await nixspec(['switch', 'status', 'm', '-s', spec]), { exit: 0, said: 'm: no switch is armed\n' });
    t.match(await nixspec(['switch', 'confirm', 'm', '-s', spec]), { exit: 64, said: /no switch is armed there/ });
  });

  void test('the runner is dead, and a person goes back at once', async (t) => {
    const { spec, next } = await prepare(t.testdir(), machine);
    await switchTo(spec, next, [], /: verified:/);
    t.match(await switchTo(spec, next), { exit: 69, said: /a switch of .* is armed there/ });
    t.match(await nixspec(['switch', 'rollback', 'm', '-s', spec]), { exit: 10 });
    t.match(await machine.links(), { current: machine.base, profile: machine.base, boot: machine.base });
  });

  void test('a deployer that is wrong: all that it changed is put back', async (t) => {
    const { spec, next } = await prepare(t.testdir(), machine, { web: '502' });
    const deploy = `nix-env -p /nix/var/nix/profiles/system --set ${next} && ${next}/bin/switch-to-configuration switch`;
    const words = ['ssh', '-F', machine.sshConfig, machine.name, `PATH=/usr/sbin:/usr/bin; ${deploy}`];
    const { exit, said } = await nixspec([
      'switch',
      'm',
      '-s',
      spec,
      '--soak',
      '1s',
      '--deadline',
      '40s',
      '--',
      ...words,
    ]);
    t.equal(exit, 10, said);
    t.match(await machine.links(), { current: machine.base, profile: machine.base, boot: machine.base }, said);
  });

  void test('the old system cannot be activated any more: a reboot brings it', async (t) => {
    const { spec, next } = await prepare(t.testdir(), machine, { web: '502' });
    const bootId = await machine.bootId();
    await machine.sh(`mount --bind /bin/false ${machine.base}/bin/switch-to-configuration`);
    const { exit, said } = await switchTo(spec, next, ['--deadline', '20s']);
    t.equal(exit, 10, said);
    t.not(await machine.bootId(), bootId);
    t.match(await machine.links(), { current: machine.base, profile: machine.base, boot: machine.base }, said);
  });

  void test('the old system runs again, but its data are gone: told, and never called well', async (t) => {
    await machine.sh('touch /root/precious');
    const system = { web: '502', activationAfter: 'rm -f /root/precious' };
    const { spec, next } = await prepare(
      t.testdir(),
      machine,
      system,
      '',
      'file: { /root/precious: { exists: true } }',
    );
    const { exit, said } = await switchTo(spec, next);
    t.equal(exit, 11, said);
    t.match(
      said,
      /ROLLED BACK, BUT NOT VERIFIED[\s\S]*the old system runs again, but is not as it was: file \/root\/precious/,
    );
  });

  const hasNix = spawnSync('nix-store', ['--version']).status === 0;
  void test(
    'a system that is in the store here alone is copied',
    async (t) => {
      const { spec, next } = await prepare(t.testdir(), machine, { label: `copied-${process.pid}` });
      t.teardown(() => {
        spawnSync('nix-store', ['--delete', next], { env: alone });
        return machine.run('rm -f /root/closure');
      });
      await machine.sh(`nix-store --export $(nix-store --query --requisites ${next}) >/root/closure`);
      const closure = readFileSync(join(machine.root, 'root/closure'));
      const imported = spawnSync('nix-store', ['--import'], { input: closure, encoding: 'utf8', env: alone });
      t.equal(imported.status, 0, imported.stderr);
      await machine.sh('nix-collect-garbage >/dev/null 2>&1');
      t.not((await machine.run(`[ -e ${next} ]`)).status, 0, 'it is not there');
      const { exit, said } = await switchTo(spec, next, [], undefined, alone);
      t.equal(exit, 0, said);
      t.match(await machine.links(), { current: next, profile: next, boot: next });
    },
    !hasNix && 'there is no nix here',
  );

  void test('a path that is neither here nor there', async (t) => {
    const { spec } = await prepare(t.testdir(), machine);
    const none = `/nix/store/${'a'.repeat(32)}-none`;
    t.match(await switchTo(spec, none), { exit: 69, said: /is not there/ });
    t.match(await machine.links(), { current: machine.base, profile: machine.base, boot: machine.base });
  });

  for (const { name, answer, exit, options = [], says } of [
    { name: 'y', answer: 'y\n', exit: 0, says: /Keep it\?/ },
    { name: 'n', answer: 'n\n', exit: 10, says: /not kept/ },
    { name: 'Ctrl-C', answer: '\u0003', exit: 10, says: /not kept: declined/ },
    { name: 'nothing', answer: undefined, exit: 10, options: ['--deadline', '40s'], says: /deadline of 40 s/ },
  ])
    void test(`--confirm at a terminal: ${name}`, async (t) => {
      const { spec, next } = await prepare(t.testdir(), machine);
      const ended = await atTerminal(spec, next, options, answer);
      t.equal(ended.exit, exit, ended.said);
      t.match(ended.said, says);
      const runs = exit === 0 ? next : machine.base;
      t.match(await machine.links(), { current: runs, profile: runs, boot: runs });
    });

  void test('verify --watch: a target that is away for a while', async (t) => {
    const { spec } = await prepare(t.testdir(), machine);
    const watching = start(['verify', 'm', '-s', spec, '--watch=0.5s', '--no-inventory', '--no-save']);
    t.teardown(() => watching.kill('SIGKILL'));
    let said = '';
    watching.onError((text) => {
      said += text;
    });
    const until = async (words: RegExp) => {
      for (let look = 0; look < 600 && !words.test(said); look += 1) await sleep(100);
      t.match(said, words);
    };
    await until(/until Ctrl-C/);
    await machine.sh("systemctl stop sshd; pkill -KILL -f '[s]shd-session|[s]shd: root@' || :");
    await until(/m: cannot be reached: /);
    await machine.sh('systemctl start sshd');
    await until(/m: reached again/);
    await machine.sh('systemctl stop web');
    await until(/m: changed/);
    watching.kill('SIGINT');
    t.match(await watching.ended, { status: 1, out: /broke +unit web\.service active/ });
    t.equal(said.match(/cannot be reached/g)?.length, 1, 'said once');
  });

  void test('dry run: everything that would run, and nothing does', async (t) => {
    const { spec, next } = await prepare(t.testdir(), machine);
    const { exit, said } = await nixspec(['switch', 'm', '-s', spec, '--closure', next, '--dry-run']);
    t.equal(exit, 0);
    for (const part of [
      /switch-to-configuration/,
      /nixspec-rollback\.timer/,
      /nix copy --no-check-sigs --to ssh-ng/,
      new RegExp(next),
    ])
      t.match(said, part);
    t.match(await machine.links(), { current: machine.base });
  });

  void test('a staging run that did not pass', async (t) => {
    const { spec, next } = await prepare(t.testdir(), machine, {}, 'staging: { local: true }');
    t.match(await switchTo(spec, next), { exit: 1, said: /there is no run of staging yet/ });
    t.match(await switchTo(spec, next, ['--without-staging']), { exit: 0 });
  });
} else t.pass('no machine', { skip });

async function prepare(folder: string, machine: NixosMachine, system = {}, staging = '', more = '') {
  const spec = join(folder, 'nixspec.yaml');
  const compare = staging === '' ? '' : ', compare-with: staging';
  writeFileSync(
    spec,
    `version: 1
targets:
  m: { ssh: { host: ${machine.name}, config: ${machine.sshConfig} }${compare} }
  ${staging}
unit: { web: { active: true, within: 3s } }
http: { "http://${machine.address}/": { status: 200, within: 3s } }
${more}
`,
  );
  return { spec, next: await machine.makeSystem({ label: 'next', ...system }) };
}

/** @param killAt is killed when it says this */
async function switchTo(
  spec: string,
  next: string,
  options: readonly string[] = [],
  killAt?: RegExp,
  env: NodeJS.ProcessEnv = process.env,
) {
  const all = ['switch', 'm', '-s', spec, '--closure', next, '--soak', '2s', '--deadline', '60s', ...options];
  return nixspec(all, killAt, env);
}

/** script(1) gives it a pseudo terminal. */
async function atTerminal(spec: string, next: string, options: readonly string[], answer: string | undefined) {
  const deadline = options.length === 0 ? ['--deadline', '120s'] : options;
  const words = ['switch', 'm', '-s', spec, '--closure', next, '--soak', '1s', '--confirm', ...deadline];
  const line = [process.execPath, cli, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  let asked = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (asked || !said.includes('Keep it? [y/N]')) return;
    asked = true;
    if (answer !== undefined) child.stdin.write(answer);
  });
  const exit = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { exit, said };
}

async function nixspec(
  words: readonly string[],
  killAt?: RegExp,
  env = process.env,
): Promise<{ exit: number | null; said: string }> {
  const child = spawn(process.execPath, [cli, ...words], {
    env: { ...env, NODE_OPTIONS: '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (killAt?.test(said)) child.kill('SIGKILL');
    });
  }
  const exit = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { exit, said };
}
