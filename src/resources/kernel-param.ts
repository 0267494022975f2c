import type { Observation, Query, ShellOutput } from '../model.js';
import { absent, defineResource, known, unknown } from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import { joinScripts, sh } from '../shell/sh.js';

export default defineResource({
  name: 'kernel-param',
  summary: 'A parameter of the running kernel (sysctl)',
  subject: {
    summary: 'Name as sysctl(8) takes it: with dots, or with slashes where a part holds a dot',
    example: 'net.ipv4.ip_forward',
    pattern: /^(?![./])(?!.*[./]{2})(?!.*[./]$)[!-~]+$/,
    mistake: 'a parameter is named like net.ipv4.ip_forward, or net/ipv4/conf/eth0.100/forwarding',
  },
  params: {},
  properties: {
    value: {
      type: 'string',
      summary: 'What it is set to, without the newline at its end; several values stand with tabs or newlines between',
      example: '1',
    },
  },
  needs: ['grep (GNU)'],
  notes: `\
- Where the first separator is a dot, dots part the name and a slash stands for a dot inside a part
  (\`net.ipv4.conf.eth0/100.forwarding\`); where it is a slash, slashes do, and dots are just dots.
- A parameter of a module that is not loaded is absent. One that only root may read is unknown to others.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      // One process for some thousand files. The shell's own \`read\` was ruled out: dash reads byte by byte, and the kernel
      // gives the value to the first read only.
      script: joinScripts([
        ...chunkWords([...new Set(queries.map((query) => pathOf(query.subject)))]).map(
          (paths) => sh`grep -aHZ '' -- ${paths} </dev/null
[ $? -le 2 ] || exit`,
        ),
        sh`printf '=end\n'`,
      ]),
      exits: [0],
      limit: Math.max(10, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 8 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, output),
    },
  ],
});

/** sysctl(8): the first separator says which of the two the name uses; the other one is then part of a name. */
function pathOf(name: string): string {
  const dotted = /[./]/.exec(name)?.[0] !== '/';
  const path = dotted ? name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.')) : name;
  return `/proc/sys/${path}`;
}

interface Readings {
  readonly value: string;
}

/** Lines `path\0line`; what could not be read is told on standard error, and an empty file nowhere. */
function readAnswer(queries: readonly Query[], output: ShellOutput): Map<string, Observation<Readings>> {
  const values = new Map<string, string[]>();
  const text = output.stdout.toString('utf8');
  const whole = text.endsWith('=end\n');
  for (const line of text.split('\n')) {
    const at = line.indexOf('\0');
    if (at < 0) continue;
    const path = line.slice(0, at);
    const lines = values.get(path);
    if (lines) lines.push(line.slice(at + 1));
    else values.set(path, [line.slice(at + 1)]);
  }
  const said = readErrors(output.stderr.toString('utf8'));
  return new Map(
    queries.map((query) => {
      const path = pathOf(query.subject);
      const error = said.get(path);
      if (error !== undefined) return [query.id, explainError(query.subject, error)];
      if (!whole) return [query.id, unknown('the answer of grep is not whole')];
      return [query.id, known({ value: (values.get(path) ?? []).join('\n').trimEnd() })];
    }),
  );
}

/** `grep: /proc/sys/x: No such file or directory`; a path may hold a colon, but the reason does not. */
function readErrors(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [, path, reason] = /^grep: (\/proc\/sys\/.*): ([^:]+)$/.exec(line) ?? [];
      return path !== undefined && reason !== undefined ? [[path, reason]] : [];
    }),
  );
}

function explainError(name: string, error: string): Observation<never> {
  if (error === 'No such file or directory' || error === 'Not a directory') {
    return absent(`this kernel has no parameter ${name}`);
  }
  if (error === 'Is a directory') return absent(`${name} is a group of parameters, not one`);
  if (error === 'Permission denied' || error === 'Operation not permitted') {
    return unknown(`${name} may not be read: connect as root or set \`sudo: true\`; some can only be written`);
  }
  return unknown(`${name} could not be read: ${error}`);
}
