import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { readSpec } from '../../src/spec/read.js';
import { checkSpec, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

type Files = Readonly<Record<string, string | Buffer>>;

async function read(t: Test, files: Files) {
  const folder = t.testdir();
  const source = await readSpec(writeFiles(folder, files), { env: {} });
  const say = (text: string) => text.replaceAll(`${folder}/`, '').replaceAll(folder, '<folder>');
  return {
    files: source.files.map(({ name }) => say(name)),
    problems: source.problems.map((problem) => say(`${problem.position.file}:${sayProblem(problem)}`)),
  };
}

const good = 'version: 1\n';

t.test('files that cannot be read', async (t) => {
  const table: readonly (readonly [name: string, content: string | Buffer, told: string])[] = [
    ['NUL bytes', Buffer.from('version: 1\n\0'), 'a.yaml is not text: line 2 has a control character'],
    ['escape sequences', '# \u001b[31m', 'a.yaml is not text: line 1 has a control character'],
    ['Latin-1', Buffer.from('version: 1 # \xe4', 'latin1'), 'a.yaml is not UTF-8 text'],
    ['UTF-16', Buffer.from('\ufeffversion: 1', 'utf16le'), 'a.yaml is not UTF-8 text'],
  ];
  for (const [name, content, told] of table) {
    t.test(name, async (t) => {
      t.strictSame(await read(t, { 'a.yaml': content }), { files: [], problems: [`a.yaml:1:1 not-text ${told}`] });
    });
  }
  t.test('too large', async (t) => {
    const { problems } = await read(t, { 'a.yaml': `#${' '.repeat(4 * 1024 * 1024)}` });
    t.strictSame(problems, ['a.yaml:1:1 too-large a.yaml is larger than 4 MiB']);
  });
  t.test('missing', async (t) => {
    const path = `${t.testdir()}/none.yaml`;
    const { problems } = await readSpec(path, { env: {} });
    t.strictSame(problems.map(sayProblem), [
      `1:1 unreadable ${path} does not exist (name the spec by \`--spec FILE\`)`,
    ]);
  });
  t.test('a folder, a pipe, a link to itself', async (t) => {
    const folder = t.testdir({ inner: {} });
    execFileSync('mkfifo', [`${folder}/pipe`]);
    symlinkSync('loop', `${folder}/loop`);
    const told = await Promise.all(
      ['inner', 'pipe', 'loop', 'inner/x/y'].map(async (name) => {
        const { problems } = await readSpec(`${folder}/${name}`, { env: {} });
        return problems.map(({ code, message }) => `${code} ${message.replace(`${folder}/`, '')}`).join();
      }),
    );
    t.strictSame(told, [
      'unreadable inner is a folder, not a file',
      'unreadable pipe is not a file',
      'unreadable loop is a link that leads to itself',
      'unreadable inner/x/y does not exist',
    ]);
  });
  t.test('no permission', { skip: process.getuid?.() === 0 && 'root may read everything' }, async (t) => {
    const path = writeFiles(t.testdir(), { 'a.yaml': good });
    chmodSync(path, 0);
    const { problems } = await readSpec(path, { env: {} });
    t.match(problems[0]?.message, /may not be read: permission denied$/);
  });
});

t.test('a byte order mark and CRLF are fine, and positions stay right', async (t) => {
  const folder = t.testdir();
  const text = specOf('unit:\n  nginx: { actve: true }\n').replaceAll('\n', '\r\n');
  const { problems } = await checkSpec(writeFiles(folder, { 'a.yaml': `\ufeff${text}` }));
  t.strictSame(
    problems.map(({ position, source }) => [position.line, position.column, source]),
    [[4, 12, '  nginx: { actve: true }']],
  );
});

t.test('standard input; includes are then relative to the current folder', async (t) => {
  const stdin = Readable.from([Buffer.from('version: 1\nincl'), 'ude: [no-such-file.yaml]\n']);
  const { files, problems } = await readSpec('-', { env: {}, stdin });
  t.strictSame(
    files.map(({ name }) => name),
    ['<stdin>'],
  );
  t.strictSame(problems.map(sayProblem), [
    `2:11 include-not-found there is no file "no-such-file.yaml" (paths are relative to ${process.cwd()})`,
  ]);
  t.test('bounded', async (t) => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024 * 1024, 32);
      })(),
    );
    const { problems } = await readSpec('-', { env: {}, stdin: endless });
    t.strictSame(problems.map(sayProblem), ['1:1 too-large <stdin> is larger than 4 MiB']);
  });
});

t.test('bombs', async (t) => {
  const table: readonly (readonly [name: string, text: string, told: RegExp])[] = [
    [
      'billion laughs',
      [
        'a: &a [x]',
        ...Array.from(
          { length: 30 },
          (_, at) =>
            `k${at}: &l${at} [${Array(9)
              .fill(at ? `*l${at - 1}` : '*a')
              .join(', ')}]`,
        ),
      ].join('\n'),
      /^a\.yaml:\d+:\d+ too-large what its aliases mean grows to more than 1000000 values$/,
    ],
    [
      'merge keys',
      [
        'a: &a { x: 1 }',
        ...Array.from(
          { length: 40 },
          (_, at) => `k${at}: &l${at} { a: ${at ? `*l${at - 1}` : '*a'}, b: ${at ? `*l${at - 1}` : '*a'} }`,
        ),
      ].join('\n'),
      /too-large/,
    ],
    [
      'brackets',
      '['.repeat(1_000_000),
      /^a\.yaml:1:\d+ too-large lists and mappings stand in each other more than 100 deep$/,
    ],
    ['balanced brackets', `a: ${'['.repeat(5000)}${']'.repeat(5000)}`, /too-large/],
    ['dashes', '- '.repeat(100_000), /too-large/],
    ['questions', '? '.repeat(100_000), /too-large/],
    ['braces', '{a: '.repeat(100_000), /too-large/],
    ['steps', Array.from({ length: 1000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'), /too-large/],
  ];
  for (const [name, text, told] of table) {
    t.test(name, async (t) => {
      const start = performance.now();
      const { problems } = await read(t, { 'a.yaml': text });
      t.equal(problems.length, 1);
      t.match(problems[0], told);
      t.ok(performance.now() - start < 2000, 'at once');
    });
  }
  t.test('a hundred thousand keys are not one', async (t) => {
    const keys = Array.from({ length: 100_000 }, (_, at) => `u${at}:`).join('\n');
    t.strictSame((await read(t, { 'a.yaml': `${keys}\n` })).problems, []);
  });
});

t.test('includes', async (t) => {
  const table: readonly (readonly [name: string, files: Files, names: readonly string[], told: readonly string[]])[] = [
    [
      'a pattern, sorted, relative to the file it stands in',
      {
        'a.yaml': 'include: ["parts/*.yaml"]',
        'parts/z.yaml': 'include: x/*.yaml',
        'parts/b.yaml': good,
        'parts/x/1.yaml': good,
      },
      ['a.yaml', 'parts/b.yaml', 'parts/z.yaml', 'parts/x/1.yaml'],
      [],
    ],
    [
      'a file twice',
      {
        'a.yaml': 'include: [b.yaml, c.yaml]',
        'b.yaml': 'include: d.yaml',
        'c.yaml': 'include: d.yaml',
        'd.yaml': good,
      },
      ['a.yaml', 'b.yaml', 'd.yaml', 'c.yaml'],
      [],
    ],
    ['the others', { 'a.yaml': 'include: "*.yaml"', 'b.yaml': good }, ['a.yaml', 'b.yaml'], []],
    [
      'a name that looks like a pattern',
      { 'a.yaml': 'include: "[b].yaml"', '[b].yaml': good },
      ['a.yaml', '[b].yaml'],
      [],
    ],
    [
      'itself',
      { 'a.yaml': 'include: [a.yaml]' },
      ['a.yaml'],
      ['a.yaml:1:11 include-cycle a file cannot include itself (a.yaml → a.yaml)'],
    ],
    [
      'in a circle',
      { 'a.yaml': 'include: b.yaml', 'b.yaml': 'include: [c/c.yaml]', 'c/c.yaml': 'include: ../a.yaml' },
      ['a.yaml', 'b.yaml', 'c/c.yaml'],
      ['c/c.yaml:1:10 include-cycle a file cannot include itself (a.yaml → b.yaml → c/c.yaml → a.yaml)'],
    ],
    [
      'a folder',
      { 'a.yaml': 'include: [b]', 'b/c.yaml': good },
      ['a.yaml'],
      ['a.yaml:1:11 unreadable b is a folder, not a file'],
    ],
    [
      'binary',
      { 'a.yaml': 'include: [b]', b: '\0' },
      ['a.yaml'],
      ['a.yaml:1:11 not-text b is not text: line 1 has a control character'],
    ],
    [
      'missing, and the rest is read',
      { 'a.yaml': 'include: [x.yaml, b.yaml, "no/*"]', 'b.yaml': good },
      ['a.yaml', 'b.yaml'],
      [
        'a.yaml:1:11 include-not-found there is no file "x.yaml" (paths are relative to <folder>)',
        'a.yaml:1:27 include-not-found no file matches "no/*" (paths are relative to <folder>)',
      ],
    ],
  ];
  for (const [name, files, names, told] of table) {
    t.test(name, async (t) => t.strictSame(await read(t, files), { files: names, problems: told }));
  }
  t.test('too deep', async (t) => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${at}.yaml`, `include: ${at + 1}.yaml`]));
    const { problems } = await read(t, { '0.yaml': '', ...files });
    t.strictSame(problems, ['20.yaml:1:10 too-large includes go more than 20 deep']);
  });
  t.test('too many', async (t) => {
    const files = Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`p/${at}.yaml`, good]));
    const { problems } = await read(t, { 'a.yaml': 'include: p/*', ...files });
    t.equal(problems.length, 2);
    t.match(problems[0], /too-large includes go more than 1000 files/);
  });
});

t.test('aliases and merge keys', async (t) => {
  const folder = t.testdir();
  const text = specOf(`unit:
  nginx: &healthy { active: true, restarts: 0, within: 30s }
  sshd: *healthy
  cron: { <<: *healthy, restarts: { le: 3 } }
  "<<": { active: true }
`);
  const { problems, entries } = await checkSpec(writeFiles(folder, { 'a.yaml': text }));
  t.match(problems.map(sayProblem), [/^7:3 bad-subject "<<"/], 'quoted it is a key');
  t.strictSame(
    entries
      .get('vm')
      ?.map(({ subject, options, expectations }) => [
        subject,
        options.within,
        expectations.map(({ path, expectation }) => [path.join('.'), expectation.matcher, expectation.argument]),
      ]),
    [
      [
        'nginx.service',
        30,
        [
          ['active', 'equal', true],
          ['restarts', 'equal', 0],
        ],
      ],
      [
        'sshd.service',
        30,
        [
          ['active', 'equal', true],
          ['restarts', 'equal', 0],
        ],
      ],
      [
        'cron.service',
        30,
        [
          ['restarts', 'le', 3],
          ['active', 'equal', true],
        ],
      ],
    ],
  );
});
