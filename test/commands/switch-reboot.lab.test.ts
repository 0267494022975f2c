import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Started, start } from '../fixture/nixspec.js';
import { type NixosMachine, type NixosSystem, startNixosMachine } from '../lab/nixos-lab.js';

/** `nixspec switch --reboot` against machines in the shape of NixOS that reboot in earnest. */
interface Row {
  readonly name: string;
  /** Of the new system, beside its kernel. */
  readonly system?: Partial<NixosSystem>;
  /** Done on the machine before nixspec starts. */
  readonly before?: (machine: NixosMachine) => Promise<unknown>;
  readonly options?: readonly string[];
  /** Done when nixspec says this. */
  readonly at?: readonly [says: RegExp, happens: 'kill' | 'interrupt' | ((machine: NixosMachine) => Promise<unknown>)];
  /** Done after nixspec has ended. */
  readonly after?: (machine: NixosMachine, spec: string, next: string) => Promise<unknown>;
  /** null: it was killed. */
  readonly exit: number | null;
  readonly runs: 'old' | 'new';
  /** Which it has booted, where that is not what runs. */
  readonly booted?: 'old';
  readonly says?: RegExp;
  readonly never?: RegExp;
}

const kernel = { kernel: '6.13' };
const noSshd = { 'sshd.service': '[Service]\nExecStart=/usr/sbin/sshd -D -o NoSuchOption=yes\n' };
/** Down for longer than a look takes, also where the machine itself is up again at once. */
const slowWeb =
  '[Unit]\nAfter=network.target\n[Service]\nExecStartPre=/bin/sleep 4\nExecStart=/usr/sbin/nginx -c /etc/static/web/nginx.conf\n';
/** It agrees to everything, and asks the boot loader for nothing; until the next boot. */
const deafBootctl = ({ base }: NixosMachine) =>
  `printf '#!/bin/sh\\n[ $1 != is-installed ] || echo yes\\n' >/root/deaf; chmod +x /root/deaf; mount --bind /root/deaf ${base}/sw/bin/bootctl`;
const quick = ['--reboot', '--deadline', '25s'];

const rows: readonly Row[] = [
  {
    name: 'a new kernel',
    system: { ...kernel, units: { 'web.service': slowWeb } },
    ...{ exit: 0, runs: 'new' },
    says: /switched to by a reboot \(new: kernel, kernel-modules\)[\s\S]*up again, with the new system[\s\S]*switched, verified, and kept[\s\S]*! http http:\S+: \d+(\.\d)? s +\(±/,
    never: /nixspec-boot-guard|no difference\n *changed[^\n]*units? new/,
  },
  {
    name: 'a new kernel, without --reboot',
    system: kernel,
    options: [],
    ...{ exit: 0, runs: 'new', booted: 'old' },
    says: /the new kernel, kernel-modules take effect with the next reboot only; --reboot makes it part/,
  },
  {
    name: 'an inhibitor, without --reboot',
    system: { inhibitors: { dbus: 'broker' } },
    options: [],
    ...{ exit: 69, runs: 'old', says: /cannot be switched to without a reboot \(dbus\)[\s\S]*by --reboot/ },
  },
  { name: 'an inhibitor', system: { inhibitors: { dbus: 'broker' } }, exit: 0, runs: 'new', says: /not without: dbus/ },
  { name: 'another init interface', system: { initInterface: '300' }, exit: 0, runs: 'new' },
  { name: 'nothing needs one', exit: 0, runs: 'new', booted: 'old', says: /nothing in it needs a reboot/ },
  {
    name: 'a service is broken after it',
    system: { ...kernel, units: { 'web.service': '[Service]\nExecStart=/bin/false\n' } },
    ...{ exit: 10, runs: 'old', says: /rolled back, by a reboot[\s\S]*the old system runs again, as before/ },
  },
  {
    name: 'SSH is broken after it',
    system: { ...kernel, units: noSshd },
    options: quick,
    ...{ exit: 10, runs: 'old', says: /deadline of 25 s/ },
  },
  {
    name: 'the boot loader brings the old one all the same',
    system: kernel,
    before: (machine) => machine.sh(deafBootctl(machine)),
    ...{ exit: 10, runs: 'old', says: /came up with the old system/ },
  },
  {
    name: 'the new boot loader cannot be installed when it is kept',
    system: { ...kernel, bootLoaderFails: true },
    ...{ exit: 10, runs: 'old', says: /cannot be made the boot default/ },
  },
  ...(['prepared', 'rebooting', 'armed again', 'verified'] as const).map(
    (moment): Row => ({
      name: `nixspec is killed: ${moment}`,
      system: kernel,
      options: quick,
      at: [new RegExp(`: ${moment}`), 'kill'],
      after: untilOld,
      ...{ exit: null, runs: 'old' },
    }),
  ),
  ...(['rebooting', 'armed again'] as const).map(
    (moment): Row => ({
      name: `Ctrl-C: ${moment}`,
      system: kernel,
      at: [new RegExp(`: ${moment}`), 'interrupt'],
      ...{ exit: 10, runs: 'old', says: /Ctrl-C once more leaves it to the target/ },
    }),
  ),
  {
    name: 'its power is cut after it: the old one boots',
    system: kernel,
    at: [/: armed again/, (machine) => machine.sh('systemctl reboot --force --force || :')],
    ...{ exit: 10, runs: 'old' },
  },
  {
    name: 'the runner dies meanwhile, and a person confirms',
    system: kernel,
    at: [/: rebooting/, 'kill'],
    after: async (machine, spec, next) => {
      await untilBooted(machine, next);
      const status = await nixspec(['switch', 'status', 'm', '-s', spec]);
      t.match(status, { exit: 0, said: /a switch is armed \(booted\): the old system comes back in \d+ s/ });
      t.match(status.said, new RegExp(`old +${machine.base}\n +new +${next}`));
      t.match(await nixspec(['switch', 'm', '-s', spec, '--closure', next]), { exit: 69, said: /is armed there/ });
      const confirmed = await nixspec(['switch', 'confirm', 'm', '-s', spec]);
      t.match(confirmed, { exit: 0, said: /is profile and boot default/ }, confirmed.said);
    },
    ...{ exit: null, runs: 'new' },
  },
  {
    name: 'the runner dies meanwhile, and a person goes back',
    system: kernel,
    at: [/: rebooting/, 'kill'],
    after: async (_, spec) => {
      const back = await nixspec(['switch', 'rollback', 'm', '-s', spec]);
      t.match(back, { exit: 10 }, back.said);
    },
    ...{ exit: null, runs: 'old' },
  },
];

const only = process.env.NIXSPEC_ROWS;
const chosen = only === undefined ? rows : rows.filter(({ name }) => new RegExp(only).test(name));
const machines: NixosMachine[] = [];
let skip: string | undefined;
for (const name of ['reboot-a', 'reboot-b'].slice(0, chosen.length)) {
  const started = await startNixosMachine(name);
  if ('skip' in started) skip = started.skip;
  else machines.push(started);
}
t.teardown(() => {
  for (const machine of machines) machine.down();
});
t.setTimeout(1_800_000);

void t.test('with a reboot', { skip: skip ?? false, timeout: 1_800_000 }, async (t) => {
  t.jobs = machines.length;
  const free = [...machines];
  const running = chosen.map((row) =>
    t.test(row.name, { timeout: 300_000 }, async (t) => {
      const machine = free.pop();
      if (!machine) throw new Error('there are as many machines as jobs');
      try {
        await play(t, machine, row);
      } finally {
        free.push(machine);
      }
    }),
  );
  await Promise.all(running);
});

async function play(t: Test, machine: NixosMachine, row: Row): Promise<void> {
  const { options = ['--reboot', '--deadline', '90s'], at } = row;
  await machine.reset();
  const next = await machine.makeSystem({ label: 'next', ...row.system });
  const spec = writeSpec(t, machine);
  await row.before?.(machine);
  let done: Promise<unknown> | undefined;
  const words = ['switch', 'm', '-s', spec, '--soak', '2s', '--closure', next, ...options];
  const { exit, said } = await nixspec(words, (text, child) => {
    if (!at?.[0].test(text) || done) return;
    if (at[1] === 'kill') child.kill('SIGKILL');
    else if (at[1] === 'interrupt') child.kill('SIGINT');
    done = typeof at[1] === 'function' ? at[1](machine).catch((error) => t.error(error)) : Promise.resolve();
  });
  await done;
  if (exit !== row.exit || (row.says && !row.says.test(said))) t.comment(said);
  t.equal(exit, row.exit, 'exit code');
  if (row.says) t.ok(row.says.test(said), `it says ${row.says}`);
  t.notOk(/defect in nixspec/.test(said), 'no defect');
  if (row.never) t.notMatch(said, row.never);
  if (at) t.ok(done, 'it came to that');
  await row.after?.(machine, spec, next);
  const runs = row.runs === 'new' ? next : machine.base;
  const booted = row.booted === 'old' ? machine.base : runs;
  t.match(await machine.links(), { current: runs, booted, profile: runs, boot: runs }, 'what runs');
  t.equal((await machine.run('systemctl is-system-running --wait')).stdout.trim(), 'running');
  // What a target did by itself is told, and cleared away by whoever asks.
  if (row.exit === null && (await machine.leftovers()).length > 0) {
    const cleared = await nixspec(['switch', 'rollback', 'm', '-s', spec]);
    t.equal(cleared.exit, 10, cleared.said);
  }
  t.same(await machine.leftovers(), [], 'nothing is left');
}

function writeSpec(t: Test, machine: NixosMachine): string {
  const spec = join(t.testdir(), 'nixspec.yaml');
  writeFileSync(
    spec,
    `version: 1
targets: { m: { ssh: { host: ${machine.name}, config: ${machine.sshConfig} } } }
unit: { web: { active: true, within: 8s }, sshd: { active: true, within: 5s } }
http: { "http://${machine.address}/": { status: 200, within: 8s } }
`,
  );
  return spec;
}

/** @param onText what it has said so far, whenever it says more */
async function nixspec(words: readonly string[], onText?: (text: string, nixspec: Pick<Started, 'kill'>) => void) {
  const started = start(words, { env: { NO_COLOR: '1' } });
  let told = '';
  started.onError((text) => {
    told += text;
    onText?.(told, started);
  });
  const { status, out, err } = await started.ended;
  return { exit: status, said: `${err}${out}` };
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 180_000;
  while (Date.now() < end) {
    if (await look().catch(() => false)) return;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error(`${what}: it did not come to that`);
}

/** Whoever armed it is dead: the old system runs, and nothing waits or works any more. */
async function untilOld(machine: NixosMachine): Promise<void> {
  await until('the old system', async () => {
    const { status } = await machine.run(
      `[ "$(readlink -f /run/current-system)" = ${machine.base} ] && [ "$(readlink -f /nix/var/nix/profiles/system)" = ${machine.base} ] &&
        [ "$(readlink -f /run/booted-system)" = ${machine.base} ] && systemctl is-active -q sshd &&
        ! systemctl -q is-active nixspec-rollback.timer nixspec-rollback.service nixspec-activate.service nixspec-boot-guard.timer nixspec-reboot.timer`,
    );
    return status === 0;
  });
}

async function untilBooted(machine: NixosMachine, system: string): Promise<void> {
  await until('the new system', async () => {
    const { status } = await machine.run(
      `[ "$(readlink -f /run/booted-system)" = ${system} ] && systemctl is-active -q sshd`,
    );
    return status === 0;
  });
}
