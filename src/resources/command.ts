import { parseJson } from '../json-text.js';
import type { NoReading, Observation, Query, Script, ShellOutput, ShellProbe, Value } from '../model.js';
import { absentReading, defineResource, known, unknown, unknownReading } from '../resource.js';
import { joinScripts, sh } from '../shell/sh.js';

/** Seconds, as Goss has it. */
const defaultTimeout = 10;
/** Of each output. */
const mostBytes = 1024 * 1024;

export default defineResource({
  name: 'command',
  summary: 'A command line that is run on the target, with its exit status and what it prints',
  subject: {
    summary: 'Command line, as a shell takes it',
    example: 'sudo -u postgres psql -c "select 1"',
    pattern: /^[^\0]{1,100000}$/,
    mistake: 'a command line is at most 100000 characters, none of them NUL',
  },
  params: {
    shell: {
      type: 'string',
      summary: 'Shell that runs it with `-c` (default /bin/sh)',
      example: '/run/current-system/sw/bin/bash',
    },
    user: {
      type: 'string',
      summary: 'User that runs it: by `runuser` if nixspec is root there, else by `sudo -n`',
      example: 'postgres',
    },
    stdin: { type: 'text', summary: 'What it reads on standard input (default nothing)', example: 'select 1;' },
    environment: {
      type: 'map',
      summary: 'Variables set for it; not shown, and not visible in the list of processes',
      example: { PGHOST: '/run/postgresql' },
      secret: true,
    },
  },
  properties: {
    'exit-status': {
      type: 'number',
      least: 0,
      summary: 'Exit status; 127 where the command is not found, 128 + n where signal n ended it',
      example: 0,
    },
    stdout: {
      type: 'text',
      summary: 'What it printed on standard output (up to 1 MiB)',
      example: ['accepting connections'],
    },
    json: {
      type: 'json',
      summary: 'What it printed on standard output, parsed as JSON',
      example: { gjson: { 'blockdevices.0.fstype': 'ext4' } },
    },
    stderr: { type: 'text', summary: 'What it printed on standard error (up to 1 MiB)', example: '' },
    time: { type: 'duration', summary: 'How long it ran, to 10 ms', example: { lt: '2s' }, volatile: true },
  },
  notes:
    'Nothing keeps a command from changing the target: write commands that only look. ' +
    'It runs with `LC_ALL=C`, without a terminal, in a process group that is killed after `timeout` (default 10 s).',
  probes: (queries) => queries.map(probeCommand),
});

interface Settings {
  readonly shell: string;
  readonly user?: string;
  readonly stdin?: string;
  readonly environment: readonly (readonly [string, string])[];
  readonly timed: boolean;
  readonly parsed: boolean;
}

interface Readings {
  readonly 'exit-status': number | NoReading;
  readonly stdout: string | NoReading;
  readonly json?: Value | NoReading;
  readonly stderr: string | NoReading;
  readonly time?: number | NoReading;
}

/** One probe each: a command may hang, and must not take others with it. */
function probeCommand(query: Query): ShellProbe<Readings> {
  const settings = readSettings(query);
  const mistake = findMistake(query);
  const limit = query.timeout ?? defaultTimeout;
  const plain = isPlain(query, settings);
  const read = (output: ShellOutput) => (mistake ? unknown(mistake) : readOutput(output, settings, plain));
  return {
    kind: 'shell',
    answers: [query],
    script: mistake ? sh`:` : plain ? sh`exec /bin/sh -c ${text(query)}` : runWithSettings(query, settings, limit),
    exits: 'any',
    limit,
    maxBytes: mostBytes,
    slots: 'own',
    ...(plain && dropUnwanted(query)),
    parse: (output) => new Map([[query.id, read(output)]]),
  };
}

function readSettings({ params, wanted }: Query): Settings {
  const { shell = '/bin/sh', user, stdin, environment } = params;
  return {
    shell: String(shell),
    ...(user !== undefined && { user: String(user) }),
    ...(stdin !== undefined && { stdin: String(stdin) }),
    environment: Object.entries(environment ?? {}).map(([name, value]) => [name, String(value)]),
    timed: wanted.has('time'),
    parsed: wanted.has('json'),
  };
}

/** What cannot be handed over is told, not left out. */
function findMistake({ params }: Query): string | undefined {
  const { environment = {}, ...others } = params;
  const scalar = (value: Value) =>
    ['string', 'number', 'boolean'].includes(typeof value) && !String(value).includes('\0');
  for (const [name, value] of Object.entries(others)) {
    if (!scalar(value)) return `\`${name}\` must be text without NUL bytes`;
  }
  if (environment === null || typeof environment !== 'object') return '`environment` must be a mapping';
  for (const [name, value] of Object.entries(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${JSON.stringify(name)} is no name of an environment variable`;
    if (!scalar(value)) return `the environment variable ${name} must be text without NUL bytes`;
  }
  return undefined;
}

/** The common case, without a process of our own. */
function isPlain({ params }: Query, { timed }: Settings): boolean {
  return !timed && Object.keys(params).length === 0;
}

/** What is printed but not asserted is not kept. */
function dropUnwanted({ wanted }: Query): Pick<ShellProbe, 'drops'> {
  if (!wanted.has('stdout') && !wanted.has('json')) return { drops: wanted.has('stderr') ? 'stdout' : 'both' };
  return wanted.has('stderr') ? {} : { drops: 'stderr' };
}

/** A text that begins with - would be taken for an option of the shell. */
function text({ subject }: Query): string {
  return subject.startsWith('-') ? ` ${subject}` : subject;
}

function runWithSettings(query: Query, settings: Settings, limit: number): Script {
  const program = runProgram(query, settings);
  return settings.user === undefined ? program : runAs(settings.user, program, limit);
}

/**
 * Prints a line `+` before the command begins, so that what goes wrong earlier (no such shell, user, right) is not taken
 * for its answer; and, if wanted, the machine's uptime before and after it at the very end. Standard error goes past the
 * shell that waits, since that may add a line about the signal that ended the command.
 */
function runProgram(query: Query, { shell, stdin, environment, timed }: Settings): Script {
  const feed = stdin === undefined ? sh`` : sh`printf %s ${stdin} 2>/dev/null | `;
  const readUptime = (name: Script) => (timed ? [sh`read -r ${name} _ </proc/uptime`] : []);
  return joinScripts([
    sh`command -v ${shell} >/dev/null || { printf '!%s\n' ${`there is no shell ${shell}`}; exit 1; }`,
    ...environment.map(([name, value]) => sh`export ${name}=${value}`),
    sh`echo +`,
    ...readUptime(sh`a`),
    sh`{ ${feed}${shell} -c ${text(query)} 2>&4 4>&-; x=$?; } 4>&2 2>/dev/null`,
    ...readUptime(sh`b`),
    ...(timed ? [sh`printf '\n%s %s\n' "$a" "$b"`] : []),
    sh`exit $x`,
  ]);
}

/**
 * The program reaches the other user by a pipe, so that the environment is never in an argument list. `sudo` needs a time
 * limit of its own, as one user cannot kill the processes of another.
 */
function runAs(user: string, program: Script, limit: number): Script {
  return sh`case $(id -u):$(id -un) in
*:${user}) set -- ;;
0:*) set -- runuser -u ${user} -- ;;
*) set -- sudo -n -u ${user} -- timeout -s KILL ${Math.max(1, Math.ceil(limit))} ;;
esac
{ printf 'LC_ALL=C NIXSPEC_MARK=%s\nexport LC_ALL NIXSPEC_MARK\nexec </dev/null\n%s' "$NIXSPEC_MARK" ${program.raw} |
"$@" /bin/sh -c 'eval "$(cat)"' 2>&4 4>&-; x=$?; } 4>&2 2>/dev/null
exit $x`;
}

function readOutput(output: ShellOutput, { timed, parsed }: Settings, plain: boolean): Observation<Readings> {
  const said = output.stderr.toString('utf8');
  const printed = output.stdout.toString('utf8');
  if (!plain && !printed.startsWith('+\n')) {
    const reason = printed.startsWith('!') ? printed.slice(1) : said || `exit status ${output.exit}`;
    return unknown(`the command was not run: ${reason.trim().split('\n', 1)[0]}`);
  }
  const tooLong = (bytes: Buffer) => output.truncated && bytes.length >= mostBytes;
  const long = unknownReading('it printed more than 1 MiB');
  const { stdout, time } = splitTime(plain ? printed : printed.slice(2), timed);
  const whole = tooLong(output.stdout) ? long : stdout;
  const readings = {
    // Cut short, it may have been ended by the closed pipe and not by itself.
    'exit-status': output.truncated ? long : output.exit,
    stdout: whole,
    ...(parsed && { json: typeof whole === 'string' ? readJson(whole) : whole }),
    stderr: tooLong(output.stderr) ? long : said,
    ...(timed && { time: tooLong(output.stdout) ? long : time }),
  };
  return known(readings, { clues: collectClues(readings, said) });
}

/** A command that failed mostly says why. */
function collectClues({ 'exit-status': exit, stdout, json }: Readings, said: string) {
  const status = exit === 0 || typeof exit !== 'number' ? [] : [{ from: 'exit-status', text: String(exit) }];
  const error = { from: 'stderr', text: said };
  const printed = said.trim() === '' && typeof stdout === 'string' ? [{ from: 'stdout', text: stdout }] : [];
  const ofOutput = [...status, error];
  const clues = { 'exit-status': [error, ...printed], stdout: ofOutput, stderr: status };
  return json === undefined ? clues : { ...clues, json: ofOutput };
}

function readJson(printed: string): Value | NoReading {
  if (printed.trim() === '') return absentReading('it printed nothing');
  const parsed = parseJson(printed);
  return 'value' in parsed ? parsed.value : absentReading('what it printed is not JSON');
}

function splitTime(printed: string, timed: boolean): { stdout: string | NoReading; time: number | NoReading } {
  const untold = unknownReading('something that it left running kept printing');
  if (!timed) return { stdout: printed, time: untold };
  const [all, before, after] = /\n(\d+\.\d+) (\d+\.\d+)\n$/.exec(printed) ?? [];
  if (all === undefined) return { stdout: untold, time: untold };
  return { stdout: printed.slice(0, -all.length), time: Math.round((Number(after) - Number(before)) * 100) / 100 };
}
