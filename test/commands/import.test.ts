import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeFiles } from '../fixture/check-spec.js';
import { nixspec } from '../fixture/nixspec.js';
import { callNixspec } from '../goss/world.js';

type Files = Readonly<Record<string, string>>;

/** Imports the first of some files; the folder is left out of what is said. */
async function importFiles(folder: string, files: Files, ...words: readonly string[]) {
  const file = writeFiles(folder, files);
  const { status, out, err } = await callNixspec(['import', 'goss', file, ...words]);
  return { status, out, err: err.replaceAll(`${folder}/`, '') };
}

/** The part of a spec that begins with the first resource type. */
function entriesOf(spec: string): string {
  return spec.slice(spec.indexOf('\n\n') + 2);
}

t.test('comments stay where they stand; titles, metadata, skipping and names are kept', async (t) => {
  const gossfile = `\
# The web server.

# Files.
file:
  # First of all.
  /etc/passwd: # users
    title: The users
    meta:
      severity: 5
      tags: [base]
    # There must be some.
    exists: true
    mode: "0644" # as always
  # Not yet.
  config:
    path: /etc/app.conf
    exists: true
    skip: true
# The end.
`;
  const { status, out, err } = await importFiles(t.testdir(), { 'goss.yaml': gossfile });
  t.equal(
    out,
    `\
# The web server.

version: 1
targets:
  here: { local: true } # another machine: { ssh: root@web.example.org }
defaults:
  file: { follow: false }

# Files.
file:
  # First of all.
  # users
  /etc/passwd:
    title: The users
    # meta: { severity: 5 }
    tags: [base]
    # There must be some.
    exists: true
    mode: "0644" # as always
  # Not yet.
  /etc/app.conf: { title: config, exists: true, skip: skipped in the gossfile }
# The end.
`,
  );
  t.equal(err, '2 entries; all was carried over\n');
  t.equal(status, 0);
});

t.test('what was not carried over is said, with its line, and stays as a comment', async (t) => {
  const gossfile = `\
service:
  cron:
    running: true
    runlevels: [3, 5]
file:
  relative: { exists: true }
  /etc/passwd:
    exists: true
    contents: [/etc/passwd]
fil:
  /x: { exists: true }
anchors:
  any: thing
http:
  https://example.org/:
    status: 200
    proxy: http://proxy:3128/
`;
  const { status, out, err } = await importFiles(t.testdir(), { 'goss.yaml': gossfile });
  t.equal(
    err,
    `\
goss.yaml:4:5: not carried over: service cron: runlevels: systemd has no runlevels, and Goss finds none
goss.yaml:6:3: not carried over: file relative: the path is relative to where Goss is run: give the whole path
goss.yaml:9:16: the verdict may differ: file /etc/passwd: Goss looks for "etc/passwd" here, without what it begins with; nixspec for "/etc/passwd"
goss.yaml:11:3: not carried over: fil /x: Goss knows no section fil, and passes over it (file?)
goss.yaml:12:1: note: Goss passes over the section anchors, which it does not know
goss.yaml:17:5: not carried over: http https://example.org/: proxy: a proxy cannot be given to nixspec, so that the entry is skipped
3 entries; 4 things were not carried over; at 1 place the verdict may differ
`,
  );
  t.equal(
    entriesOf(out),
    `\
unit:
  cron:
    active: true
    # not carried over: systemd has no runlevels, and Goss finds none
    # runlevels: [3, 5]

file:
  # not carried over: file relative: the path is relative to where Goss is run: give the whole path
  # relative: { exists: true }
  /etc/passwd:
    exists: true
    # Goss looks for "etc/passwd" here, without what it begins with; nixspec for "/etc/passwd"
    contents: [/etc/passwd]

http:
  # not carried over: fil /x: Goss knows no section fil, and passes over it (file?)
  # /x: { exists: true }
  https://example.org/:
    status: 200
    skip: a proxy cannot be given to nixspec
    # not carried over: a proxy cannot be given to nixspec, so that the entry is skipped
    # proxy: http://proxy:3128/
`,
  );
  t.equal(status, 2);
});

t.test('includes: by pattern, by name, skipped; the later one of two wins', async (t) => {
  const { status, out, err } = await importFiles(t.testdir(), {
    'goss.yaml':
      'gossfile:\n  parts/*.yaml: {}\n  other: { file: b.yaml }\n  no.yaml: { skip: true }\nuser:\n  root: { exists: true }\n',
    'parts/a.yaml': 'user:\n  root: { exists: true, uid: 0 }\n',
    'b.yaml': 'gossfile:\n  parts/deep.yml: {}\nuser:\n  bob: { exists: false }\n',
    'parts/deep.yml': 'group:\n  root: { exists: true }\n',
  });
  t.equal(
    entriesOf(out),
    'user:\n  bob: { exists: false }\n  root: { exists: true, uid: 0 }\n\ngroup:\n  root: { exists: true }\n',
  );
  t.equal(
    err,
    `\
goss.yaml:4:3: note: gossfile no.yaml is skipped, and so not included
goss.yaml:6:3: note: user root stands in parts/a.yaml:2 too, which replaces it, as in Goss
3 entries; all was carried over
`,
  );
  t.equal(status, 0);
});

t.test('variables: from files, in the order of Goss, and left open', async (t) => {
  const files = {
    'goss.yaml': `\
port:
{{- range .Vars.ports }}
  tcp:{{ . }}: { listening: true }
{{- end }}
command:
  echo {{ .Vars.word }} \${HOME} {{ .Env.NIXSPEC_HOME }}:
    exit-status: {{ getEnv "NIXSPEC_NONE" "0" }}
`,
    'a.yaml': 'ports: [80, 443]\nword: one\n',
    'b.json': '{"word": "two"}',
  };
  const folder = t.testdir();
  process.env.NIXSPEC_HOME = '/srv';
  t.teardown(() => delete process.env.NIXSPEC_HOME);
  const all = await importFiles(folder, files, '--vars', `${folder}/a.yaml`, '--vars', `${folder}/b.json`);
  t.match(all.out, /\n {2}tcp4:80: \{ listening: true \}\n {2}tcp4:443: /);
  t.match(all.out, '  echo two $${HOME} ${env.NIXSPEC_HOME}: { exit-status: "${NIXSPEC_NONE}" }\n');
  t.match(all.out, 'vars:\n  NIXSPEC_NONE: "0"\n');
  t.equal(all.status, 0);
  const inline = await importFiles(folder, files, '--vars', `${folder}/a.yaml`, '--vars-inline', '{word: three}');
  t.match(inline.out, 'echo three ');
  const open = await importFiles(folder, files);
  t.equal(open.status, 2);
  t.match(open.out, '  word: unknown # not known\n');
  t.match(open.out, '# {{- range .Vars.ports }}\n');
  t.match(
    open.err,
    'goss.yaml:2:1: not carried over: it needs the value of .Vars.ports: give --vars or --vars-inline\n',
  );
  t.match(
    open.err,
    'goss.yaml:6:8: not carried over: the value of .Vars.word is not known: give --vars, or set the variable word of the spec\n',
  );
});

t.test('two entries about one subject: the second gets it from a variable; the same twice counts once', async (t) => {
  const { out, err } = await importFiles(t.testdir(), {
    'goss.yaml': `\
http:
  get: { url: "http://localhost/", status: 200 }
  put: { url: "http://localhost/", status: 405, method: PUT }
file:
  /etc/passwd: { exists: true }
  /etc/../etc/passwd: { exists: true }
`,
  });
  t.match(out, '\nvars:\n  put: http://localhost/\n');
  t.match(out, '  ${put}: { title: put, status: 405, method: PUT }\n');
  t.match(err, 'note: file /etc/passwd is there twice, and once here');
});

t.test('targets, standard input, JSON, and the output file', async (t) => {
  const folder = t.testdir({ 'goss.json': '{"user": {"root": {"exists": true}}}' });
  const targets = ['--target', 'a=root@a.example.org', '--target', 'b=b.example.org'];
  const { out } = await callNixspec(['import', 'goss', `${folder}/goss.json`, ...targets]);
  t.match(out, 'targets:\n  a: { ssh: root@a.example.org }\n  b: { ssh: b.example.org }\n');
  const piped = await nixspec(['import', 'goss', '-'], { input: 'user:\n  root: { exists: true }\n' });
  t.match(piped, { status: 0, out: /user:\n {2}root: \{ exists: true \}\n$/ });
  const file = join(folder, 'nixspec.yaml');
  const words = ['import', 'goss', `${folder}/goss.json`, '--output', file];
  t.match(await callNixspec(words), { status: 0, out: '' });
  t.match(readFileSync(file, 'utf8'), 'version: 1\n');
  writeFileSync(file, 'mine\n');
  t.match(await callNixspec(words), {
    status: 64,
    err: /nixspec.yaml is there already\nhint: overwrite it by --force/,
  });
  t.equal(readFileSync(file, 'utf8'), 'mine\n');
  t.match(await callNixspec([...words, '--force']), { status: 0 });
  t.match(readFileSync(file, 'utf8'), 'version: 1\n');
  t.match(await callNixspec(['import', 'inspec', 'x']), { status: 64, err: /there is no import from "inspec"/ });
  t.match(await callNixspec([...words, '--target', 'web']), { status: 64, err: /--target takes name=address/ });
});

t.test('what Goss could not read either: each is told with its place, and nothing is written', async (t) => {
  const cases: readonly (readonly [files: Files, err: RegExp])[] = [
    [
      { 'g.yaml': 'file:\n  /x: {exists: true}\nfile: {}\n' },
      /^g.yaml:3:1: error\[duplicate-key\]: the key "file" is here twice/,
    ],
    [{ 'g.yaml': 'file:\n  /x: *nope\n' }, /^g.yaml:2:7: error\[bad-alias\]/],
    [{ 'g.yaml': 'file: {\n' }, /^g.yaml:2:1: error\[yaml-syntax\]/],
    [{ 'g.yaml': 'just text' }, /^g.yaml:1:1: error\[wrong-type\]: a gossfile is a mapping/],
    [{ 'g.yaml': 'a: \0' }, /^g.yaml:1:1: error\[not-text\]: g.yaml is not text: line 1 has a control character/],
    [{ 'g.yaml': 'x'.repeat(5_000_000) }, /^g.yaml:1:1: error\[too-large\]: g.yaml is larger than 4 MiB/],
    [{ 'g.yaml': 'gossfile:\n  g.yaml: {}\n' }, /^g.yaml:2:3: error\[include-cycle\]: includes go more than 50 deep/],
    [
      { 'g.yaml': 'gossfile:\n  no*.yaml: {}\n' },
      /^g.yaml:2:3: error\[include-not-found\]: no file matches "no\*.yaml"/,
    ],
    [{ 'g.yaml': 'user:\n  {{ if }}\n' }, /^g.yaml:2:3: error\[bad-value\]: the template: a value is missing/],
    [
      { 'g.yaml': 'a: 1\n{{ if true }}\nb: [\n{{ end }}\n' },
      /^g.yaml:\d:\d: error\[yaml-syntax\]: .* \(after the template was worked out\)/,
    ],
    [{ 'g.yaml': `x: ${'{a: '.repeat(200)}1${'}'.repeat(200)}` }, /^g.yaml:1:\d+: error\[too-large\]/],
    [{ 'g.yaml': 'a: \uE0F0x\uE0F2' }, /^g.yaml:1:4: error\[bad-value\]: .* private use area/],
  ];
  for (const [files, err] of cases) {
    const folder = t.testdir();
    const result = await importFiles(folder, files);
    t.match(result.err, err);
    t.match(result.err, /error\[spec-invalid\]: nothing was written, as not all could be read\n$/);
    t.equal(result.out, '');
    t.equal(result.status, 65);
  }
  t.match(await callNixspec(['import', 'goss', '/nowhere.yaml']), { status: 65, err: /nowhere.yaml does not exist/ });
  const bad = t.testdir({ 'g.yaml': 'user: {}\n', 'v.yaml': 'a: [' });
  const vars = await callNixspec(['import', 'goss', `${bad}/g.yaml`, '--vars', `${bad}/v.yaml`]);
  t.match(vars, { status: 65, err: /v.yaml:1:\d: / });
});

t.test('nothing to import is not all right', async (t) => {
  for (const text of ['', '# nothing\n', 'user: {}\n', 'anchors: {}\n']) {
    const { status, err } = await importFiles(t.testdir(), { 'g.yaml': text });
    t.equal(status, 2, JSON.stringify(text));
    t.match(err, /nothing could be carried over: the spec asserts nothing\n$/);
  }
});
