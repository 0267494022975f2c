import { createHmac } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  findKnownHosts,
  judgeHostKey,
  orderHostKeyAlgorithms,
  parseKnownHosts,
  readKnownHosts,
} from '../../src/ssh/known-hosts.js';
import { fingerprintOf } from '../../src/ssh/public-key.js';
import { writeString } from '../../src/ssh/wire.js';

const key = (type: string, fill: number) => Buffer.concat([writeString(type), writeString(Buffer.alloc(32, fill))]);
const ed = key('ssh-ed25519', 1);
const otherEd = key('ssh-ed25519', 2);
const rsa = key('ssh-rsa', 3);
const show = (bytes: Buffer, type = 'ssh-ed25519') => `${type} ${bytes.toString('base64')}`;
const hashed = (name: string) => {
  const salt = Buffer.alloc(20, 7);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};
const at = (name: string, port = 22, isAlias = false) => ({ name, port, isAlias });

t.test('which lines are about a host', async (t) => {
  const cases: readonly (readonly [string, ReturnType<typeof at>, boolean])[] = [
    ['web.example.org', at('web.example.org'), true],
    ['web.example.org', at('WEB.example.ORG'), true],
    ['WEB.example.org', at('web.example.org'), true],
    ['web.example.org', at('web.example.org', 2222), false],
    ['[web.example.org]:2222', at('web.example.org', 2222), true],
    ['[web.example.org]:2222', at('web.example.org'), false],
    ['[web.example.org]:2222', at('web.example.org', 2222, true), false],
    ['an-alias', at('an-alias', 2222, true), true],
    ['10.0.0.1,web.example.org,[::1]:22', at('web.example.org'), true],
    ['*.example.org', at('web.example.org'), true],
    ['*.example.org', at('example.org'), false],
    ['*.example.org,!web.example.org', at('web.example.org'), false],
    ['!web.example.org,*.example.org', at('db.example.org'), true],
    ['!web.example.org', at('db.example.org'), false],
    ['10.0.0.?', at('10.0.0.7'), true],
    ['10.0.0.?', at('10.0.0.17'), false],
    ['[*]:2222', at('anything', 2222), true],
    ['web.example.org', at('webXexampleXorg'), false],
    [hashed('web.example.org'), at('web.example.org'), true],
    [hashed('web.example.org'), at('Web.Example.org'), true],
    [hashed('web.example.org'), at('db.example.org'), false],
    [hashed('[web.example.org]:2222'), at('web.example.org', 2222), true],
    [hashed('[web.example.org]:2222'), at('web.example.org'), false],
    ['|2|c2FsdA==|aGFzaA==', at('web.example.org'), false],
    ['|1|', at('web.example.org'), false],
  ];
  for (const [names, host, expected] of cases) {
    const found = findKnownHosts(parseKnownHosts(`${names} ${show(ed)}`, 'f'), host);
    t.equal(found.length === 1, expected, `${names} for ${host.name}:${host.port}${host.isAlias ? ' (alias)' : ''}`);
  }
});

t.test('a pattern of many stars does not take for ever', async (t) => {
  const entries = parseKnownHosts(`${'*a'.repeat(200)}b ${show(ed)}`, 'f');
  const start = Date.now();
  t.equal(findKnownHosts(entries, at('a'.repeat(250))).length, 0);
  t.ok(Date.now() - start < 500);
});

t.test('what is no host key is passed over, and lines are counted all the same', async (t) => {
  const text = [
    '# a comment',
    '',
    `  web ${show(ed)} and a comment`,
    'web',
    'web ssh-ed25519',
    'web ssh-ed25519 bm90IGEga2V5',
    `web ${show(ed, 'ssh-rsa')}`,
    `@unheard-of web ${show(ed)}`,
    `\tweb\t${show(rsa, 'ssh-rsa')}\r`,
    `@revoked web ${show(otherEd)}`,
    `@cert-authority *.example.org ${show(ed)}`,
  ].join('\n');
  t.same(
    parseKnownHosts(text, 'file').map(({ line, type, marker }) => [line, type, marker]),
    [
      [3, 'ssh-ed25519', undefined],
      [9, 'ssh-rsa', undefined],
      [10, 'ssh-ed25519', 'revoked'],
      [11, 'ssh-ed25519', 'cert-authority'],
    ],
  );
});

t.test('the verdict on a key', async (t) => {
  const judge = (text: string, shown: Buffer, host = at('web')) =>
    judgeHostKey(parseKnownHosts(text, 'file'), host, shown);
  t.same(judge(`web ${show(ed)}`, ed), { verdict: 'known' });
  t.same(judge(`web ${show(otherEd)}\nweb ${show(ed)}`, ed), { verdict: 'known' }, 'any of several');
  t.match(judge(`db ${show(ed)}`, ed), { verdict: 'unknown', others: [] });
  t.match(judge(`web ${show(rsa, 'ssh-rsa')}`, ed), { verdict: 'unknown', others: [{ type: 'ssh-rsa', line: 1 }] });
  t.match(judge(`\nweb ${show(otherEd)}`, ed), { verdict: 'changed', entry: { file: 'file', line: 2 } });
  t.match(judge(`web ${show(ed)}\n@revoked * ${show(ed)}`, ed), { verdict: 'revoked', entry: { line: 2 } });
  t.same(judge(`web ${show(ed)}\n@revoked * ${show(otherEd)}`, ed), { verdict: 'known' });
  t.match(
    judge(`@cert-authority web ${show(ed)}`, ed),
    { verdict: 'unknown', others: [] },
    'an authority is no host key',
  );
  t.same(judge(`web ${show(ed)}`, ed, at('web', 2222)), { verdict: 'known' }, 'the very key, listed without the port');
  t.match(
    judge(`web ${show(otherEd)}`, ed, at('web', 2222)),
    { verdict: 'unknown' },
    'another one is not "changed" then',
  );
  t.match(
    judge(`[web]:2222 ${show(otherEd)}\nweb ${show(ed)}`, ed, at('web', 2222)),
    { verdict: 'changed', entry: { line: 1 } },
    'an entry with the port goes first',
  );
});

t.test('algorithms of known keys come first', async (t) => {
  const all = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'];
  const order = (text: string) => orderHostKeyAlgorithms(all, parseKnownHosts(text, 'f'));
  t.same(order(''), all);
  t.same(order(`web ${show(rsa, 'ssh-rsa')}`), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519', 'ecdsa-sha2-nistp256']);
  t.same(order(`@revoked web ${show(rsa, 'ssh-rsa')}`), all);
});

t.test('several files, one of which is not there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  writeFileSync(one, `web ${show(ed)}\n`);
  writeFileSync(two, `web ${show(rsa, 'ssh-rsa')}\n`);
  const entries = await readKnownHosts([one, join(folder, 'missing'), two]);
  t.same(
    entries.map(({ file, type }) => [file, type]),
    [
      [one, 'ssh-ed25519'],
      [two, 'ssh-rsa'],
    ],
  );
});

t.test('a fingerprint is the one that ssh-keygen shows', async (t) => {
  const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl', 'base64');
  // GitHub's, as published in its documentation.
  t.equal(fingerprintOf(blob), 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
});
