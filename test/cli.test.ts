import t from 'tap';
import { main } from '../src/cli.js';
import { commandNames, type World } from '../src/command.js';
import { nixspec } from './fixture/nixspec.js';

/** The command line in this process, with what it printed. */
async function call(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  let out = '';
  let err = '';
  const io: World = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: { out: false, err: false },
    isTerminal: { out: false, err: false, in: false },
    width: 80,
    env,
    signal: new AbortController().signal,
  };
  const status = await main(words, io);
  return { status, out, err };
}

t.test('--version', async (t) => {
  t.match(await call(['--version']), { status: 0, out: /^\d+\.\d+\.\d+\n$/, err: '' });
});

t.test('--help lists every command, and each has its own help that starts with examples', async (t) => {
  const help = await call(['--help']);
  t.equal(help.status, 0);
  t.equal(help.err, '');
  for (const name of commandNames()) {
    t.match(help.out, new RegExp(`^  ${name} `, 'm'));
    const own = await call([name, '--help']);
    t.equal(own.status, 0);
    t.match(own.out, /^Examples:\n {2}(source <\()?nixspec /);
    t.match(own.out, `Usage: nixspec ${name}`);
  }
});

t.test('wrong command lines are 64, on standard error, and say the way out', async (t) => {
  const rows: readonly (readonly [string[], RegExp])[] = [
    [[], /Usage: nixspec/],
    [['verfy', 'vm'], /unknown command 'verfy'[\s\S]*Did you mean verify/],
    [['verify'], /missing required argument 'target'/],
    [['verify', 'vm', '--reprot', 'json'], /unknown option '--reprot'/],
    [['verify', 'vm', '--report', 'jsn'], /there is no report "jsn"[\s\S]*hint: the reports are json, lines, silent/],
    [['verify', 'vm', '-r', 'lines', '-r', 'json'], /only one report can go to standard output/],
    [['verify', 'vm', '--transport', 'telnet'], /Allowed choices are ssh2, openssh/],
    [['verify', 'vm', '--var', 'x'], /--var takes name=value, not "x"/],
    [['lint', '--color', 'sometimes'], /--color takes auto, always or never/],
    [['explain', 'unti'], /there is no topic "unti"[\s\S]*did you mean "unit"/],
    [['diff', 'a'], /missing required argument 'after'/],
  ];
  for (const [words, message] of rows) {
    const { status, out, err } = await call(words);
    t.equal(status, 64, words.join(' '));
    t.match(err, message, words.join(' '));
    t.equal(out, '', `${words.join(' ')}: nothing on standard output`);
  }
});

t.test('a spec that is not there, a target that is not there', async (t) => {
  t.match(await call(['lint', 'missing.yaml']), { status: 65, err: /missing\.yaml/ });
  const none = await call(['verify', 'prodction', '--spec', 'specs/demo.yaml'], { NIXSPEC_LAB_DIR: '/none' });
  t.match(none, { status: 64, err: /no target "prodction"[\s\S]*did you mean "production"/ });
});

t.test('where no target can be read for mistakes, these are told', async (t) => {
  for (const words of [
    ['verify', 'vm'],
    ['plan', 'vm'],
    ['switch', 'vm'],
    ['vm', 'start'],
    ['rehearse', 'vm'],
  ])
    t.match(await call([...words, '-s', 'nowhere.yaml']), {
      status: 65,
      err: /^nowhere\.yaml:1:1: error\[unreadable\]: nowhere\.yaml does not exist\n/,
    });
});

t.test('the built command line: colours, a broken pipe, standard input', async (t) => {
  const spec = 'version: 1\ntargets: { here: { local: true } }\nunit: { nginx: { activ: true } }\n';
  const plain = await nixspec(['lint', '-'], { input: spec });
  t.equal(plain.status, 65);
  t.notMatch(plain.err, '\u001b');
  const colored = await nixspec(['lint', '-', '--color', 'always'], { input: spec });
  t.match(colored.err, '\u001b[');
  const no = await nixspec(['lint', '-', '--color', 'never'], { input: spec });
  t.equal(no.err, plain.err);
});

t.test('lint, plan and --version load neither ssh2 nor undici', async (t) => {
  const spec =
    'version: 1\ntargets: { here: { ssh: root@example.org } }\nhttp: { "https://example.org/": { status: 200 } }\n';
  for (const words of [['--version'], ['lint', '-'], ['plan', 'here', '--spec', '-']]) {
    const { status, err } = await nixspec(words, { input: spec, env: { NODE_DEBUG: 'module,esm' } });
    t.equal(status, 0, err.slice(-300));
    t.notMatch(err, /node_modules\/(ssh2|undici|dns-packet)\//, words.join(' '));
  }
});
