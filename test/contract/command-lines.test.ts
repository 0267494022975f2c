import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parseAndRun } from '../../src/cli.js';
import { type Command, commandNames, type Io, loadCommand } from '../../src/command.js';
import { splitShellWords } from '../../src/completion/shell-words.js';

/**
 * Every `nixspec …` that stands anywhere in the documentation, in the examples of `--help` and in the comments of specs is
 * one that nixspec takes: the command is there, so are its options, and their values are among the choices. In prose an
 * argument may be left out.
 */
const root = fileURLToPath(new URL('../../', import.meta.url));
const texts = ['docs', 'specs', 'nix']
  .flatMap((folder) =>
    readdirSync(`${root}${folder}`, { encoding: 'utf8', recursive: true }).map((name) => `${folder}/${name}`),
  )
  .concat('README.md')
  .filter((name) => /\.(md|yaml|nix)$/.test(name));

const names = commandNames();
const commands = await Promise.all(names.map(loadCommand));

const silent: Io = {
  out: () => {},
  err: () => {},
  color: { out: false, err: false },
  isTerminal: { out: false, err: false, in: false },
  width: 80,
  env: {},
  signal: new AbortController().signal,
  conceal: () => {},
  hide: (text) => text,
};

interface Line {
  readonly at: string;
  readonly text: string;
  /** In prose, where an argument may be left out. */
  readonly prose: boolean;
}

t.test('the command lines of the documentation', async (t) => {
  const lines = texts.flatMap(findLines);
  t.ok(lines.length > 150, `${lines.length} lines`);
  const told = new Set<string>();
  for (const line of lines) {
    const { name, complaint } = await parse(line);
    t.equal(complaint, '', `${line.at}: ${line.text}`);
    told.add(name);
  }
  for (const name of names) t.ok(told.has(name), `the documentation shows ${name}`);
});

t.test('the examples of --help', async (t) => {
  for (const { name, examples } of commands) {
    t.ok(examples.length > 0, name);
    for (const text of examples.flatMap(([text]) => split(text))) {
      const { complaint } = await parse({ at: `${name} --help`, text, prose: false });
      t.equal(complaint, '', text);
    }
  }
});

t.test('what is not right is found', async (t) => {
  for (const [text, complaint] of [
    ['nixspec verfiy vm', /unknown command 'verfiy'/],
    ['nixspec verify vm --reprot json', /unknown option '--reprot'/],
    ['nixspec verify', /missing required argument 'target'/],
    ['nixspec verify vm --transport telnet', /Allowed choices are ssh2, openssh/],
  ] as const)
    t.match((await parse({ at: 'here', text, prose: false })).complaint, complaint);
});

function findLines(page: string): Line[] {
  const lines = readFileSync(`${root}${page}`, 'utf8').split('\n');
  let fenced = false;
  return lines.flatMap((text, at): Line[] => {
    if (/^```/.test(text)) fenced = !fenced;
    const place = `${page}, line ${at + 1}`;
    const shown = /^(?: {4}|\$ |# {2,})?(?:[A-Z_]+=\S+ )?(nixspec .*)$/.exec(text);
    const inside = page.endsWith('.md') && !fenced && !text.startsWith('    ');
    if (shown && !inside) return split(shown[1] ?? '').map((line) => ({ at: place, text: line, prose: false }));
    const quoted = [...text.matchAll(/`((?:source <\()?nixspec [^`]*)`/g)].map(([, line = '']) => line);
    return quoted.flatMap(split).map((line) => ({ at: place, text: line, prose: true }));
  });
}

/** Several commands in a line, without what follows them: an explanation in columns, a comment, a redirection. */
function split(text: string): string[] {
  return text
    .replace(/^source <\((.*)\)/, '$1')
    .split(/ && | \|\| | ; /)
    .map((part) => part.replace(/ (?: +| *#|[<>|] ?|\\\|).*$/, '').trim())
    .filter((part) => part.startsWith('nixspec '));
}

/** @returns what commander says of it; empty where it takes it */
async function parse({ text, prose }: Line): Promise<{ name: string; complaint: string }> {
  // `vm start|stop`, `[TOPIC]`, `…`: one word of several, one that may be left out, and so on.
  const plain = text
    .replace(/(?<=\w)\|[\w|]+/g, '')
    .replace(/ (?:…|\.\.\.)/g, '')
    .replace(/[[\]]/g, '');
  const words = splitShellWords(`${plain} `)
    .slice(1, -1)
    .map(({ value }) => value);
  let complaint = '';
  const err = (said: string) => {
    complaint += said;
  };
  const io = { ...silent, err };
  const stubs = commands.map((command): Command => ({ ...command, run: async () => 0 }));
  const known = words[0] === '__complete' ? [] : words;
  const status = known.length === 0 ? 0 : await parseAndRun(known, stubs, io);
  if (prose && /missing required argument|argument missing/.test(complaint)) complaint = '';
  return { name: words[0] ?? '', complaint: status === 0 && complaint === '' ? '' : complaint };
}
