import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  cableArguments,
  checkCount,
  clearNetworks,
  findNetworkOf,
  leaveNetwork,
  makeNetwork,
  namesOfOthers,
  plugIn,
} from '../../src/vm/private-network.js';

const before = process.env.TMPDIR;
const parent = mkdtempSync('/tmp/network-');
process.env.TMPDIR = parent;
t.teardown(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(parent, { recursive: true });
});

const nothing = { names: [], addresses: [], elsewhere: [] };
const facts = {
  web: { ...nothing, names: ['www', 'www.example.org'] },
  db: { ...nothing, names: ['db', '*.db.example.org'] },
};

t.test('a cable has two ends', async (t) => {
  const network = { folder: '/run/a,b', facts };
  const ends = (machine: string) =>
    cableArguments(network, machine).flatMap((one) => {
      const [, from, to] =
        /id=nixspec\dc,local.type=unix,local.path=(.*),remote.type=unix,remote.path=(.*)$/.exec(one) ?? [];
      return from === undefined ? [] : [[from, to]];
    });
  t.same(ends('db'), [['/run/a,,b/1-2', '/run/a,,b/2-1']], 'db is the first in alphabetical order');
  t.same(ends('web'), [['/run/a,,b/2-1', '/run/a,,b/1-2']]);
  t.equal(cableArguments(network, 'web').at(-1), 'virtio-net-pci,netdev=nixspec1h,mac=52:54:00:4e:02:01,romfile=');
  const three = { folder: '/n', facts: { ...facts, cache: nothing } };
  t.equal(cableArguments(three, 'db').filter((one) => one.startsWith('virtio')).length, 2, 'one to each of the others');
});

t.test('whose name it is', async (t) => {
  const network = { folder: '/n', facts };
  t.same(namesOfOthers(network, 'web'), ['db', 'db', '*.db.example.org']);
  const twins = { folder: '/n', facts: { old: facts.web, new: facts.web } };
  t.same(namesOfOthers(twins, 'old'), ['new'], 'its own names stay its own');
});

t.test('more than a machine has places for', async (t) => {
  const names = Array.from({ length: 10 }, (_, at) => `m${at}`);
  t.throws(() => checkCount(names), { code: 'usage', message: /^10 VMs on one private network are too many: m0, / });
  t.doesNotThrow(() => checkCount(names.slice(1)));
});

/** The folder of a VM, as far as networks look at it. */
function makeVm(name: string): string {
  const folder = join(parent, `nixspec-vm-${name}`);
  mkdirSync(folder);
  return folder;
}

t.test('a network lasts as long as the machines on it', async (t) => {
  const network = await makeNetwork(facts, false);
  t.equal(statSync(network.folder).mode & 0o777, 0o700, 'nobody else may open its sockets');
  const vm = makeVm('one');
  t.same(await plugIn(vm, 'web', undefined), [], 'alone it has no cables');
  t.equal(await findNetworkOf(vm), undefined);
  t.same(await plugIn(vm, 'web', network), cableArguments(network, 'web'));
  t.same(await findNetworkOf(vm), network);
  await leaveNetwork(network);
  t.ok(existsSync(network.folder), 'a machine is on it');
  rmSync(vm, { recursive: true });
  await leaveNetwork(network);
  t.same(readdirSync(parent), []);
});

t.test('what a killed nixspec has left', async (t) => {
  const { folder } = await makeNetwork(facts, false);
  await clearNetworks();
  t.ok(existsSync(folder), 'it is this process that has made it');
  const owner = JSON.parse(readFileSync(join(folder, 'network.json'), 'utf8'));
  const write = (more: object) => writeFileSync(join(folder, 'network.json'), JSON.stringify({ ...owner, ...more }));
  write({ started: '1', world: `${owner.world.split(' ')[0]} pid:[1]` });
  await clearNetworks();
  t.ok(existsSync(folder), 'in another container, numbers of processes are others');
  write({ started: '1' });
  await clearNetworks();
  t.notOk(existsSync(folder));
});

t.test('one that was never finished', async (t) => {
  const folder = mkdtempSync(join(parent, 'nixspec-net-'));
  await clearNetworks();
  t.ok(existsSync(folder), 'somebody may be making it');
  utimesSync(folder, 0, Date.now() / 1000 - 120);
  await clearNetworks();
  t.notOk(existsSync(folder));
});
