import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { mistakenSpecs } from '../spec/mistaken-specs.js';
import { type Diagnostic, LanguageServer } from './language-server.js';

/** What editors underline, by the language server that they run, with the schema that is committed. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const server = await LanguageServer.start(`${root}schema/spec.json`);
t.teardown(() => server.stop());

/** Mistakes that no schema can see, as it knows the shape of one file alone; `lint` tells them. By code, with the reason. */
const beyondSchemas: { readonly [code: string]: string } = {
  'undefined-target': 'which targets there are, another place of the spec says (`nixspec schema --spec` knows them)',
  'undefined-variable': 'which variables there are, other places say',
  'undefined-secret': 'which secrets there are, another place says',
  'bad-variable': 'what stands inside ${…} is text to a schema',
  'bad-secret':
    'one of three keys, and where a secret may not stand: a schema that says so has three messages for each mistake',
  'bad-needs': 'which entries there are, other places say',
  'bad-regexp': 'an expression of RE2 is text to a schema',
  'bad-range': 'a range of versions is text to a schema',
  'bad-alias': 'editors resolve aliases before they look at the schema',
  'vacuous-entry': 'which keys assert something is nothing that a schema says in words of its own',
  'unknown-matcher': '`per-target` beside others: both are names that can stand there',
  'bad-target': 'one of three keys, and what a destination of SSH may be',
  'missing-key': 'a host that must be there would be put in by completion of `ssh`, where a text is shorter',
  'no-targets': 'targets may stand in another file',
  'empty-spec': 'entries may stand in another file',
  'include-not-found': 'it looks at no other file',
  'several-documents': 'to an editor each of them is a spec',
};

/** Single mistakes of codes that a schema otherwise sees. */
const beyondPatterns = [
  /expected one of active, .* not "actve"/,
  /expected four octal digits/,
  /is a time to come|is longer than 0/,
  /`only` names no target/,
  /expected a port/,
  /not "\$\{secret\.A\}"/,
  /expected true or false, not "maybe"/,
  /a key is a word or text/,
];

/** Messages that help nobody: of alternatives that were tried, of patterns in letters. */
const noise =
  /anyOf|oneOf|matches multiple|does not match the pattern|Expected one of (?!object, string\.|array, string\.)/;

const lineOf = (told: string): number => Number(told.split(':')[0]);
const codeOf = (told: string): string => told.split(' ')[1] ?? '';
const say = ({ range, message }: Diagnostic): string => `${range.start.line + 1}: ${message}`;

t.test('each mistake that a schema can see is told once, on its line, and in words', async (t) => {
  const diagnosed = await Promise.all(mistakenSpecs.map(([spec]) => server.diagnose(spec)));
  const seen = new Set<string>();
  const excused = new Set<string>();
  let count = 0;
  for (const [index, [spec, told]] of mistakenSpecs.entries()) {
    const diagnostics = diagnosed[index] ?? [];
    const shown = diagnostics.map(say).join('\n');
    if (diagnostics.length === 0) {
      excused.add(codeOf(told));
      const why = beyondSchemas[codeOf(told)] ?? beyondPatterns.find((pattern) => pattern.test(told));
      t.ok(why, `an editor would not see: ${told}\n${spec}`);
      continue;
    }
    count += 1;
    seen.add(codeOf(told));
    t.equal((diagnostics[0]?.range.start.line ?? -1) + 1, lineOf(told), `${spec}\n${shown}`);
    // What is no YAML is told by the parser of YAML, in its own words and number.
    if (codeOf(told) === 'yaml-syntax' || codeOf(told) === 'bad-alias') continue;
    t.equal(diagnostics.length, 1, `${spec}\n${shown}`);
    t.notMatch(shown, noise, spec);
  }
  t.strictSame(
    Object.keys(beyondSchemas).filter((code) => !excused.has(code)),
    [],
    'no excuse that is not needed',
  );
  t.ok(count > 75, `${count} mistakes`);
  for (const code of [
    'unknown-resource',
    'unknown-property',
    'matcher-not-allowed',
    'wrong-type',
    'bad-value',
    'bad-subject',
    'unknown-key',
    'missing-key',
    'duplicate-key',
  ])
    t.ok(seen.has(code), code);
});

t.test('a spec that is right is not underlined', async (t) => {
  const specs = readdirSync(`${root}specs`, { encoding: 'utf8', recursive: true }).filter((name) =>
    name.endsWith('.yaml'),
  );
  t.ok(specs.length > 30);
  await Promise.all(
    specs.map(async (name) => {
      const diagnostics = await server.diagnose(readFileSync(`${root}specs/${name}`, 'utf8'));
      t.strictSame(diagnostics.map(say), [], name);
    }),
  );
});
