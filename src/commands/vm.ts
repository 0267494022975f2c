import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Command, type CommandInput, type Io, specOption, varOption } from '../command.js';
import { Connections } from '../connections.js';
import { exitCodes, NixspecError } from '../error.js';
import type { Target } from '../model.js';
import { chooseTargets, folderOf, readDraft } from '../prepare.js';
import { startProgress } from '../progress.js';
import { printable } from '../terminal.js';

const actions = ['start', 'ssh', 'console', 'stop', 'status'] as const;

const vm: Command = {
  name: 'vm',
  summary: 'The staging VM by hand: start it, look around, stop it',
  arguments: [
    { name: '<action>', summary: actions.join(', ') },
    { name: '[target]', summary: 'a target of the spec with `vm:`' },
    { name: '[command...]', summary: 'what `ssh` is to run there' },
  ],
  options: [specOption, varOption],
  examples: [
    ['nixspec vm start vm', 'build and boot it; it stays until it is stopped'],
    ['nixspec vm ssh vm', 'a shell in it, as root'],
    ['nixspec vm console vm', 'what its serial console says'],
    ['nixspec verify vm', 'while it runs, it is the one that is asked'],
    ['nixspec vm stop vm', 'shut it down; nothing is left of it'],
  ],
  async run(input, io) {
    const [action = '', name, ...words] = input.args;
    if (action === 'status') return showStatus(io);
    const target = await chooseVm(input, name, io);
    const folder = resolve(folderOf(input));
    if (action === 'start') return startVm(target, input, io);
    const kept = await findRunning(target, folder);
    if (action === 'ssh') return follow('ssh', ['-F', join(kept.folder, 'ssh_config'), 'vm', ...words]);
    if (action === 'console') return follow('tail', ['-n', '200', '-f', join(kept.folder, 'serial.log')]);
    if (action === 'stop') {
      await (await import('../vm/kept.js')).stopKept(kept);
      return exitCodes.passed;
    }
    throw usage(`there is no action "${action}"`, `actions are: ${actions.join(', ')}`);
  },
};

export default vm;

async function chooseVm(input: CommandInput, name: string | undefined, io: Io): Promise<Target> {
  const draft = await readDraft(input, io);
  const vms = [...draft.targets.values()].filter((target) => target.vm);
  const [only] = vms;
  if (name === undefined && vms.length === 1 && only) return only;
  const names = vms.map((target) => target.name).join(', ');
  if (name === undefined)
    throw usage(`${draft.file} has ${vms.length} targets with \`vm:\``, names && `they are ${names}`);
  const [target] = chooseTargets(draft, [name]);
  if (target?.vm) return target;
  throw usage(`${name} is no VM: it has no \`vm:\``, names && `those that have: ${names}`);
}

async function startVm(target: Target, input: CommandInput, io: Io): Promise<number> {
  const progress = await startProgress(io);
  const connections = new Connections(input.options, progress, io);
  try {
    connections.open([{ ...target, vm: { ...target.vm, keep: true } }]);
    const transport = await connections.get(target);
    progress.stop();
    io.out(`${printable(target.name)} is running: ${printable(transport.reached)}\n`);
    return exitCodes.passed;
  } finally {
    progress.stop();
    await connections.close();
  }
}

async function findRunning(target: Target, folder: string) {
  const { findKept } = await import('../vm/kept.js');
  const kept = await findKept(target.name, folder);
  if (kept) return kept;
  throw usage(`${target.name} is not running`, `\`nixspec vm start ${target.name}\` starts it`);
}

async function showStatus(io: Io): Promise<number> {
  const { listKept } = await import('../vm/kept.js');
  const kept = await listKept();
  if (kept.length === 0) io.out('no VM is running\n');
  for (const { folder, owner } of kept) {
    io.out(`${printable(owner.target)}  of ${printable(owner.specFolder)}  in ${printable(folder)}\n`);
  }
  return exitCodes.passed;
}

/** With the terminal as it is; Ctrl-C is for the program. */
async function follow(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit' });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', (code, signal) => done(code ?? (signal === 'SIGINT' ? exitCodes.passed : exitCodes.unreachable)));
  });
}

function usage(message: string, hint: string): NixspecError {
  return new NixspecError('usage', message, { operation: 'vm', ...(hint && { hint }) });
}
