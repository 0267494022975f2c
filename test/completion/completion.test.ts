import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { commandNames, loadCommand } from '../../src/command.js';
import { answerCompletion } from '../../src/completion/answer.js';
import { optionsOf } from '../../src/completion/option-table.js';
import { scripts, shells } from '../../src/completion/scripts.js';
import { quoteRest, splitShellWords } from '../../src/completion/shell-words.js';
import { sources } from '../../src/completion/sources.js';
import { cli, nixspec } from '../fixture/nixspec.js';

/** A name that harms whoever takes it for code. No such target passes `lint`, but one completes before one lints. */
const hostile = 'it\'s $(touch pwned) `touch pwned` "x"; touch pwned';

const folder = t.testdir({
  bin: {},
  vm: {},
  'other.yaml': 'version: 1\ntargets: { elsewhere: { local: true } }\n',
  'json.yaml': '{ "version": 1, "vars": { "a": 1 }, "targets": { "braced": { "local": true } } }',
  'including.yaml': 'version: 1\ninclude: [other.yaml]\ntargets: { own: { local: true } }\n',
  'broken.yaml': 'version: 1\ntargets: { half: { ssh: "$' + '{nowhere}" } }\nunit: { x: {',
  'nixspec.yaml': `version: 1
vars: { domain: example.org }
targets:
  vm: { vm: { flake: ".#web" } }
  production: { ssh: root@web.example.org }
  ${JSON.stringify(hostile)}: { local: true }
  "two\\nlines": { local: true }
unit:
  nginx: { active: true, tags: [web, slow thing] }
system: { state: running, tags: host }
`,
});
symlinkSync(cli, join(folder, 'bin/nixspec'));
mkdirSync(join(folder, '.nixspec/runs'), { recursive: true });
for (const id of ['21T10-00-00.000Z-production', '22T10-00-00.000Z-production', '22T11-30-00.000Z-vm+before'])
  writeFileSync(join(folder, `.nixspec/runs/2026-11-${id}.json`), 'not read');

const env = { ...process.env, NODE_OPTIONS: '', PATH: `${join(folder, 'bin')}:${process.env.PATH}` };

/** Values that fit where a line ends, and what the shell is to do beside. */
async function complete(line: string): Promise<[string, string[]]> {
  const words = line.split(' ').slice(1);
  const { out, err, status } = await nixspec(['__complete', 'zsh', ...words], { cwd: folder });
  t.equal(`${status}${err}`, '0', line);
  const [directive = '', ...rest] = out.split('\n').slice(0, -1);
  return [directive, rest.map((one) => one.split('\t')[0] ?? '')];
}

const targets = ['vm', 'production', hostile];
const rows: readonly (readonly [string, string, readonly string[] | 'none'])[] = [
  ['nixspec verify ', ':none', targets],
  ['nixspec verify vm ', ':none', targets.slice(1)],
  ['nixspec verify -s other.yaml ', ':none', ['elsewhere']],
  ['nixspec verify --spec=other.yaml ', ':none', ['elsewhere']],
  ['nixspec verify --spec json.yaml ', ':none', ['braced']],
  ['nixspec verify --spec including.yaml ', ':none', ['elsewhere', 'own']],
  ['nixspec verify --spec broken.yaml ', ':none', ['half']],
  ['nixspec verify --spec missing.yaml ', ':none', []],
  ['nixspec verify --spec - ', ':none', []],
  ['nixspec verify --spec ', ':files', []],
  ['nixspec verify --spec=', ':files', []],
  ['nixspec verify --tag ', ':none', ['host', 'slow thing', 'web']],
  ['nixspec verify --transport ', ':none', ['ssh2', 'openssh']],
  ['nixspec verify --transport=', ':none', ['--transport=ssh2', '--transport=openssh']],
  ['nixspec verify --var ', ':nospace', ['domain=']],
  ['nixspec verify -c ', ':none', [...targets, 'vm+before', 'production~1', 'none']],
  ['nixspec diff ', ':files', ['vm+before', 'production', 'production~1']],
  ['nixspec diff production ', ':files', ['vm+before', 'production~1']],
  ['nixspec diff production vm ', ':none', []],
  [
    'nixspec diff 2',
    ':files',
    [
      '2026-11-22T11-30-00.000Z-vm+before',
      '2026-11-22T10-00-00.000Z-production',
      '2026-11-21T10-00-00.000Z-production',
    ],
  ],
  ['nixspec diff --history /nowhere ', ':files', []],
  ['nixspec switch ', ':none', ['status', 'confirm', 'rollback', ...targets]],
  ['nixspec switch status ', ':none', targets],
  ['nixspec switch production -- ', ':none', []],
  ['nixspec vm start ', ':none', targets],
  ['nixspec discover ', ':none', [...targets, 'local']],
  ['nixspec import ', ':none', ['goss']],
  ['nixspec import goss ', ':files', []],
  ['nixspec completion ', ':none', shells],
  ['nixspec --color ', ':none', ['auto', 'always', 'never']],
  ['nixspec --color never runs ', ':none', targets],
  ['nixspec lint --format ', ':none', 'none'],
  ['nixspec lint --ignore exp', ':none', 'none'],
  ['nixspec schema ', ':none', []],
  ['nixspec nonsense ', ':none', []],
  ['nixspec verify --nonsense=', ':none', []],
];
for (const [line, directive, values] of rows) {
  t.test(line, async (t) => {
    const [said, found] = await complete(line);
    t.equal(said, directive);
    if (values === 'none') t.ok(found.length > 1, found.join(' '));
    else
      t.strictSame(
        found.filter((value) => !line.includes('-c ') || value !== 'production'),
        values.filter((value) => !line.includes('-c ') || value !== 'production'),
      );
  });
}

t.test('commands, options and topics', async (t) => {
  t.strictSame((await complete('nixspec '))[1], commandNames());
  const options = (await complete('nixspec verify --no-save -t web -'))[1];
  t.ok(
    ['--spec', '-s', '--tag', '--color', '--help'].every((name) => options.includes(name)),
    options.join(' '),
  );
  t.notOk(options.includes('--no-save'), 'that can be given once');
  const topics = (await complete('nixspec explain '))[1];
  t.ok(['unit', 'ge', 'verify', '69', 'bad-regexp'].every((name) => topics.includes(name)));
  t.ok((await complete('nixspec explain unit.'))[1].includes('unit.enabled'));
});

t.test('every argument and option says what fits it', async (t) => {
  const commands = await Promise.all(commandNames().map(loadCommand));
  const of = commands.flatMap((command) => [
    ...command.arguments.map(
      ({ name, words }) => [`${command.name} ${name}`, name.replace(/^[<[]|(\.\.\.)?[\]>]$/g, ''), words] as const,
    ),
    ...optionsOf(command).flatMap(({ names, value, choices }) =>
      value === undefined ? [] : [[`${command.name} ${names.join()}`, value, choices] as const],
    ),
  ]);
  t.ok(of.length > 40, `${of.length} of them`);
  for (const [where, what, words] of of) {
    t.ok(
      Object.hasOwn(sources, what) || words,
      `${where}: what fits <${what}>: add it to src/completion/sources.ts, or \`choices\``,
    );
  }
  const used = new Set(of.map(([, what]) => what));
  t.strictSame(
    Object.keys(sources).filter((what) => !used.has(what)),
    [],
    'and nothing else is there',
  );
});

t.test('it is quick: nothing of what runs is loaded', async (t) => {
  for (const words of [['verify', ''], ['verify', '--tag', ''], ['diff', ''], ['']]) {
    const { out, err } = await nixspec(['__complete', 'zsh', ...words], {
      cwd: folder,
      env: { NODE_DEBUG: 'module,esm' },
    });
    t.match(out, '\n', words.join(' '));
    t.match(err, 'completion/answer.js', 'the log of modules is there');
    t.notMatch(err, /node_modules\/(ssh2|undici|ajv|dns-packet|commander)\//, words.join(' '));
  }
});

t.test('words of a shell', async (t) => {
  const values = (line: string) => splitShellWords(line).map(({ value, open }) => `${value}${open && `|${open}`}`);
  t.strictSame(values(''), ['']);
  t.strictSame(values('a  b '), ['a', 'b', '']);
  t.strictSame(values(String.raw`a\ b "c \" \x $d" 'e \' "f g`), ['a b', String.raw`c " \x $d`, 'e \\', 'f g|"']);
  t.strictSame(values("x='a b"), ["x=a b|'"]);
  t.strictSame(values('end\\'), ['end']);
  t.equal(quoteRest("it's", "'", false), undefined);
  t.equal(quoteRest('a!', '"', false), undefined);
  t.equal(quoteRest('$a "b" `c` \\', '"', false), '\\$a \\"b\\" \\`c\\` \\\\');
  t.equal(quoteRest('~a b*ü', '', true), '\\~a\\ b\\*ü');
  t.equal(quoteRest('~1', '', false), '~1');
});

t.test('whatever is asked, there is no error', async (t) => {
  for (const words of [[], ['bash'], ['zsh'], ['tcsh', 'x'], ['bash', '"', '"'], ['fish', '--', '--', '-']])
    t.match(await answerCompletion(words), /^:|^$/);
});

t.test('completion of an unknown shell', async (t) => {
  t.match(await nixspec(['completion', 'tcsh']), {
    status: 64,
    err: 'error[usage]: there is no completion for "tcsh"\nhint: there are bash, zsh, fish\n',
  });
});

const lacks = (program: string) =>
  spawnSync(program, ['--version']).error ? `${program} is not here (Debian: apt install ${program})` : false;
for (const shell of shells) {
  t.test(`${shell} reads it`, { skip: lacks(shell) }, async (t) => {
    const file = join(folder, `read.${shell}`);
    writeFileSync(file, scripts[shell]);
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    t.strictSame({ status, stderr }, { status: 0, stderr: '' });
  });
}

t.test('bash: the function, called as bash calls it', { skip: lacks('bash') }, async (t) => {
  const call = (line: string, word: string) => {
    const program = `source <(nixspec completion bash)
COMP_LINE=$1 COMP_POINT=\${#1} _nixspec nixspec "$2"
(( \${#COMPREPLY[@]} == 0 )) || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const args = ['--norc', '-c', program, 'bash', line, word];
    const { stdout, stderr } = spawnSync('bash', args, { cwd: folder, env, encoding: 'utf8' });
    t.equal(stderr, '', line);
    return stdout.split('\n').slice(0, -1);
  };
  t.strictSame(call('nixspec ver', 'ver'), ['verify']);
  t.strictSame(call('nixspec verify pro', 'pro'), ['production']);
  t.strictSame(call('nixspec verify --transport=op', 'op'), ['openssh'], 'bash replaces what is behind =');
  t.strictSame(call('nixspec verify --tag "sl', 'sl'), ['slow thing'], 'in quotes nothing is quoted');
  t.strictSame(call('nixspec verify it', 'it'), [
    String.raw`it\'s\ \$\(touch\ pwned\)\ \`touch\ pwned\`\ \"x\"\;\ touch\ pwned`,
  ]);
  t.strictSame(call('nixspec verify nothing', 'nothing'), []);
});

t.test('fish', { skip: lacks('fish') }, async (t) => {
  const call = (line: string) => {
    const program = 'nixspec completion fish | source; complete -C $argv[1]';
    const home = { ...env, HOME: folder, XDG_CONFIG_HOME: folder };
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', program, line], {
      cwd: folder,
      env: home,
      encoding: 'utf8',
    });
    t.equal(stderr, '', line);
    return stdout.split('\n').slice(0, -1);
  };
  t.strictSame(call('nixspec ver'), [
    'verify\tRun the assertions of a spec on one or more targets, and compare with an earlier run',
  ]);
  t.strictSame(call('nixspec verify prod'), ['production\tby ssh: root@web.example.org']);
  t.strictSame(call('nixspec verify it'), [`${hostile}\tthis machine`]);
  t.strictSame(call('nixspec verify --tag sl'), ['slow thing']);
  t.strictSame(call('nixspec verify --spec=./oth'), ['--spec=./other.yaml']);
  t.strictSame(call('nixspec lint oth'), ['other.yaml']);
});

/** A real terminal, and keys that are pressed: what stands on the line then is run, and shows its words. */
const show = "show() { printf '<%s>' \"$@\"; echo; }\nPS1='ready> '\n";
const terminals = {
  bash: {
    rc: '.bashrc',
    text: `source <(nixspec completion bash)\ncomplete -F _nixspec show\n${show}`,
    start: 'bash --noprofile --rcfile .bashrc -i',
  },
  zsh: {
    rc: '.zshrc',
    text: `autoload -Uz compinit\ncompinit -u -D\nsource <(nixspec completion zsh)\ncompdef _nixspec show\n${show}`,
    start: 'zsh -i',
  },
};

function press(shell: keyof typeof terminals, keys: string): Promise<string> {
  const { rc, text, start } = terminals[shell];
  writeFileSync(join(folder, rc), text);
  const child = spawn('script', ['-qec', start, '/dev/null'], {
    cwd: folder,
    env: { ...env, TERM: 'dumb', SHELL: '/bin/sh', HISTFILE: '', HOME: folder, ZDOTDIR: folder },
  });
  return new Promise((resolve) => {
    let said = '';
    let step = 0;
    const stuck = setTimeout(() => child.kill(), 30_000);
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (step === 0 && said.includes('ready> ')) {
        step = 1;
        child.stdin.write(keys);
      } else if (step === 1 && /\n<.*>\r?\n/.test(said)) {
        step = 2;
        child.stdin.write('exit\r');
      }
    });
    child.on('close', () => {
      clearTimeout(stuck);
      resolve(said);
    });
  });
}

const lacksTerminal = spawnSync('script', ['--version']).error
  ? '`script` is not here (Debian: apt install bsdutils)'
  : false;
for (const shell of ['bash', 'zsh'] as const) {
  const pressed: readonly (readonly [string, string])[] = [
    ['show veri\tprod\t\r', '<verify><production>'],
    ['show verify it\t\r', `<verify><${hostile}>`],
    ['show verify "it\t\r', `<verify><${hostile}>`],
    ['show verify --tag sl\t\r', '<verify><--tag><slow thing>'],
    ['show verify --transport=op\t\r', '<verify><--transport=openssh>'],
    ['show diff production~\t\r', '<diff><production~1>'],
    ['show lint ot\t\r', '<lint><other.yaml>'],
    ['show lint --spec=ot\t\r', '<lint><--spec=other.yaml>'],
  ];
  for (const [keys, words] of pressed) {
    t.test(`${shell}: ${JSON.stringify(keys)}`, { skip: lacks(shell) || lacksTerminal }, async (t) => {
      const said = await press(shell, keys);
      t.ok(said.includes(`\n${words}`), said);
    });
  }
}

t.test('nobody took a name for code', async (t) => t.equal(existsSync(join(folder, 'pwned')), false));
