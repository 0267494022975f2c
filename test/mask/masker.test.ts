import { randomBytes } from 'node:crypto';
import t from 'tap';
import { makeMasker } from '../../src/mask/masker.js';
import type { Run, Value } from '../../src/model.js';
import { quoteWord } from '../../src/shell/sh.js';
import { printable } from '../../src/terminal.js';
import { makeRandom } from '../fixture/random.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');
const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const jsonInside = (text: string) => JSON.stringify(text).slice(1, -1);
const html = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
const wrapped = (text: string, width: number) => (text.match(new RegExp(`.{1,${width}}`, 'gs')) ?? []).join('\n');

/** Ways in which a target, a tool or nixspec itself may write a text. */
const encodings: { readonly [name: string]: (text: string) => string } = {
  raw: (text) => text,
  'upper case': (text) => text.toUpperCase(),
  'lower case': (text) => text.toLowerCase(),
  base64,
  base64url: base64url,
  'base64 with a newline behind': (text) => base64(`${text}\n`),
  'base64 in basic authentication': (text) => base64(`user:${text}`),
  'base64 in the middle': (text) => base64(`ab${text}!`),
  'base64 in base64': (text) => base64(base64(text)),
  'base64 of basic authentication in base64': (text) => base64(`{"auth":"${base64(`user:${text}`)}"}`),
  'base64 in lines of 76': (text) => wrapped(base64(`something before it ${text} and something behind it`), 76),
  'base64 in lines of 10': (text) => wrapped(base64(text), 10),
  'base64 of JSON': (text) => base64(JSON.stringify({ password: text })),
  'base64 in a URL': (text) => encodeURIComponent(base64(text)),
  encodeURIComponent,
  'URL encoding in lower case': (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  'URL encoding, strict (RFC 3986)': (text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`),
  'URL encoding of every byte': percent,
  'form encoding': (text) => new URLSearchParams({ q: text }).toString().slice(2),
  'URL encoding, twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'URL path': (text) => encodeURI(text),
  JSON: jsonInside,
  'JSON in JSON': (text) => jsonInside(JSON.stringify({ a: text })),
  'JSON in JSON in JSON': (text) => jsonInside(jsonInside(jsonInside(text))),
  'JSON, all escaped': (text) =>
    [...text.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  'JSON with escaped slashes': (text) => jsonInside(text).replaceAll('/', '\\/'),
  'JSON in a URL': (text) => encodeURIComponent(JSON.stringify({ a: text })),
  'a URL in JSON': (text) => jsonInside(encodeURIComponent(text)),
  hex: (text) => Buffer.from(text).toString('hex'),
  'hex as dumped': (text) => (Buffer.from(text).toString('hex').match(/../g) ?? []).join(' '),
  'hex in upper case': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  HTML: html,
  'HTML with numbers': (text) => [...text].map((sign) => `&#x${sign.codePointAt(0)?.toString(16)};`).join(''),
  'JSON in HTML': (text) => html(JSON.stringify(text)),
  'a shell word': quoteWord,
  'a shell word in a shell word': (text) => quoteWord(quoteWord(text)),
  'three shell words': (text) => quoteWord(quoteWord(quoteWord(text))),
  'a shell word of Python': (text) => `'${text.replaceAll("'", `'"'"'`)}'`,
  'a shell word in JSON': (text) => jsonInside(quoteWord(text)),
  'backslashes before all that is odd': (text) => text.replace(/[^A-Za-z0-9\n]/g, '\\$&'),
  'escapes as of Python': (text) =>
    [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  'escapes in octal': (text) => [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  'as on a terminal': (text) => printable(text),
  'broken into lines': (text) => wrapped(text, 5),
  'broken into indented lines': (text) => wrapped(text, 7).replaceAll('\n', '\r\n    '),
};

const secrets = [
  'hunter2!',
  'correct horse battery staple',
  'tok_4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c',
  'p@ss/w+rd=1&2?#%',
  `it's "quoted" \\ and \`ticked\` $HOME`,
  '%41%zz\\n\\u0041&amp;',
  'pässwörd-пароль-密码-🔑',
  '{"name":"a","code":"b c"}',
  '0123456789',
  'line one of it\nline two of it',
  'a\tb\u001b[31mc',
  '$,)1\t_ @(\\%705497',
];

const surroundings: readonly (readonly [before: string, after: string])[] = [
  ['', ''],
  ['before ', ' after'],
  ['{"a": "', '"}\n'],
  ['?q=', '&r=1'],
  ['xyz=', '\nnext line\n'],
];

for (const [name, encode] of Object.entries(encodings)) {
  t.test(name, async (t) => {
    for (const secret of secrets) {
      const masker = makeMasker(['another secret', secret]);
      for (const [before, after] of surroundings) {
        const masked = masker.text(`${before}${encode(secret)}${after}`);
        t.match(masked, /\*\*\*/, masked);
        if (/base64/.test(name)) t.notOk(tells(masked, secret), masked);
        else t.equal(bare(masked), bare(`${before}${surroundingOf(encode)}${after}`), masked);
      }
    }
  });
}

/** What an encoding puts around a text. */
function surroundingOf(encode: (text: string) => string): string {
  const encoded = encode('***');
  return encoded.includes('***') ? encoded : '***';
}

/** Without quotes, line ends and what else depends on the characters of a secret. */
function bare(text: string): string {
  return text.replace(/[\s'"\\$]/g, '').replace(/(\*{3})+n?/g, '***');
}

/** Whether what is left of a text, taken as base64, has three characters of the secret in a row. */
function tells(masked: string, secret: string): boolean {
  const parts = masked.split(/\*{3}|\n/).flatMap((part) => [0, 1, 2, 3].map((skip) => part.slice(skip)));
  const decoded = parts.map((part) => Buffer.from(part, 'base64').toString('latin1'));
  const plain = Buffer.from(secret).toString('latin1');
  return Array.from({ length: plain.length - 3 }, (_, at) => plain.slice(at, at + 4)).some((four) =>
    decoded.some((text) => text.includes(four)),
  );
}

t.test('what is no secret stays as it is', async (t) => {
  const masker = makeMasker(['hunter2!', 'a b c d', 'x'.repeat(40)]);
  const text = 'hunter hunter2 ?retnuh\n aGVsbG8gd29ybGQ= %68%75 \\u0068 a b c\u0000 xxxx\n';
  t.equal(masker.text(text), text);
  t.equal(masker.text(''), '');
  const value: Value = { a: [1, null, true, 'text'], b: { c: 'd' } };
  t.equal(masker.value(value), value, 'the very value');
});

t.test('secrets that overlap, touch, repeat, or stand in each other', async (t) => {
  const masker = makeMasker(['abcdef', 'defghi', 'abcdefghij']);
  t.equal(masker.text('-abcdefghi-'), '-***-');
  t.equal(masker.text('-abcdefghij-'), '-***-');
  t.equal(masker.text('abcdef abcdef'), '*** ***');
  t.equal(masker.text('abcdefdefghi'), '***');
  t.equal(masker.text('xabcdex'), 'xabcdex');
});

t.test('lines stay lines, so that a diff of masked texts is that of the texts', async (t) => {
  const masker = makeMasker(['first line of it\nsecond line of it']);
  t.equal(masker.text('a\nfirst line of it\nsecond line of it\nb\n'), 'a\n***\n***\nb\n');
  t.equal(masker.text('only the second line of it\n'), 'only the ***\n', 'a line alone');
});

t.test('a private key: its lines, not the armor that all keys have', async (t) => {
  const lines = Array.from({ length: 4 }, () => randomBytes(48).toString('base64'));
  const key = `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----`;
  const masker = makeMasker([key]);
  for (const line of lines) t.equal(masker.text(`> ${line} <`), '> *** <');
  t.equal(masker.text('-----BEGIN PRIVATE KEY-----\n'), '-----BEGIN PRIVATE KEY-----\n');
  t.notMatch(masker.text(base64(`{"key": ${JSON.stringify(key)}}`)), base64(lines[1] ?? '').slice(4, 40));
});

t.test('short secrets are masked where they stand alone', async (t) => {
  const masker = makeMasker(['12', 'abc', '']);
  t.equal(masker.text('12'), '***');
  t.equal(masker.text('abc'), '***');
  t.equal(masker.text('112 abcd'), '112 abcd');
  t.equal(masker.value(12), 12);
  t.equal(masker.text(''), '');
});

t.test('values: keys, elements, numbers', async (t) => {
  const masker = makeMasker(['hunter2!', '24680']);
  t.strictSame(masker.value({ 'x-hunter2!': ['a hunter2! b', 24680, 2468] }), { 'x-***': ['a *** b', '***', 2468] });
  t.strictSame(masker.value({ 'hunter2!': 1, 'hunter2!hunter2!': 2, '***': 3 }), {
    '***': 1,
    '*** #2': 2,
    '*** #3': 3,
  });
  t.strictSame(masker.value(['hunter2!']), ['***']);
});

t.test('what is printed as a whole keeps its own words', async (t) => {
  const masker = makeMasker(['passed', '2026', 'admin-4711']);
  t.equal(
    masker.output('{"status":"passed","at":"2026","by":"admin-4711"}'),
    '{"status":"passed","at":"2026","by":"***"}',
  );
  t.equal(masker.text('passed in 2026'), '*** in ***');
});

t.test('a run: everything but what names things', async (t) => {
  const masker = makeMasker(['postgres']);
  const position = { file: 'postgres.yaml', line: 1, column: 1 };
  const run: Run = {
    ...{ format: 1, id: '2026-postgres', target: 'postgres', reached: 'postgres locally' },
    ...{ started: '2026-11-23T01:00:00.000Z', finished: '2026-11-23T01:00:01.000Z' },
    system: { hostname: 'postgres' },
    facts: [
      {
        resource: 'unit',
        subject: 'postgres.service',
        property: 'state',
        status: 'known',
        type: 'string',
        value: 'postgres',
      },
      { resource: 'unit', subject: 'postgres.service', property: 'type', status: 'unknown', reason: 'no postgres' },
    ],
    outcomes: [
      {
        ...{
          id: 'unit postgres.service state equal',
          resource: 'unit',
          subject: 'postgres.service',
          property: 'state',
        },
        ...{ matcher: 'equal', type: 'string', expected: 'postgres', actual: 'postgres2', status: 'failed' },
        ...{ severity: 'error', message: 'not postgres', looks: 1, title: 'postgres', position },
      },
    ],
    problems: ['postgres'],
  };
  t.strictSame(masker.run(run), {
    ...run,
    system: { hostname: '***' },
    facts: [
      { ...run.facts[0], value: '***' },
      { ...run.facts[1], reason: 'no ***' },
    ],
    outcomes: [{ ...run.outcomes[0], expected: '***', actual: '***2', message: 'not ***', title: '***' }],
    problems: ['***'],
  });
});

const rounds = Number(process.env.NIXSPEC_TEST_ROUNDS ?? 2000);

t.test('random secrets in random text, in random encodings, nested', async (t) => {
  const alphabet = [...'abcXYZ0189-_.~!*\'()"\\/+= &%$#@<>{}[]|;:,?^`\t', 'é', 'Ж', '漢', '🔑'];
  const random = makeRandom();
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const word = (most: number) => Array.from({ length: 4 + random(most - 4) }, () => pick(alphabet)).join('');
  // Those that can be taken off again without knowing where they begin.
  const layers = ['raw', 'encodeURIComponent', 'URL encoding of every byte', 'JSON', 'HTML', 'JSON, all escaped'];
  const last = [...layers, 'base64', 'base64url', 'base64 in basic authentication', 'hex', 'form encoding'];
  for (let round = 0; round < rounds; round += 1) {
    const secret = `${word(20)}${random(0x1000000).toString(16).padStart(6, '0')}`;
    const masker = makeMasker([secret]);
    const way = [pick(layers), pick(layers), pick(last)];
    const inner = round % 2 === 0 ? [way[2] ?? 'raw'] : way.slice(0, 2);
    const encoded = inner.reduce((text, name) => encodings[name]?.(text) ?? text, secret);
    const masked = masker.text(`lorem "${encoded}" ipsum\n`);
    const said = `${JSON.stringify(secret)} by ${inner.join(', ')}: ${masked}`;
    if (!masked.includes('***') || masked.includes(encoded) || masked.includes(secret)) t.fail(said);
    if (!/base64/.test(inner.join()) && masked.length > 'lorem "***" ipsum\n'.length) t.fail(said);
  }
  t.pass('none was left');
});

t.test('10 MB with 20 secrets, and what an attacker might print', async (t) => {
  const masker = makeMasker(Array.from({ length: 20 }, () => randomBytes(18).toString('base64')));
  const line = 'Nov 23 03:37:01 web nginx[123]: 10.0.0.1 - - "GET /index.html?q=a%20b HTTP/1.1" 200 512\n';
  const texts = [line.repeat(10_000_000 / line.length)];
  // A command may print 1 MiB.
  for (const part of ['\\', '\n', '%41', "'\\''", '&amp;', 'a']) texts.push(part.repeat(2_000_000 / part.length));
  for (const text of texts) {
    const start = performance.now();
    t.equal(masker.text(text).length, text.length);
    const seconds = (performance.now() - start) / 1000;
    // A tenth of it, where nothing else is running.
    t.ok(seconds < 8, `${JSON.stringify(text.slice(0, 10))}: ${seconds.toFixed(2)} s`);
  }
});
