import t from 'tap';
import { fixFile } from '../../src/lint/fix.js';
import { Places } from '../../src/lint/places.js';
import { runRules } from '../../src/lint/run-rules.js';
import deprecatedName from '../../src/lint-rules/deprecated-name.js';
import type { Resource } from '../../src/resource.js';
import { parseEntries } from '../../src/spec/parse.js';
import { readSpec } from '../../src/spec/read.js';
import { readTargets } from '../../src/spec/targets.js';
import { matchers, resources as real, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';
import { today } from '../fixture/lint-text.js';

/** No name is old yet: here some are. */
const old = { summary: 'An older name', example: 0 } as const;
const resources = new Map(real);
const unit = real.get('unit') as Resource;
const wireguard = real.get('wireguard') as Resource;
resources.set('unit', {
  ...unit,
  properties: { ...unit.properties, 'restart-count': { type: 'number', deprecated: 'restarts', ...old } },
  params: { ...unit.params, owner: { type: 'string', deprecated: 'user', ...old } },
});
const peers = wireguard.properties.peers;
if (!peers) throw new Error('wireguard has peers');
const record = { ...peers.record, recent: { type: 'boolean', deprecated: 'fresh', ...old } } as const;
resources.set('wireguard', { ...wireguard, properties: { ...wireguard.properties, peers: { ...peers, record } } });

async function lint(t: Pick<typeof import('tap').default, 'testdir'>, text: string) {
  const file = writeFiles(t.testdir(), { 'nixspec.yaml': specOf(text) });
  const source = await readSpec(file, { env: {} });
  const { targets } = readTargets(source, { vars: {} });
  const parsed = [...targets.keys()].map(
    (name) => [name, parseEntries(source, name, resources, matchers, { vars: {} })] as const,
  );
  const places = new Places(source.files);
  const problems = runRules([deprecatedName], {
    source,
    targets,
    entries: new Map(parsed.map(([name, { entries }]) => [name, entries])),
    asserted: new Map(),
    resources,
    matchers,
    now: today,
    isWhole: true,
    placeOf: (position) => places.at(position),
  });
  const [root] = source.files;
  const fixed = (root && fixFile(root, problems)) ?? [];
  return { problems, parsed, text: fixed[0]?.text ?? source.files[0]?.text };
}

t.test('old names of properties, parameters, fields and defaults', async (t) => {
  const text = `defaults: { unit: { owner: alice } } # of all
unit:
  # kept
  nginx: { "restart-count": 0,   active: true } # kept too
  sshd:
    restart-count:   { le: 3 }
wireguard: { wg0: { peers: { a: { recent: true } } } }
`;
  const { problems, parsed, text: fixed } = await lint(t, text);
  t.strictSame(problems.map(sayProblem), [
    '6:12 deprecated-name `unit` calls "restart-count" "restarts" now',
    '8:5 deprecated-name `unit` calls "restart-count" "restarts" now',
    '3:21 deprecated-name `unit` calls "owner" "user" now',
    '9:35 deprecated-name `peers` calls "recent" "fresh" now',
  ]);
  t.equal(
    fixed,
    specOf(
      text
        .replace('"restart-count"', 'restarts')
        .replace('restart-count', 'restarts')
        .replace('owner', 'user')
        .replace('recent', 'fresh'),
    ),
  );
  const entries = parsed[0]?.[1].entries ?? [];
  t.strictSame(
    entries.map((entry) => entry.expectations.map(({ path }) => path.join('.'))),
    [['restarts', 'active'], ['restarts'], ['peers.a.fresh']],
    'an old name means what the new one means',
  );
  t.strictSame(entries[0]?.params, { user: 'alice' }, 'also as a default');
});

t.test('nothing is renamed where the new name is there already, or to the new name', async (t) => {
  const both = 'unit: { nginx: { restart-count: 0, restarts: { le: 3 } } }\n';
  const { problems, text } = await lint(t, both);
  t.strictSame(problems.map(sayProblem), ['3:18 deprecated-name `unit` calls "restart-count" "restarts" now']);
  t.equal(text, specOf(both));
  t.strictSame((await lint(t, 'unit: { nginx: { restarts: 0 } }')).problems, []);
});
