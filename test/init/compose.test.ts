import t from 'tap';
import type { Machine } from '../../src/init/choose.js';
import { composeSpec } from '../../src/init/compose.js';
import { noFacts } from '../../src/init/host-facts.js';
import { composeEditorFiles } from '../../src/init/vscode.js';
import { nixspec } from '../fixture/nixspec.js';

const web: Machine = {
  host: 'web',
  vm: 'vm',
  production: 'production',
  build: { flake: '.#web' },
  destination: 'root@web.example.org',
  facts: { sshPorts: [22, 2222], firewall: 'nftables', clock: true, services: ['nginx', 'forgejo'] },
};
const plain: Machine = { ...web, facts: noFacts };
const bare: Machine = { host: 'here', production: 'production', destination: 'here', facts: noFacts };
const pair: readonly Machine[] = [
  { ...web, vm: 'web', production: 'web-production' },
  {
    ...web,
    host: 'my "odd" $' + '{host}\nversion: 2',
    vm: 'odd',
    production: 'odd-production',
    build: { flake: '..#"my odd host"' },
    destination: 'ssh://root@[2001:db8::1]:2222',
    facts: { sshPorts: [22], sshOnDemand: true, clock: false, services: ['nginx', 'yes'] },
  },
];
const silent: Machine = { ...web, facts: { sshPorts: [], clock: false, services: [] } };

const specs: readonly (readonly [string, readonly Machine[], string])[] = [
  ['a host that says all of itself', [web], 'nixspec.yaml'],
  ['a host of which nothing is known', [plain], 'nixspec.yaml'],
  ['a server that is built from nothing known', [bare], 'nixspec.yaml'],
  ['several hosts, one with an odd name', pair, 'servers/all.yaml'],
  ['a host without SSH and time service', [silent], 'nixspec.yaml'],
];

for (const [what, machines, file] of specs) {
  t.test(what, async (t) => {
    const text = composeSpec(machines, { file });
    t.matchSnapshot(text);
    const lint = await nixspec(['lint', '-'], { input: text });
    t.match(lint, { status: 0, err: '' }, 'no mistake, no warning');
    for (const { production } of machines) t.match(lint.out, new RegExp(`[1-9]\\d* entr\\w+ for ${production}`));
  });
}

t.test('what VS Code is told', async (t) => {
  t.strictSame(composeEditorFiles('servers/web.yaml'), {
    '.vscode/settings.json': { 'yaml.schemas': { './.nixspec/schema.json': ['web.yaml', '*.nixspec.yaml'] } },
    '.vscode/extensions.json': { recommendations: ['redhat.vscode-yaml'] },
  });
});
