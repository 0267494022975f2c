import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CommandInput, Io } from '../command.js';
import { performDiscovery } from '../discover/perform.js';
import { exitCodes, NixspecError } from '../error.js';
import { makePaint, printable } from '../terminal.js';
import type { Machine } from './choose.js';
import { schemaFile } from './compose.js';
import { fileExists } from './file-exists.js';
import { composeEditorFiles } from './vscode.js';
import type { Wishes } from './wishes.js';

/** Writes the spec and what editors need, and says what to do next. @throws NixspecError `usage` */
export async function deliver(
  text: string,
  machines: readonly Machine[],
  wishes: Wishes & { readonly discovers: boolean },
  io: Io,
): Promise<void> {
  const { file, folder, force, vscode } = wishes;
  const { composeSpecSchema, writeSchema } = await import('../spec-schema.js');
  await write(file, text, force);
  // Made by nixspec, and made anew by the next one.
  await writeSchema(join(folder, schemaFile), await composeSpecSchema(file));
  io.out(`${printable(file)}: written, for ${printable(machines.map(describeMachine).join('; '))}\n`);
  if (vscode) await writeEditorFiles(folder, file, io);
  if (!wishes.discovers) tellNext(machines, file, io);
}

function describeMachine({ host, build, destination }: Machine): string {
  const from = build && ('flake' in build ? build.flake : build.file);
  return `${host}: ${from === undefined ? '' : `built from ${from}, `}reached as ${destination}`;
}

/** What is there already is the user's, comments and all: what to add to it is printed. */
async function writeEditorFiles(folder: string, spec: string, io: Io): Promise<void> {
  for (const [name, content] of Object.entries(composeEditorFiles(spec))) {
    const path = join(folder, name);
    const text = `${JSON.stringify(content, undefined, 2)}\n`;
    if (await fileExists(path)) io.out(`${printable(path)} is there already; add to it:\n${text}`);
    else {
      await write(path, text, false);
      io.out(`${printable(path)}: written\n`);
    }
  }
}

async function write(path: string, text: string, overwrites: boolean): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: overwrites ? 'w' : 'wx' });
  } catch (cause) {
    throw new NixspecError('usage', `cannot write ${path}: ${(cause as Error).message}`, { operation: 'init', cause });
  }
}

function tellNext(machines: readonly Machine[], file: string, io: Io, discovered = false): void {
  const paint = makePaint(io.color.out);
  const spec = file === 'nixspec.yaml' ? '' : ` --spec ${file}`;
  const vms = machines.flatMap(({ vm }) => vm ?? []).join(' ');
  const productions = machines.map(({ production }) => production).join(' ');
  const rows: readonly (readonly [string, string])[] = [
    ...(vms === ''
      ? []
      : [[`nixspec verify ${vms}${spec}`, 'builds the VM, boots it and tries the spec in it'] as const]),
    [`nixspec verify ${productions}${spec}`, `the same on the server${vms === '' ? '' : ', compared with the VM'}`],
    ...(discovered
      ? []
      : [[`nixspec discover ${productions} --write${spec}`, 'adds what runs on the server to the spec'] as const]),
  ];
  const widest = Math.max(...rows.map(([line]) => line.length));
  io.out('Next:\n');
  for (const [line, what] of rows) io.out(`  ${paint('bold', printable(line.padEnd(widest)))}   ${what}\n`);
}

/** Adds to the spec what runs on the servers now. Gives the exit code. */
export async function discoverInto(machines: readonly Machine[], input: CommandInput, io: Io): Promise<number> {
  const args = machines.map(({ production }) => production);
  const file = typeof input.options.spec === 'string' ? input.options.spec : 'nixspec.yaml';
  // The spec is there and good, whether or not the server can be looked at.
  let discovered = false;
  try {
    const exitCode = await performDiscovery({ ...input, args, options: { ...input.options, write: true } }, io);
    discovered = exitCode === exitCodes.passed;
    return exitCode;
  } finally {
    tellNext(machines, file, io, discovered);
  }
}
