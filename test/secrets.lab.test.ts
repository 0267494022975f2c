// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nixspec, start } from './fixture/nixspec.js';
import { type Lab, startLab } from './lab/lab.js';

/** Secrets over real SSH and HTTP: the built command line, as a user starts it. */
const found = await startLab();
const skip = 'skip' in found && found.skip;
const lab = found as Lab;

const secret = 'wonder & "land" 4711';

function specFor(entries: string, passwordOf = lab.basicAuth?.password): string {
  return `version: 1
secrets:
  PASSWORD: { command: "printf '%s\\\\n' '${passwordOf}'" }
  TOKEN: { env: TOKEN }
targets:
  production: { ssh: { host: production, config: ${lab.sshConfig} }, from: target, compare-with: staging }
  staging: { ssh: { host: staging, config: ${lab.sshConfig} }, from: target }
  limited: { ssh: { host: production-limited, config: ${lab.sshConfig} }, sudo: true }
${entries}`;
}

function savedIn(folder: string): string {
  const runs = join(folder, '.nixspec', 'runs');
  return readdirSync(runs)
    .map((file) => readFileSync(join(runs, file), 'utf8'))
    .join('\n');
}

function leaks(text: string, value: string): string[] {
  const form = {
    raw: value,
    half: value.slice(0, value.length / 2),
    json: JSON.stringify(value).slice(1, -1),
    url: encodeURIComponent(value),
    form: new URLSearchParams({ a: value }).toString().slice(2),
    base64: Buffer.from(value).toString('base64').slice(0, -4),
    'basic authentication': Buffer.from(`alice:${value}`).toString('base64').slice(10, -4),
  };
  return Object.entries(form).flatMap(([name, one]) => (text.includes(one) ? [name] : []));
}

t.test('HTTP: basic authentication, headers, a query, echoed back by nginx', { skip }, async (t) => {
  const folder = t.testdir({
    'nixspec.yaml': specFor(`http:
  ${lab.basicAuth.url}: { username: alice, password: "\${secret.PASSWORD}", insecure: true, status: 200, title: right }
  "${lab.basicAuth.url}?token=\${secret.PASSWORD}": { insecure: true, status: 200, title: none }
  "https://git.lab.test/echo?token=\${secret.PASSWORD}&a=%77onderland":
    insecure: true
    request-headers: { x-lab: "Bearer \${secret.PASSWORD}" }
    json: { x-lab: "Bearer \${secret.PASSWORD}", query: other }
    body: [nothing]
`),
  });
  const words = ['verify', 'staging', 'production', '--spec', join(folder, 'nixspec.yaml'), '-v'];
  const lines = await nixspec(words);
  const json = await nixspec([...words, '-r', 'json']);
  t.equal(lines.status, 1, lines.err);
  for (const text of [lines.out + lines.err, json.out + json.err, savedIn(folder)]) {
    t.strictSame(leaks(text, lab.basicAuth.password), []);
  }
  t.match(lines.out, /✓ http https:\/\/git\.lab\.test\/private\/ {2}right/);
  t.match(
    lines.out,
    'http https://git.lab.test/private/?token=${secret.PASSWORD}  none\n      ✗ status: expected 200, found 401',
  );
  t.match(lines.out, '✓ json.x-lab: "Bearer ***"');
  t.match(lines.out, '✗ json.query: expected "other", found "token=***&a=***"');
  t.match(lines.out, 'production compared with staging');
  const { comparisons } = JSON.parse(json.out);
  t.strictSame(
    comparisons.flatMap(({ changes }: { changes: { subject: string }[] }) => changes),
    [],
    'the same on both',
  );
});

t.test('commands over SSH that echo it, fail with it, and cannot be run with it', { skip }, async (t) => {
  const folder = t.testdir({
    'nixspec.yaml': specFor(`command:
  "cat; cat >&2 </dev/null; ls /no/\${secret.PASSWORD}": { stdin: "\${secret.TOKEN}", stdout: "\${secret.TOKEN}", stderr: "" }
  "base64 -w 20; false": { stdin: "a\${secret.TOKEN}", stdout: "", exit-status: 0 }
  "sed 's/[^a-z0-9]/%&/g' | od -c": { stdin: "\${secret.TOKEN}", stdout: [nothing] }
  "cat # json": { stdin: '{"a": \${quoted}}', stdout: { gjson: { a: "\${secret.TOKEN}", b: 1 } } }
  "tr '[:lower:]' '[:upper:]'": { stdin: "\${secret.TOKEN}", user: nobody, stdout: x }
  "no-such-command \${secret.PASSWORD}": { exit-status: 0, stderr: "" }
file: { "/root/\${secret.PASSWORD}": { contents: x } }
user: { "\${secret.PASSWORD}": { uid: 1 } }
vars: { quoted: '"wonder & \\"land\\" 4711"' }
`),
  });
  for (const transport of ['ssh2', 'openssh']) {
    const words = ['verify', 'production', '--spec', join(folder, 'nixspec.yaml'), '-v', '--transport', transport];
    const { status, out, err } = await nixspec([...words, '-c', 'none'], { env: { TOKEN: secret } });
    t.equal(status, 1, err);
    t.strictSame(leaks(out + err, lab.basicAuth.password), []);
    t.strictSame(leaks(out + err, secret), [], out);
    t.match(out, '✓ stdout: "***"');
  }
  t.strictSame(leaks(savedIn(folder), secret), []);
  t.strictSame(leaks(savedIn(folder), lab.basicAuth.password), []);
});

t.test('a target that cannot be reached, and a program that cannot be started', { skip }, async (t) => {
  const folder = t.testdir({
    'nixspec.yaml': specFor('command: { "echo ${secret.TOKEN}": { stdout: "${secret.TOKEN}\\n" } }\n'),
  });
  const spec = ['--spec', join(folder, 'nixspec.yaml')];
  const limited = await nixspec(['verify', 'limited', ...spec], { env: { TOKEN: secret } });
  t.equal(limited.status, 69);
  t.match(limited.err, 'sudo asks for a password');
  t.strictSame(leaks(limited.out + limited.err, secret), []);
});

t.test('interrupted while a command is asked for a secret', { skip }, async (t) => {
  const folder = t.testdir({
    'nixspec.yaml': `version: 1
secrets: { SLOW: { command: "touch started; sleep 300" } }
targets: { here: { local: true } }
command: { "echo \${secret.SLOW}": { exit-status: 0 } }
`,
  });
  const running = start(['verify', 'here', '--spec', join(folder, 'nixspec.yaml')]);
  for (let tries = 0; tries < 100 && !readdirSync(folder).includes('started'); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  running.kill('SIGINT');
  const { status, err } = await running.ended;
  t.equal(status, 130);
  t.match(err, 'interrupted');
});

t.test('verify without secrets loads nothing of them', async (t) => {
  const spec = 'version: 1\ntargets: { here: { local: true } }\ncommand: { "true": { exit-status: 0 } }\n';
  const options = { input: spec, env: { NODE_DEBUG: 'module,esm' }, cwd: t.testdir() };
  const { status, err } = await nixspec(['verify', 'here', '--spec', '-', '--no-inventory'], options);
  t.equal(status, 0);
  t.match(err, /dist\/run\.js/);
  t.notMatch(err, /dist\/(mask\/masker|mask\/needles|prepare-secrets|secret-value)\.js/);
});
