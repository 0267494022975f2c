import t from 'tap';
import type { Findings, Found } from '../../src/discover/finding.js';
import { mergeFindings } from '../../src/discover/merge.js';
import { dropFailing, refuseHostile } from '../../src/discover/prune.js';
import { loadResources } from '../../src/resource.js';
import { printable } from '../../src/terminal.js';

const runner = { from: 'runner' };
const target = { from: 'target' };

function found(resource: string, subject: string, expects: Found['expects'], more: Partial<Found> = {}): Found {
  return { group: resource === 'http' ? 'sites' : 'services', resource, subject, expects, ...more };
}

function findings(...entries: Found[]): Findings {
  return { entries, remarks: [] };
}

const bodies = (merged: ReturnType<typeof mergeFindings>) => merged.entries.map(({ subject, body }) => [subject, body]);

t.test('one target: as it was found, in order', async (t) => {
  const merged = mergeFindings(
    new Map([
      [
        'a',
        findings(
          found('http', 'x', { status: 200 }),
          found('unit', 'b10', { active: true }),
          found('unit', 'b9', { active: true }),
        ),
      ],
    ]),
  );
  t.same(bodies(merged), [
    ['b9', { active: true }],
    ['b10', { active: true }],
    ['x', { status: 200 }],
  ]);
});

t.test('two targets: the same once, what differs per target, what is missing only there', async (t) => {
  const merged = mergeFindings(
    new Map([
      [
        'a',
        findings(
          found('unit', 'both', { active: true, type: 'x', restarts: 0 }),
          found('unit', 'one', { active: true }),
        ),
      ],
      ['b', findings(found('unit', 'both', { active: true, type: 'y' }), found('unit', 'two', { active: true }))],
    ]),
  );
  t.same(bodies(merged), [
    ['both', { active: true, type: { 'per-target': { a: 'x', b: 'y' } }, restarts: { 'per-target': { a: 0 } } }],
    ['one', { active: true, only: ['a'] }],
    ['two', { active: true, only: ['b'] }],
  ]);
});

t.test('ways: the first that all have; where questions start from is said once', async (t) => {
  const page = (ways: Found['ways']) => findings(found('http', 'x', { status: 200 }, { ways: ways ?? [] }));
  const direct = { ...target, 'connect-to': '127.0.0.1:443' };
  const merge = (a: Found['ways'], b: Found['ways'], options = {}) =>
    mergeFindings(
      new Map([
        ['a', page(a)],
        ['b', page(b)],
      ]),
      options,
    );
  t.same(bodies(merge([runner, target], [runner])), [['x', { status: 200 }]]);
  t.same(bodies(merge([runner, direct], [direct], { from: 'runner' })), [['x', { ...direct, status: 200 }]]);
  const inner = merge([runner, target], [target, direct]);
  t.same([inner.from, bodies(inner)], ['target', [['x', { status: 200 }]]]);
  t.same(bodies(merge([target], [target], { from: 'mixed' })), [['x', { from: 'target', status: 200 }]]);
  const apart = merge([runner], [direct]);
  t.same(bodies(apart), [['x', { status: 200, only: ['a'] }]]);
  t.match(apart.remarks, [{ about: ['x on b'] }]);
});

t.test('a way is taken as insecure where it is on any target', async (t) => {
  const merged = mergeFindings(
    new Map([
      ['a', findings(found('http', 'x', { status: 200 }, { params: { insecure: true } }))],
      ['b', findings(found('http', 'x', { status: 200 }))],
    ]),
  );
  t.same(bodies(merged), [['x', { insecure: true, status: 200 }]]);
});

t.test('nothing is reached in a proven way: no entry', async (t) => {
  const merged = mergeFindings(new Map([['a', findings(found('http', 'x', { status: 200 }, { ways: [] }))]]));
  t.same(bodies(merged), []);
});

t.test('new machines in a spec of others have their entries for themselves', async (t) => {
  const merged = mergeFindings(new Map([['a', findings(found('unit', 'x', { active: true }))]]), { onlyThese: true });
  t.same(bodies(merged), [['x', { active: true, only: ['a'] }]]);
});

t.test('remarks say of whom they speak', async (t) => {
  const remark = (about: readonly string[]) => ({
    entries: [],
    remarks: [{ group: 'services', text: 'Bad', about } as const],
  });
  const texts = (a: readonly string[], b: readonly string[]) =>
    mergeFindings(
      new Map([
        ['a', remark(a)],
        ['b', remark(b)],
      ]),
    ).remarks.map(({ text }) => text);
  t.same(texts(['x'], ['x']), ['Bad']);
  t.same(texts(['x'], ['y']), ['a: Bad', 'b: Bad']);
});

t.test('what did not pass is taken out and told', async (t) => {
  const resources = await loadResources(['unit', 'wireguard']);
  const peers = { a: { fresh: true }, b: { fresh: true, 'allowed-ips': [] } };
  const before = findings(
    found('unit', 'web', { active: true, healthy: true }),
    found('unit', 'gone', { active: true }),
    found('wireguard', 'wg0', { peers }),
  );
  const failing = [
    { target: 'a', resource: 'unit', subject: 'web.service', path: ['healthy'] },
    { target: 'a', resource: 'unit', subject: 'gone.service', path: ['active'] },
    { target: 'a', resource: 'wireguard', subject: 'wg0', path: ['peers', 'a', 'fresh'] },
    { target: 'a', resource: 'wireguard', subject: 'wg0', path: ['peers', 'b', 'fresh'] },
  ];
  const after = dropFailing(before, failing, resources);
  t.same(
    after.entries.map(({ subject, expects }) => [subject, expects]),
    [
      ['web', { active: true }],
      ['wg0', { peers: { b: { 'allowed-ips': [] } } }],
    ],
  );
  t.match(after.remarks, [{ about: ['gone active', 'web healthy', 'wg0 peers.a.fresh', 'wg0 peers.b.fresh'] }]);
});

t.test('what cannot be written down safely is refused', async (t) => {
  const resources = await loadResources(['mount', 'http', 'unit']);
  const mount = (point: string) => found('mount', point, { filesystem: 'ext4' }, { group: 'mounts' });
  const fine = ['/a b', '/a: #b', '/${x}', '/"\'', '/ä'].map(mount);
  const bad = ['/a\nb', '/\u001b[2J', '/\u202egpj', 'relative', `/${'x'.repeat(400)}`].map(mount);
  const location = found('http', 'http://x/', { location: 'a\r\nb' });
  const { entries, remarks } = refuseHostile(findings(...fine, ...bad, location), resources);
  t.same(entries, fine);
  t.same(
    remarks.map(({ about }) => about.length),
    [5, 1],
  );
  for (const { about } of remarks) for (const text of about) t.equal(printable(text), text);
});
