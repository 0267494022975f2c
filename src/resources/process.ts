import type { NoReading, Observation, Query } from '../model.js';
import { mayBeCalled, namesOfProcess } from '../process-names.js';
import { askForProcesses, type ProcessTable, type RunningProcess, readProcesses } from '../process-table.js';
import { absentReading, defineResource, known, sameForAll, unknown, unknownReading } from '../resource.js';

export default defineResource({
  name: 'process',
  summary: 'Processes that run a program, by its name',
  subject: {
    summary: 'Name of the executable, without its folder, of any length; or of the script that an interpreter runs',
    example: 'nginx',
    pattern: /^[^/]+$/,
    mistake: 'a process is named by its executable alone, without a folder',
  },
  params: {},
  properties: {
    running: { type: 'boolean', summary: 'At least one process runs it', example: true },
    count: { type: 'number', least: 0, summary: 'How many processes run it', example: { ge: 1 } },
    users: { type: 'list', summary: 'Names of the (effective) users they run as, sorted', example: ['nginx', 'root'] },
    arguments: {
      type: 'list',
      summary: 'Command lines, as `ps` shows them: arguments with a space between; the same one once; sorted',
      example: { 'contain-element': { 'contain-substring': '--config /etc/app.conf' } },
    },
  },
  needs: ['grep and stat (GNU)'],
  notes: `\
- A process is found by the name of its program (\`/proc/PID/exe\`), by the one it was called by, and by the one it gives
  itself (\`comm\`, what Goss looks at). \`.nginx-wrapped\`, as NixOS calls what it wraps, is \`nginx\` too.
- Of \`python3 /usr/bin/foo --bar\`, both \`python3\` and \`foo\` are found; so for the usual shells and interpreters, for
  \`python3 -m foo\` and \`java -jar foo.jar\`.
- Threads of the kernel are found by their name; they have no arguments. What has ended and was not waited for (a zombie)
  does not run. What nixspec itself has started does not count; processes of containers do.
- Users who are not root see the program of their own processes only. Others are found by the rest, which a process
  may change: where a name is cut so that it might be the one, and nothing else is, all is unknown.
- With \`hidepid\` on /proc, only root sees the processes of others: what is not found is then unknown.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForProcesses({ users: queries.some((query) => query.wanted.has('users')) }),
      exits: [0],
      limit: Math.max(20, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 32 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => {
        const table = readProcesses(output);
        if (!table) return sameForAll(queries, unknown(explainNoTable(output.stderr.toString('utf8'))));
        const index = indexByName(table);
        return new Map(queries.map((query) => [query.id, readProcess(query, table, index)]));
      },
    },
  ],
});

function explainNoTable(said: string): string {
  return `/proc could not be read by grep (GNU's is needed): ${said.split('\n', 1)[0]?.slice(0, 300) || 'no answer'}`;
}

type Index = ReadonlyMap<string, readonly RunningProcess[]>;

function indexByName(table: ProcessTable): Index {
  const index = new Map<string, RunningProcess[]>();
  for (const process of table.processes) {
    for (const name of namesOfProcess(process)) {
      const others = index.get(name);
      if (others) others.push(process);
      else index.set(name, [process]);
    }
  }
  return index;
}

interface Readings {
  readonly exists: boolean;
  readonly running: boolean;
  readonly count: number | NoReading;
  readonly users?: readonly string[] | NoReading;
  readonly arguments?: readonly string[] | NoReading;
}

function readProcess(query: Query, table: ProcessTable, index: Index): Observation<Readings> {
  const found = index.get(query.subject) ?? [];
  const doubt = explainDoubt(query.subject, table, found);
  if (found.length === 0) {
    if (doubt !== undefined) return unknown(doubt);
    const none = absentReading(`no process is called ${query.subject}`);
    return known({ exists: false, running: false, count: 0, users: none, arguments: none });
  }
  const unsure = doubt === undefined ? undefined : unknownReading(`there may be more: ${doubt}`);
  return known({
    exists: true,
    running: true,
    count: unsure ?? found.length,
    ...(query.wanted.has('users') && { users: unsure ?? readUsers(found) }),
    ...(query.wanted.has('arguments') && { arguments: unsure ?? sortedSet(found.flatMap(showCommand)) }),
  });
}

/** Why there may be (more) processes of that name than were found. */
function explainDoubt(name: string, table: ProcessTable, found: readonly RunningProcess[]): string | undefined {
  if (!table.seesAll) {
    return 'this user sees no processes of others (hidepid): connect as root or set `sudo: true`';
  }
  const maybe = table.processes.find((process) => !found.includes(process) && mayBeCalled(name, process));
  return (
    maybe && `only root sees which program ${maybe.pid} (${maybe.comm}…) is: connect as root or set \`sudo: true\``
  );
}

function readUsers(found: readonly RunningProcess[]): readonly string[] | NoReading {
  const users = found.flatMap(({ user }) => user ?? []);
  return users.length > 0 ? sortedSet(users) : unknownReading('the processes ended while they were looked at');
}

/** A title is padded with what was the space of its arguments. */
function showCommand({ argv }: RunningProcess): readonly string[] {
  const text = argv.join(' ').trimEnd();
  return text === '' ? [] : [text];
}

function sortedSet(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}
