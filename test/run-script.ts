import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Observation, Query, ShellOutput, ShellProbe, Value } from '../src/model.js';
import type { Resource } from '../src/resource.js';

const allShells: readonly (readonly string[])[] = [['dash'], ['bash', '--posix'], ['busybox', 'sh']];

/** Why a shell cannot be tried here: that of busybox-static runs its own tools in place of the target's coreutils. */
export const missingShells: readonly (readonly [shell: string, why: string])[] = allShells.flatMap((shell) => {
  const [name = '', ...words] = shell;
  const { error, stdout } = spawnSync(name, [...words, '-c', 'command -v stat'], { encoding: 'utf8' });
  const why = error ? `there is no ${name}` : stdout.startsWith('/') ? '' : `this ${name} has tools of its own`;
  return why === '' ? [] : [[shell.join(' '), why] as const];
});

/** The shells that a target's /bin/sh may be, as far as this machine has them. */
export const shells = allShells.filter((shell) => !missingShells.some(([name]) => name === shell.join(' ')));

/** A query as the plan makes it. */
export function ask(
  resource: Resource,
  subject: string,
  wanted: readonly string[],
  params: Record<string, Value> = {},
) {
  const id = `${resource.name} ${subject} ${JSON.stringify(params)}`;
  return { id, resource: resource.name, subject, params, wanted: new Set(wanted) } satisfies Query;
}

/** All shell probes for some queries. */
export function shellProbes(resource: Resource, queries: readonly Query[]): readonly ShellProbe[] {
  return resource.probes(queries).filter((probe): probe is ShellProbe => probe.kind === 'shell');
}

/** Runs a script as the program does: read by a shell that runs nothing else, standard input empty. */
export function runScript(script: string, command: readonly string[] = ['sh'], environment = {}): ShellOutput {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));
  try {
    // A shell that becomes another user must be able to read it.
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, '0.c'), script);
    writeFileSync(join(folder, 'run'), '{ ( . "$1.c" ) 2>&3 3>&-; x=$?; } 3>&2 2>/dev/null\nexit $x\n');
    const [name = 'sh', ...words] = command;
    const run = spawnSync(name, [...words, join(folder, 'run'), join(folder, '0')], {
      env: { ...process.env, LC_ALL: 'C', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 256 * 1024 * 1024,
      timeout: 30_000,
    });
    return { exit: run.status ?? 255, stdout: run.stdout, stderr: run.stderr, truncated: false };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs all probes for some queries on this machine and gives the observations by query id. */
export function observe(resource: Resource, queries: readonly Query[], command?: readonly string[], environment = {}) {
  const observations = new Map<string, Observation>();
  for (const probe of shellProbes(resource, queries)) {
    const output = runScript(probe.script.raw, command, environment);
    for (const [id, observation] of probe.parse(output)) observations.set(id, observation);
  }
  return observations;
}

/** What a probe reads from recorded outputs. */
export function read(
  resource: Resource,
  queries: readonly Query[],
  recorded: Partial<Record<'stdout' | 'stderr', string>> & { exit?: number },
) {
  const [probe] = shellProbes(resource, queries);
  if (!probe) throw new Error('no shell probe');
  const { exit = 0, stdout = '', stderr = '' } = recorded;
  return probe.parse({ exit, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false });
}

/** Runs all probes for some queries on a lab machine, by the system's ssh, and gives the observations by query id. */
export function observeOver(
  sshConfig: string,
  alias: string,
  resource: Resource,
  queries: readonly Query[],
  shell = 'sh',
) {
  const observations = new Map<string, Observation>();
  const prologue = 'LC_ALL=C PATH=$PATH:/usr/sbin:/sbin; export LC_ALL PATH\n';
  const far = `sh -c 'f=$(mktemp) && cat >$f && ${shell} $f </dev/null; x=$?; rm $f; exit $x'`;
  for (const probe of shellProbes(resource, queries)) {
    const input = prologue + probe.script.raw;
    const run = spawnSync('ssh', ['-F', sshConfig, alias, far], { input, timeout: 60_000, maxBuffer: 64 << 20 });
    const output = { exit: run.status ?? 255, stdout: run.stdout, stderr: run.stderr, truncated: false };
    for (const [id, observation] of probe.parse(output)) observations.set(id, observation);
  }
  return queries.map(({ id }) => observations.get(id));
}
