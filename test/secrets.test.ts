// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { main } from '../src/cli.js';
import type { World } from '../src/command.js';
import type { Change, Outcome, Run } from '../src/model.js';

/** Secrets, the whole way: the command line in this process, with this machine as the target. */
const token = `tok-"4f9a"&8b7c'6d5e`;
const password = 'correct horse battery';

interface Called {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** Every file that was saved, and all that was printed. */
  readonly traces: string;
}

async function call(folder: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Called> {
  let out = '';
  let err = '';
  const world: World = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: { out: false, err: false },
    isTerminal: { out: false, err: false, in: false },
    width: 80,
    env: { PATH: process.env.PATH, HOME: folder, TOKEN: token, PASSWORD: password, ...env },
    signal: new AbortController().signal,
  };
  const status = await main([...words, '--spec', join(folder, 'nixspec.yaml')], world);
  return { status, out, err, traces: [out, err, ...listSaved(folder)].join('\n') };
}

function listSaved(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.json$|\.txt$/.test(file)).map((file) => readFileSync(join(folder, file), 'utf8'));
}

/** A folder with a spec. */
function write(t: Test, text: string, files: Readonly<Record<string, string>> = {}): string {
  const targets = 'targets: { here: { local: true }, there: { local: true, compare-with: here } }';
  return t.testdir({ 'nixspec.yaml': `version: 1\n${targets}\n${text}`, ...files });
}

/** All forms of a secret that anybody would look for, in what was printed and saved. */
function leaks(traces: string, secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const forms = {
    raw: secret,
    json,
    'json in json': JSON.stringify(json).slice(1, -1),
    url: encodeURIComponent(secret),
    'url in lower case': encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    form: new URLSearchParams({ a: secret }).toString().slice(2),
    base64: Buffer.from(secret).toString('base64').slice(0, -4),
    'base64 behind one': Buffer.from(`a${secret}`).toString('base64').slice(2, -4),
    'base64 behind two': Buffer.from(`ab${secret}`).toString('base64').slice(4, -4),
    hex: Buffer.from(secret).toString('hex'),
    'first half': secret.slice(0, Math.ceil(secret.length / 2)),
    'second half': secret.slice(Math.floor(secret.length / 2)),
  };
  return Object.entries(forms).flatMap(([name, form]) => (traces.includes(form) ? [name] : []));
}

const twoSecrets = 'secrets: { TOKEN: { env: TOKEN }, PASSWORD: { command: "printf %s \\"$PASSWORD\\"" } }\n';

t.test('a target that echoes secrets back in every way', async (t) => {
  const ways = {
    raw: 'printf %s "$S"',
    'in a line': 'echo "a $S b"',
    'on standard error': 'echo "$S" >&2',
    base64: 'printf %s "$S" | base64 -w0',
    'base64 with a newline': 'echo "$S" | base64',
    'base64 of basic authentication': 'printf %s "user:$S" | base64 -w0',
    'over two lines': 'printf %s "$S" | fold -w 9',
    'over many lines': 'printf %s "$S" | fold -w 4 | sed "s/^/    /"',
    hex: `printf %s "$S" | od -An -v -tx1 | tr -d ' \\n'`,
    octal: `printf %s "$S" | od -An -v -to1 | tr -d '\\n' | sed 's/ /\\\\/g'`,
    upper: 'printf %s "$S" | tr a-z A-Z',
    'far in': 'head -c 3995 /dev/zero | tr "\\0" x; printf %s "$S"',
    'cut at 300': 'head -c 130 /dev/zero | tr "\\0" x; printf %s "$S"; head -c 400 /dev/zero | tr "\\0" y',
    'a long line of many': 'echo one; head -c 190 /dev/zero | tr "\\0" x; echo "$S"; echo three',
  };
  const entries = Object.values(ways).flatMap((way) =>
    ['PASSWORD', 'TOKEN'].map((name) => {
      const line = JSON.stringify(`${way} # ${name}`.replaceAll('$', '$'));
      return `  ${line}: { environment: { S: "\${secret.${name}}" }, stdout: "other\\n than\\n that\\n", stderr: [nothing, "!\${secret.${name}}"], exit-status: 9, title: "about \${secret.${name}}" }\n`;
    }),
  );
  const folder = write(t, `${twoSecrets}command:\n${entries.join('')}`);
  for (const words of [
    ['-v'],
    ['-r', 'json'],
    ['-r', `json=${folder}/report.json`],
    ['-v', '-r', `lines=${folder}/l.txt`],
  ]) {
    const { status, out, traces } = await call(folder, ['verify', 'here', 'there', ...words]);
    t.equal(status, 1);
    for (const secret of [token, password]) t.strictSame(leaks(traces, secret), [], words.join(' '));
    if (words[1] === 'json') checkReport(t, out);
  }
});

function checkReport(t: Test, text: string): void {
  const { runs, comparisons } = JSON.parse(text) as { runs: Run[]; comparisons: { changes: Change[] }[] };
  t.strictSame(
    comparisons.flatMap(({ changes }) => changes),
    [],
  );
  const { outcomes } = runs[0] ?? { outcomes: [] as readonly Outcome[] };
  t.equal(outcomes.length, 3 * 28);
  t.ok(outcomes.every(({ title }) => title === 'about ***'));
  const found = outcomes.filter(({ property }) => property === 'stdout').map(({ actual }) => actual);
  t.match(found[0], '***');
  t.match(found[2], 'a *** b\n');
}

t.test('verdicts are about the secrets themselves', async (t) => {
  const folder = write(
    t,
    `${twoSecrets}vars: { header: "Bearer \${secret.TOKEN}" }
command:
  "cat # same": { stdin: "\${header}", stdout: "\${header}" }
  "cat # part": { stdin: "\${secret.TOKEN}", stdout: { have-prefix: tok-, match-regexp: "^.{18,20}$", have-len: 20 } }
  "cat # other": { stdin: "\${secret.TOKEN}", stdout: "\${secret.PASSWORD}" }
  "cat # not": { stdin: "\${secret.TOKEN}", stdout: { not: { match-regexp: "^tok-." } } }
  "cat # json": { stdin: '{"a": ["\${secret.PASSWORD}"]}', stdout: { gjson: { a.0: "\${secret.PASSWORD}" } } }
  "cat # lines": { stdin: "a\\n\${secret.PASSWORD}\\nb\\n", stdout: "a\\n\${secret.PASSWORD}\\nc\\n" }
`,
  );
  const { status, out, traces } = await call(folder, ['verify', 'here', '-r', 'json']);
  t.equal(status, 1);
  const { outcomes } = (JSON.parse(out) as { runs: Run[] }).runs[0] ?? { outcomes: [] as readonly Outcome[] };
  t.strictSame(
    outcomes.map(({ subject, matcher, status, message }) => [subject.slice(6), matcher, status, message]),
    [
      ['same', 'equal', 'passed', ''],
      ['part', 'have-prefix', 'passed', ''],
      ['part', 'match-regexp', 'passed', ''],
      ['part', 'have-len', 'passed', ''],
      ['other', 'equal', 'failed', 'expected "***", found "***"'],
      ['not', 'not', 'failed', 'expected not to match /^tok-./, found "***"'],
      ['json', 'gjson', 'passed', ''],
      [
        ...['lines', 'equal', 'failed'],
        'expected the 3 lines of the spec, found 3 lines, other from line 3 (- expected, + found)\n ***\n-c\n+b',
      ],
    ],
  );
  for (const secret of [token, password]) t.strictSame(leaks(traces, secret), []);
});

t.test('subjects and ids have the names of secrets: the same on both targets, whatever the values are', async (t) => {
  const folder = t.testdir({
    'nixspec.yaml': `version: 1
secrets: { A: { env: A }, B: { env: B } }
vars: { line: "echo \${secret.A}" }
targets:
  here: { local: true, secrets: { A: { env: SAME }, B: { env: SAME } } }
  there: { local: true, compare-with: here }
command:
  "\${line} and \${secret.B}": { exit-status: 0, stdout: "\${secret.A} and \${secret.B}" }
  "echo '\${secret.B}'": { exit-status: 0 }
  "cat": { stdin: "\${secret.A}", exit-status: 0 }
  "cat # \${secret.A}": { stdin: "\${secret.A}", exit-status: 1 }
matching:
  "it": { content: { "k \${secret.A}": 1 }, matches: { "k \${secret.A}": 2 } }
`,
  });
  const env = { A: 'value-of-a', B: 'value-of-b', SAME: 'exit-status' };
  const { status, out } = await call(folder, ['verify', 'here', 'there', '-r', 'json'], env);
  t.equal(status, 1);
  const { runs, comparisons } = JSON.parse(out) as { runs: Run[]; comparisons: { changes: Change[] }[] };
  t.strictSame(
    runs[0]?.outcomes.map(({ id }) => id),
    [
      'command echo ${secret.A} and ${secret.B} exit-status equal',
      'command echo ${secret.A} and ${secret.B} stdout equal',
      "command echo '${secret.B}' exit-status equal",
      'command cat exit-status equal',
      'command cat # ${secret.A} exit-status equal',
      'matching it matches.k ${secret.A} equal',
    ],
  );
  t.strictSame(
    runs[1]?.outcomes.map(({ id }) => id),
    runs[0]?.outcomes.map(({ id }) => id),
  );
  t.ok(runs[0]?.facts.some(({ subject }) => subject === 'echo ${secret.A} and ${secret.B}'));
  t.strictSame(
    comparisons.flatMap(({ changes }) => changes),
    [],
  );
});

t.test('two entries that differ in a secret alone', async (t) => {
  const folder = write(
    t,
    `secrets: { A: { env: TOKEN } }
command:
  "cat": { stdin: "\${secret.A}", exit-status: 0 }
  "cat ": { stdin: b, exit-status: 0 }
  "echo \${secret.A}": { exit-status: 0 }
  "echo $\${secret.A}": { exit-status: 2 }
`,
  );
  const { out } = await call(folder, ['verify', 'here', '-r', 'json']);
  t.match(out, '"id": "command echo ${secret.A} exit-status equal #2"');
});

t.test(
  'only what the chosen entries of the chosen targets need is read, once, and lint and plan read nothing',
  async (t) => {
    const folder = write(
      t,
      `secrets:
  ONE: { command: "echo 1 >>ran-one; echo secret-one" }
  TWO: { command: [sh, -c, "echo 2 >>ran-two; echo secret-two"] }
  THREE: { command: "echo 3 >>ran-three; echo secret-three" }
  FOUR: { command: "echo 4 >>ran-four; echo secret-four" }
command:
  "echo \${secret.ONE}": { exit-status: 0, tags: [a] }
  "echo 1 \${secret.ONE}": { exit-status: 0, tags: [a] }
  "echo \${secret.TWO}": { exit-status: 0, tags: [a], only: there }
  "echo \${secret.THREE}": { exit-status: 0, tags: [b] }
  "echo \${secret.FOUR}": { stdout: { per-target: { there: "\${secret.FOUR}" } }, exit-status: 0, skip: not now, tags: [a] }
`,
    );
    const ran = () => readdirSync(folder).filter((name) => name.startsWith('ran-'));
    t.equal((await call(folder, ['lint'])).status, 0);
    t.equal((await call(folder, ['plan', 'there'])).status, 0);
    t.equal((await call(folder, ['plan', 'there', '--program'])).status, 0);
    t.strictSame(ran(), []);
    t.equal((await call(folder, ['verify', 'here', '--tag', 'a'])).status, 0);
    t.strictSame(ran(), ['ran-one']);
    t.equal(readFileSync(join(folder, 'ran-one'), 'utf8'), '1\n');
    const both = await call(folder, ['verify', 'here', 'there', '-v']);
    t.equal(both.status, 0);
    t.strictSame(ran().sort(), ['ran-one', 'ran-three', 'ran-two']);
    t.equal(readFileSync(join(folder, 'ran-one'), 'utf8'), '1\n1\n', 'once for both targets');
    t.notMatch(both.traces, /nixspecsecret|secret-one/);
  },
);

t.test('plan shows *** and says so', async (t) => {
  const folder = write(
    t,
    `${twoSecrets}command: { "curl -u a:\${secret.TOKEN}": { stdout: "\${secret.PASSWORD}" } }
http: { "https://\${secret.TOKEN}.example.org/": { status: 200 } }
port: { "\${secret.TOKEN}": { listening: true } }
`,
  );
  const lines = await call(folder, ['plan', 'here'], { TOKEN: undefined });
  t.equal(lines.status, 0, lines.err);
  t.equal(lines.err, 'secrets are not read here: *** stands in their place, so that what is shown cannot be run\n');
  t.match(lines.out, 'command curl -u a:${secret.TOKEN} stdout equal  "***"');
  t.match(lines.out, 'http https://${secret.TOKEN}.example.org/');
  t.match(lines.out, 'curl -u a:***');
  const json = await call(folder, ['plan', 'here', '--json']);
  const { assertions } = JSON.parse(json.out) as { assertions: { expected: unknown; expectation: unknown }[] };
  t.strictSame(assertions[0]?.expected, '***');
  t.notMatch(json.out, 'nixspecsecret');
  const program = await call(folder, ['plan', 'here', '--program']);
  t.match(program.out, 'curl -u a:***');
  for (const { traces } of [lines, json, program]) t.strictSame(leaks(traces, token), []);
});

t.test('what cannot be had is told at its place, all at once, before anything is run', async (t) => {
  const folder = write(
    t,
    `secrets:
  UNSET: { env: UNSET }
  EMPTY: { env: EMPTY }
  GONE: { file: gone }
  BARE: { file: bare }
  FOLDER: { file: . }
  BINARY: { file: binary }
  FAILS: { command: "echo partly$((1 + 1)); echo no partly$((1 + 1)) for you >&2; exit 3" }
  SILENT: { command: "true" }
  SLOW: { command: "sleep 30", timeout: 200ms }
  MISSING: { command: [no-such-program, a] }
  LONG: { command: "head -c 70000 /dev/zero | tr '\\\\0' x" }
command:
  "touch ran \${secret.UNSET}\${secret.EMPTY}\${secret.GONE}\${secret.BARE}\${secret.FOLDER}\${secret.BINARY}\${secret.FAILS}\${secret.SILENT}\${secret.SLOW}\${secret.MISSING}\${secret.LONG}": { exit-status: 0 }
`,
    { bare: '\n', binary: 'a\0b' },
  );
  const { status, out, err } = await call(folder, ['verify', 'here'], { EMPTY: '' });
  t.equal(status, 65);
  t.equal(out, '');
  t.notOk(readdirSync(folder).includes('ran'));
  t.notMatch(err, 'partly2');
  const said = err.split('\n').filter((line) => line.includes('error['));
  t.strictSame(
    said.map((line) => line.replaceAll(folder, '<folder>').replace(/^.*?nixspec\.yaml:/, '')),
    [
      '4:17: error[unreadable-secret]: the secret UNSET cannot be read: the environment variable UNSET is not set',
      '5:17: error[unreadable-secret]: the secret EMPTY cannot be read: the environment variable EMPTY is empty',
      '6:17: error[unreadable-secret]: the secret GONE cannot be read: <folder>/gone does not exist',
      '7:17: error[unreadable-secret]: the secret BARE cannot be read: the file is empty',
      '8:19: error[unreadable-secret]: the secret FOLDER cannot be read: <folder> is a folder',
      '9:19: error[unreadable-secret]: the secret BINARY cannot be read: the file holds a NUL byte',
      '10:21: error[unreadable-secret]: the secret FAILS cannot be read: exit status 3: no *** for you',
      '11:22: error[unreadable-secret]: the secret SILENT cannot be read: what the command prints is empty',
      '12:20: error[unreadable-secret]: the secret SLOW cannot be read: the command took longer than 0.2 s',
      '13:23: error[unreadable-secret]: the secret MISSING cannot be read: the command cannot be started in <folder>: no-such-program: not found',
      '14:20: error[unreadable-secret]: the secret LONG cannot be read: what the command prints is longer than 64 KiB',
      'error[spec-invalid]: the spec has 11 mistakes',
    ],
  );
});

t.test('mistakes that only the values make say nothing of them', async (t) => {
  const folder = write(
    t,
    `secrets: { RE: { env: RE }, URL: { env: URL } }
command: { "true": { stdout: { match-regexp: "a\${secret.RE}" }, exit-status: 0 } }
http: { "\${secret.URL}": { status: 200 } }
`,
  );
  const { status, err } = await call(folder, ['verify', 'here'], { RE: 'b(cdefg', URL: 'ftp://user:hunter2@host/' });
  t.equal(status, 65);
  t.match(err, 'error[bad-regexp]: with the value of its secret: a regular expression that does not compile');
  t.match(err, 'error[bad-subject]: with the value of its secret: the key cannot be the name of such a thing');
  t.notMatch(err, /cdefg|hunter2|ftp:/);
});

t.test('short secrets are warned of and masked where they stand alone', async (t) => {
  const folder = write(
    t,
    'secrets: { PIN: { file: pin } }\ncommand: { cat: { stdin: "${secret.PIN}", stdout: { equal: "${secret.PIN}", not: "${secret.PIN}" } } }\n',
    { pin: '123\n' },
  );
  const { status, out, err } = await call(folder, ['verify', 'here', '-v']);
  t.equal(status, 1);
  t.match(
    err,
    'warning[short-secret]: the secret PIN is shorter than 4 characters, and is masked only where it stands alone',
  );
  t.match(out, '✓ stdout: "***"');
  t.match(out, 'found "***"');
});

t.test('errors, stacks and failures of the program are masked', async (t) => {
  const folder = write(
    t,
    `${twoSecrets}file: { "/no/such/\${secret.PASSWORD}": { contains: a } }
command:
  "echo 'unclosed \${secret.PASSWORD}": { exit-status: 0 }
  "no-such-\${secret.TOKEN}": { exit-status: 0, stderr: "" }
  "cat": { shell: "/no/\${secret.PASSWORD}", exit-status: 0 }
  "cat ": { user: "\${secret.PASSWORD}", exit-status: 0 }
  "true": { environment: { "\${secret.PASSWORD}": a }, exit-status: 0 }
`,
  );
  const { traces } = await call(folder, ['verify', 'here', '-v', '-r', 'json']);
  for (const secret of [token, password]) t.strictSame(leaks(traces, secret), []);
});

t.test('a run that was saved before a value was called a secret', async (t) => {
  const entries = (value: string) => `command: { "cat": { stdin: "${value}", stdout: "x" } }\n`;
  const folder = write(t, entries('plain-4711'));
  await call(folder, ['verify', 'here']);
  t.match(listSaved(folder).join(), 'plain-4711');
  const { readdirSync: list, writeFileSync } = await import('node:fs');
  const text = readFileSync(join(folder, 'nixspec.yaml'), 'utf8');
  writeFileSync(
    join(folder, 'nixspec.yaml'),
    text.replace('plain-4711', '${secret.A}').replace('command:', 'secrets: { A: { env: A } }\ncommand:'),
  );
  const { out } = await call(folder, ['verify', 'there', '-v'], { A: 'plain-4711' });
  t.notMatch(out, 'plain-4711');
  t.equal(list(join(folder, '.nixspec', 'runs')).length, 2);
});
