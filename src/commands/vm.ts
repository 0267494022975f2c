import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Command, type CommandInput, type Io, specOption, varOption } from '../command.js';
import { Connections } from '../connections.js';
import { exitCodes, NixspecError } from '../error.js';
import type { Target } from '../model.js';
import { chooseTargets, folderOf, readDraft } from '../prepare.js';
import { type Progress, startProgress } from '../progress.js';
import { printable } from '../terminal.js';
import type { KeptVm } from '../vm/kept.js';

const actions: { readonly [name: string]: (input: CommandInput, io: Io) => Promise<number> } = {
  start: startVms,
  ssh: openShell,
  console: showConsole,
  stop: stopVm,
  status: (_, io) => showStatus(io),
};

const vm: Command = {
  name: 'vm',
  summary: 'The staging VM by hand: start it, look around, stop it',
  arguments: [
    { name: '<action>', summary: Object.keys(actions).join(', '), words: Object.keys(actions) },
    { name: '[target]', summary: 'a target of the spec with `vm:`; may be left out where there is one' },
    {
      name: '[command...]',
      summary: 'what `ssh` is to run there; behind `--` where it has options; for `start` more targets',
    },
  ],
  options: [specOption, varOption],
  examples: [
    ['nixspec vm start vm', 'build and boot it; it stays until it is stopped'],
    ['nixspec vm start web db', 'two that see each other'],
    ['nixspec vm ssh vm', 'a shell in it, as root'],
    ['nixspec vm ssh vm -- systemctl --failed', 'one command; its exit code is passed on'],
    ['nixspec vm console vm', 'what its serial console says, until Ctrl-C'],
    ['nixspec verify vm', 'while it runs, it is the one that is asked'],
    ['nixspec vm status', 'those that run, for any spec'],
    ['nixspec vm stop vm', 'shut it down; nothing is left of it'],
  ],
  async run(input, io) {
    const [name = ''] = input.args;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action) return action(input, io);
    throw usage(`there is no action "${name}"`, `actions are: ${Object.keys(actions).join(', ')}`);
  },
};

export default vm;

async function startVms(input: CommandInput, io: Io): Promise<number> {
  const targets = await chooseVms(input, io);
  const folder = resolve(folderOf(input));
  const { findKept } = await import('../vm/kept.js');
  const kept = await Promise.all(targets.map(({ name }) => findKept(name, folder)));
  const starting = kept.find((one) => one?.starting);
  if (starting) throw usage(`${starting.owner.target} is being started by process ${starting.owner.pid}`, undefined);
  const progress = await startProgress(io);
  for (const [at, target] of targets.entries()) if (kept[at]) await tellRunning(kept[at], target, folder, progress, io);
  if (kept.every((one) => one !== undefined)) return exitCodes.passed;
  const connections = new Connections(input.options, progress, io);
  try {
    connections.open(targets.map((target) => ({ ...target, vm: { ...target.vm, keep: true } })));
    await Promise.all(targets.map((target) => connections.get(target)));
  } finally {
    await connections.close();
    progress.stop();
  }
  for (const { name } of targets.filter((_, at) => !kept[at])) {
    const started = await findKept(name, folder);
    io.out(`${printable(name)} is running: ${started ? describe(started) : 'but not any more'}\n`);
  }
  return exitCodes.passed;
}

async function tellRunning(kept: KeptVm, target: Target, folder: string, progress: Progress, io: Io): Promise<void> {
  const { hasChanged } = await import('../vm/changed.js');
  progress.show(target.name, 'looking whether its configuration has changed');
  const changed = await hasChanged(kept, target, { folder, signal: io.signal, show: () => {} });
  progress.stop();
  io.out(`${printable(target.name)} is running already: ${describe(kept)}\n`);
  if (changed !== undefined) io.err(`${printable(changed)}\n`);
}

/** Those that are named, each once; the only one of the spec where none is. */
async function chooseVms(input: CommandInput, io: Io): Promise<readonly Target[]> {
  const names = [...new Set(input.args.slice(1))];
  const draft = await readDraft(input, io);
  const vms = [...draft.targets.values()].filter((target) => target.vm);
  if (names.length === 0 && vms.length === 1) return vms;
  const known = vms.map((target) => target.name).join(', ');
  if (names.length === 0)
    throw usage(`${draft.file} has ${vms.length} targets with \`vm:\``, known && `name one of ${known}`);
  const targets = chooseTargets(draft, names);
  const other = targets.find((target) => !target.vm);
  if (!other) return targets;
  throw usage(`${other.name} is no VM: it has no \`vm:\``, known && `those that have: ${known}`);
}

/** One that runs, whatever the spec says by now: it may have been changed, or broken, since. */
async function findRunning(input: CommandInput): Promise<KeptVm> {
  const name = input.args[1];
  const folder = resolve(folderOf(input));
  const { listKept } = await import('../vm/kept.js');
  const ours = (await listKept()).filter(({ owner }) => owner.specFolder === folder);
  const [only] = name === undefined ? ours : ours.filter(({ owner }) => owner.target === name);
  const names = ours.map(({ owner }) => owner.target).join(', ');
  if (only && (name !== undefined || ours.length === 1)) return only;
  if (name === undefined && ours.length > 1) throw usage(`${ours.length} VMs of this spec run`, `name one of ${names}`);
  const running = names && `; what runs of this spec: ${names}`;
  throw usage(
    `${name ?? 'no VM of this spec'} is ${name === undefined ? '' : 'not '}running`,
    `\`nixspec vm start${name === undefined ? '' : ` ${name}`}\` starts it${running}; \`nixspec vm status\` shows those of other specs`,
  );
}

async function openShell(input: CommandInput): Promise<number> {
  const kept = await findRunning(input);
  if (kept.starting) throw usage(`${kept.owner.target} is still booting`, 'its console: `nixspec vm console`');
  const words = input.args.slice(2);
  // Before the host: behind it, ssh would read options once more.
  const child = spawn('ssh', ['-F', join(kept.folder, 'ssh_config'), '--', 'vm', ...words], { stdio: 'inherit' });
  return new Promise((done, fail) => {
    child.on('error', () => fail(new NixspecError('ssh-missing', 'there is no `ssh` here', { operation: 'vm' })));
    child.on('exit', (code) => done(code ?? exitCodes.interrupted));
  });
}

async function showConsole(input: CommandInput, io: Io): Promise<number> {
  const kept = await findRunning(input);
  const { followConsole } = await import('../vm/follow-console.js');
  const gone = await followConsole(kept, (text) => io.out(printable(text, { lines: true })), io.signal);
  if (gone) io.err(`\n${printable(kept.owner.target)} is gone\n`);
  return exitCodes.passed;
}

async function stopVm(input: CommandInput, io: Io): Promise<number> {
  const kept = await findRunning(input);
  const { target } = kept.owner;
  if (kept.starting) throw usage(`${target} is being started by process ${kept.owner.pid}`, 'Ctrl-C there ends both');
  const progress = await startProgress(io);
  progress.show(target, 'shutting down');
  const [{ stopKept }, { readAccess }] = await Promise.all([import('../vm/kept.js'), import('../vm/access.js')]);
  const connections = new Connections(input.options, progress, io);
  const connect = async () => {
    const reached = await readAccess(kept.folder, { name: target, from: 'target' });
    connections.open([reached]);
    return connections.get(reached);
  };
  const clean = await stopKept(kept, connect, io.signal);
  await (await import('../vm/private-network.js')).clearNetworks();
  progress.stop();
  io.out(`${printable(target)} is stopped${clean ? '' : ', not cleanly: it did not power off when it was asked to'}\n`);
  return exitCodes.passed;
}

async function showStatus(io: Io): Promise<number> {
  const { askState, listKept } = await import('../vm/kept.js');
  const { clearLeftovers } = await import('../vm/workspace.js');
  await clearLeftovers();
  const kept = await listKept();
  if (kept.length === 0) io.out('no VM is running\n');
  const states = await Promise.all(kept.map((one) => (one.starting ? 'booting' : askState(one))));
  const rows = kept.map(({ owner, facts }, at) => [
    owner.target,
    states[at] ?? 'no answer',
    String(facts?.port ?? '?'),
    facts?.memory === undefined ? '?' : `${Math.round(facts.memory / 1024 ** 2)} MiB`,
    showSince(owner.since),
    owner.specFolder,
  ]);
  const table = [
    ['TARGET', 'STATE', 'SSH PORT', 'MEMORY', 'SINCE', 'SPEC'],
    ...rows.map((row) => row.map((cell) => printable(cell))),
  ];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  if (kept.length > 0) io.out(`${lines.join('\n')}\n`);
  return exitCodes.passed;
}

function describe({ owner, facts }: KeptVm): string {
  return `root@127.0.0.1:${facts?.port ?? '?'}, since ${printable(showSince(owner.since))}`;
}

/** `2026-11-23 07:56 UTC` */
function showSince(since: string): string {
  return `${since.slice(0, 16).replace('T', ' ')} UTC`;
}

function usage(message: string, hint: string | undefined): NixspecError {
  return new NixspecError('usage', message, { operation: 'vm', ...(hint && { hint }) });
}
