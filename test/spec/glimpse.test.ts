import { join } from 'node:path';
import t from 'tap';
import { glimpseTargets } from '../../src/spec/glimpse.js';
import { readSpec } from '../../src/spec/read.js';
import { readTargets } from '../../src/spec/targets.js';

const options = { env: { HOME: '/root' }, vars: {} };

t.test('gives the very targets of the whole spec, places included', async (t) => {
  const text = `# a comment
version: 1
unit:
  nginx: { active: true }
vars:
  host: web.example.org

targets:
  # where it runs
  production: { ssh: "root@\${host}", compare-with: vm }
  vm:
    ssh: { host: 127.0.0.1, port: 2222, config: ssh/config }
    from: target
http:
  "https://x.example.org/": { status: 200 }
`;
  for (const written of [text, text.replaceAll('\n', '\r\n'), `---\n${text}`]) {
    const path = join(t.testdir({ 'nixspec.yaml': written }), 'nixspec.yaml');
    const whole = readTargets(await readSpec(path, options), options);
    t.same(whole.problems, []);
    t.equal(whole.targets.size, 2);
    t.strictSame([...(await glimpseTargets(path, options))], [...whole.targets]);
  }
});

t.test('gives none where anything is odd', async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    [
      'a variable that an include defines',
      `version: 1
include: [a.yaml]
targets: { a: { ssh: "\${host}" } }
`,
    ],
    ['an anchor from elsewhere', 'x: &h web\ntargets: { a: { ssh: *h } }\n'],
    ['no targets', 'version: 1\n'],
    ['broken YAML', 'targets: { a: [\n'],
    ['flow style', '{ version: 1, targets: { a: { ssh: web } } }\n'],
    ['nothing', ''],
  ];
  for (const [name, text] of rows) {
    const path = join(t.testdir({ 'nixspec.yaml': text }), 'nixspec.yaml');
    t.same([...(await glimpseTargets(path, options))], [], name);
  }
  t.same([...(await glimpseTargets('/no/such/file.yaml', options))], []);
  t.same([...(await glimpseTargets('-', options))], [], 'standard input can be read once');
});
