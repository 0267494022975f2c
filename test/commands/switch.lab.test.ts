import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { cli } from '../fixture/nixspec.js';
import { type NixosMachine, startNixosMachine } from '../lab/nixos-lab.js';
import { type Row, rows, type Said } from './switch-rows.js';

/**
 * The whole command against machines in the shape of NixOS: the fault table. After every row the machine runs what it
 * should, and nothing is left there.
 */
const only = process.env.NIXSPEC_ROWS;
const chosen = only === undefined ? rows : rows.filter(({ name }) => new RegExp(only).test(name));
const names = ['switch-a', 'switch-b', 'switch-c'].slice(0, chosen.length);
const machines: NixosMachine[] = [];
let skip: string | undefined;
for (const name of names) {
  const started = await startNixosMachine(name);
  if ('skip' in started) skip = started.skip;
  else machines.push(started);
}

t.teardown(() => {
  for (const machine of machines) machine.down();
});

// Not tap's half a minute for a whole file.
t.setTimeout(900_000);

t.test('the fault table', { skip: skip ?? false, timeout: 900_000 }, async (t) => {
  t.jobs = machines.length;
  const free = [...machines];
  const running = chosen.map((row) =>
    t.test(row.name, { timeout: 240_000, skip: lacks(row) ?? false }, async (t) => {
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

const lines: { readonly [moment in Said]: RegExp } = {
  armed: /: armed/,
  activating: /: armed/,
  activated: /: activated/,
  verified: /: verified:/,
  kept: /: kept/,
};

function lacks({ filesystem }: Row): string | undefined {
  if (filesystem === undefined || readFileSync('/proc/filesystems', 'utf8').includes(filesystem)) return undefined;
  return `the kernel here knows no ${filesystem}`;
}

async function play(t: Test, machine: NixosMachine, row: Row): Promise<void> {
  await machine.reset();
  const next = await machine.makeSystem({ label: 'next', ...row.system });
  await row.before?.(machine);
  const spec = writeSpec(t, machine, row.state);
  const begun = Date.now();
  const { exit, said } = await nixspecSwitch(machine, next, spec, row);
  t.comment(`${Math.round((Date.now() - begun) / 100) / 10} s`);
  if (exit !== row.exit || (row.says && !row.says.test(said))) t.comment(said);
  t.equal(exit, row.exit, 'exit code');
  if (row.says) t.ok(row.says.test(said), `it says ${row.says}`);
  t.notOk(/defect in nixspec/.test(said), 'no defect');
  await row.after?.(machine);
  const runs = row.runs === 'new' ? next : machine.base;
  t.match(await machine.links(), { current: runs, profile: runs, boot: runs }, 'what runs');
  t.equal(
    (await machine.run('systemctl is-system-running')).stdout.trim(),
    row.options?.includes('--allow-broken') ? 'degraded' : 'running',
  );
  // A killed nixspec leaves what the next one, or `switch rollback`, clears away.
  if (row.exit === null) {
    const { exit: cleared, said: words } = await run(['switch', 'rollback', 'm', '-s', spec]);
    t.equal(cleared, row.cleared ?? 10, words);
  }
  t.same(await machine.leftovers(), [], 'nothing is left');
}

function writeSpec(t: Test, machine: NixosMachine, state = '{}'): string {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-switch-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const spec = join(folder, 'nixspec.yaml');
  writeFileSync(
    spec,
    `version: 1
targets: { m: { ssh: { host: ${machine.name}, config: ${machine.sshConfig} } } }
unit: { web: { active: true, within: 3s }, sshd: { active: true, within: 3s } }
port: { "tcp:80": { listening: true, within: 3s } }
http: { "http://${machine.address}/": { status: 200, within: 3s } }
${state === '{}' ? '' : `state: ${state}\n`}`,
  );
  return spec;
}

async function nixspecSwitch(machine: NixosMachine, next: string, spec: string, { options = [], at }: Row) {
  const closure = options.includes('--closure') ? [] : ['--closure', next];
  const deadline = options.includes('--deadline') ? [] : ['--deadline', '30s'];
  const words = ['switch', 'm', '-s', spec, '--soak', '5s', ...closure, ...deadline, ...options];
  let done: Promise<unknown> | undefined;
  const over = new AbortController();
  const happen = (child: Child) => {
    if (at?.happens === 'kill') child.kill('SIGKILL');
    else if (at?.happens === 'interrupt') child.kill('SIGINT');
    else return at?.happens(machine);
    return undefined;
  };
  const ended = await run(words, (line, child) => {
    if (!at || done) return;
    const { moment } = at;
    if (typeof moment !== 'string') done = becomes(machine, moment.on, over.signal).then(() => happen(child));
    else if (lines[moment].test(line))
      // In the middle of the activation, which takes a second.
      done = sleep(moment === 'activating' ? 400 : 0).then(() => happen(child));
  });
  over.abort();
  await done;
  return ended;
}

/** @throws Error where it has not become true by the end */
async function becomes(machine: NixosMachine, on: string, over: AbortSignal): Promise<void> {
  while ((await machine.run(on)).status !== 0) {
    if (over.aborted) throw new Error(`never: ${on}`);
    await sleep(50);
  }
}

interface Child {
  kill(name: NodeJS.Signals): void;
}

async function run(words: readonly string[], onLine?: (line: string, child: Child) => void) {
  const child = spawn(process.execPath, [cli, ...words], {
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      for (const line of text.split('\n')) onLine?.(line, { kill: (name) => void child.kill(name) });
    });
  }
  const exit = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { exit, said };
}
