import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { lintRuleNames, loadLintRules } from '../../src/lint-rule.js';
import { problemCodes } from '../../src/problem.js';
import { specOf, writeFiles } from '../fixture/check-spec.js';
import { nixspec } from '../fixture/nixspec.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/lint.md`, 'utf8');
const hooks = parse(readFileSync(`${root}.pre-commit-hooks.yaml`, 'utf8')) as readonly Record<string, unknown>[];
const warned = specOf('unit: { nginx: { active: true, restarts: { ge: 0 } } }\n');

t.test('each rule: its name is that of its file and of no mistake, its texts are whole', async (t) => {
  const names = lintRuleNames();
  for (const [at, { name, summary, help, severity, fixable }] of (await loadLintRules()).entries()) {
    t.equal(name, names[at]);
    t.notOk(Object.hasOwn(problemCodes, name), `${name} is no code of a mistake`);
    t.match(summary, /^[A-Z].*[^.]$/, summary);
    t.match(help, /^[\s\S]*\.\n?$/, `${name}: whole sentences`);
    t.ok(['error', 'warning'].includes(severity));
    t.equal(/--fix/.test(help), fixable === true, `${name}: what --fix does is said`);
    t.ok(
      help.split('\n').every((line) => line.length <= 140),
      `${name}: lines that can be read`,
    );
  }
});

t.test('what the page shows is what is printed', async (t) => {
  const [shown = '', patch = ''] = [...page.matchAll(/^```console\n\$ nixspec lint.*\n([\s\S]*?)^```/gm)].map(
    ([, text = '']) => text,
  );
  const spec =
    'version: 1\ntargets:\n  vm: { vm: { flake: ".#web" } }\n  production: { ssh: root@web.example.org }\n\n\nunit:\n  nginx: { restarts: { ge: 0 }, active: true, state: failed }\n';
  const { out, err } = await nixspec(['lint'], { cwd: t.testdir({ 'nixspec.yaml': spec }) });
  t.equal(err + out, shown);
  const unused =
    'version: 1\nvars:\n  domain: example.org\n  old-domain: example.com\ntargets:\n  production: { ssh: root@web.example.org }\nunit: { "${domain}": { active: true } }\n';
  const dry = await nixspec(['lint', '--fix', '--dry-run'], { cwd: t.testdir({ 'nixspec.yaml': unused }) });
  t.ok(dry.out.startsWith(patch), dry.out);
});

t.test('the examples give nothing to tell', async (t) => {
  const files = ['specs', 'specs/servers'].flatMap((folder) =>
    readdirSync(`${root}${folder}`).flatMap((name) => (name.endsWith('.yaml') ? [`${folder}/${name}`] : [])),
  );
  t.ok(files.length > 30);
  const env = { NIXSPEC_LAB_DIR: '/lab' };
  const { status, err } = await nixspec(['lint', '--strict', ...files], { cwd: root, env });
  t.equal(err, '');
  t.equal(status, 0);
});

t.test('the hooks of pre-commit have what it demands, and run', async (t) => {
  // Its keys: https://pre-commit.com/#new-hooks
  const keys = new Set(['id', 'name', 'description', 'entry', 'language', 'files', 'pass_filenames']);
  t.ok(hooks.length > 0);
  for (const hook of hooks) {
    for (const key of ['id', 'name', 'entry', 'language']) t.type(hook[key], 'string', key);
    t.ok(Object.keys(hook).every((key) => keys.has(key)));
    t.equal(hook.language, 'system');
    t.match('servers/mail.yaml', new RegExp(String(hook.files)));
    const [program, ...words] = String(hook.entry).split(' ');
    t.equal(program, 'nixspec');
    const folder = t.testdir({ 'nixspec.yaml': warned });
    t.equal((await nixspec(words, { cwd: folder })).status, 0);
    t.equal((await nixspec([...words, '--strict', 'nixspec.yaml'], { cwd: folder })).status, 65);
  }
  const [, block = ''] = /^```yaml pre-commit\n([\s\S]*?)^```/m.exec(page) ?? [];
  const { repos } = parse(block) as { repos: readonly { hooks: readonly { id: string; args: readonly string[] }[] }[] };
  const used = repos.flatMap((repo) => repo.hooks);
  t.ok(used.length > 0 && used.every(({ id }) => hooks.some((hook) => hook.id === id)));
});

const hasNix = spawnSync('nix-instantiate', ['--version']).status === 0;

t.test(
  'the blocks of Nix say what git-hooks.nix and treefmt-nix take, and what they run works',
  { skip: !hasNix && 'there is no nix-instantiate here' },
  async (t) => {
    const blocks = [...page.matchAll(/^```nix\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
    t.equal(blocks.length, 2);
    const [hook, formatter] = blocks.map((text) => {
      const file = writeFiles(t.testdir(), { 'block.nix': text });
      const words = ['--eval', '--strict', '--json', '-E', `(import ${file}) { pkgs.nixspec = "/n"; }`];
      const { stdout, stderr } = spawnSync('nix-instantiate', words, { encoding: 'utf8', timeout: 60_000 });
      t.ok(stdout, stderr);
      return JSON.parse(stdout);
    });
    const folder = t.testdir({ 'nixspec.yaml': warned, 'a.nixspec.yaml': warned });
    const { enable, entry, files, pass_filenames: passes, name, ...others } = hook.hooks.nixspec;
    t.strictSame(
      { enable, passes, others, name: typeof name },
      { enable: true, passes: false, others: {}, name: 'string' },
    );
    t.match('nixspec.yaml', new RegExp(files));
    const [program, ...words] = entry.split(' ');
    t.equal(program, '/n/bin/nixspec');
    t.equal((await nixspec(words, { cwd: folder })).status, 65, 'a warning counts');
    const { command, options, includes, ...rest } = formatter.settings.formatter.nixspec;
    t.strictSame(rest, {});
    t.equal(command, '/n/bin/nixspec');
    t.strictSame(includes, ['nixspec.yaml', '*.nixspec.yaml']);
    t.equal((await nixspec([...options, 'nixspec.yaml', 'a.nixspec.yaml'], { cwd: folder })).status, 0);
  },
);
