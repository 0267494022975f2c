import t from 'tap';
import { evaluate, evaluator, lacksNix } from './nix.js';

/** What the other machines are to know of a host. */
const facts = (host: string, settings = '{ }') => evaluate(`(vmOf [ ${host} ] ${settings}).nixspec.vm.private.self`);

const db = `{ networking.hostName = "db"; networking.interfaces.lan0.ipv4.addresses = [ { address = "10.20.0.1"; prefixLength = 24; } ]; }`;

t.test(`what the others are to know of a machine, by ${evaluator}`, { skip: lacksNix }, async (t) => {
  t.same(facts(db), { names: ['db'], addresses: ['10.20.0.1'], elsewhere: [] });
  t.same(
    facts(`{
      networking.hostName = "db";
      systemd.network.enable = true;
      systemd.network.networks.a = { matchConfig.Name = "lan0"; address = [ "10.20.0.1/24" "fd00::1/64" "fe80::1/64" ]; };
      systemd.network.networks.b = { matchConfig.Name = "en*"; address = [ "203.0.113.7/24" ]; };
    }`),
    { names: ['db'], addresses: ['10.20.0.1', 'fd00::1'], elsewhere: [] },
    'by networkd: of cards that are in the VM',
  );
  t.same(
    facts(`{ networking.hostName = "db"; }`, '{ addresses = [ "203.0.113.7/32" ]; names = [ "db.example.org" ]; }'),
    { names: ['db', 'db.example.org'], addresses: [], elsewhere: ['203.0.113.7'] },
    'what the VM is told',
  );
});

const machines = `{
  db = { names = [ "db" "db.example.org" "*.db.example.org" ]; addresses = [ "10.20.0.1" ]; elsewhere = [ "203.0.113.7" ]; };
  web = { };
}`;
const web = `{ networking.hostName = "www"; networking.interfaces.lan0.ipv4.addresses = [ { address = "10.20.0.2"; prefixLength = 24; } ]; }`;
const ofWeb = (wanted: string, more = '') =>
  evaluate(
    `let vm = vmOf [ ${web} ] { private.machine = "web"; private.machines = ${machines}; ${more} }; in ${wanted}`,
  );

t.test('a machine on a network', { skip: lacksNix }, async (t) => {
  const hosts = ofWeb('vm.networking.hosts') as { readonly [address: string]: readonly string[] };
  t.same(hosts['10.20.0.1'], ['db', 'db.example.org']);
  t.same(hosts['203.0.113.7'], ['db', 'db.example.org']);
  t.same(hosts['192.168.1.2'], ['web'], "the target's name, which is not the host's");
  const text = ofWeb('vm.systemd.services.nixspec-network.script') as string;
  t.match(text, 'ip address replace 192.168.1.2/24 dev nixspec-net');
  t.match(text, 'attach_card lan0 52:54:00:4f:01:02');
  const routes = ofWeb('vm.systemd.services.nixspec-private.script') as string;
  t.match(routes, 'direct 10.20.0.1 192.168.1.1 192.168.1.2');
  t.match(routes, 'via 203.0.113.7 192.168.1.1 192.168.1.2');
});

t.test('a machine alone has no network', { skip: lacksNix }, async (t) => {
  const vm = `vmOf [ ${web} ] { }`;
  t.equal(evaluate(`(${vm}).systemd.services ? nixspec-private`), false);
  t.notMatch(evaluate(`(${vm}).systemd.services.nixspec-network.script`), 'nixspec-net');
});

t.test("the network's own addresses are none of production's", { skip: lacksNix }, async (t) => {
  t.equal(ofWeb('vm.nixspec.vm.private.subnet'), '192.168.1');
  const other = `{ db = { addresses = [ "192.168.1.5" ]; }; web = { }; }`;
  t.equal(
    evaluate(`(vmOf [ ${web} ] { private.machine = "web"; private.machines = ${other}; }).nixspec.vm.private.subnet`),
    '192.168.201',
  );
});

t.test('cards of a bridge and of a bond', { skip: lacksNix }, async (t) => {
  const host = `{
    networking.bridges.br0.interfaces = [ "a0" "a1" ];
    networking.bonds.bond0.interfaces = [ "b0" "b1" ];
    networking.interfaces.br0.ipv4.addresses = [ { address = "10.1.0.1"; prefixLength = 24; } ];
    networking.interfaces.bond0.ipv4.addresses = [ { address = "10.2.0.1"; prefixLength = 24; } ];
  }`;
  const cards = evaluate(`(vmOf [ ${host} ] { }).nixspec.vm.private.cards`);
  t.same(cards, ['a0'], 'two of a bridge would make a ring');
  t.match(facts(host), { addresses: ['10.1.0.1'], elsewhere: ['10.2.0.1'] });
});
