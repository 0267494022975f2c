// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Nix writes its own like that
import t from 'tap';
import { networkModule, readMachineFacts } from '../../src/vm/network-facts.js';

t.test('the module tells a machine who is there', async (t) => {
  const facts = {
    web: { names: ['www'], addresses: ['10.20.0.2'], elsewhere: [] },
    db: { names: ['${x}', 'db'], addresses: [], elsewhere: ['203.0.113.7'] },
  };
  t.equal(
    networkModule({ machine: 'web', facts }),
    '{ nixspec.vm.private = { machine = "web"; machines = { ' +
      '"web" = { names = [ "www" ]; addresses = [ "10.20.0.2" ]; elsewhere = [ ]; }; ' +
      '"db" = { names = [ "\\${x}" "db" ]; addresses = [ ]; elsewhere = [ "203.0.113.7" ]; }; }; }; }',
  );
});

t.test('what a configuration says of itself', async (t) => {
  const facts = { names: ['db'], addresses: ['10.20.0.1'], elsewhere: [] };
  t.same(readMachineFacts(facts), facts);
  for (const wrong of [null, 'db', {}, { ...facts, names: 'db' }, { ...facts, elsewhere: [1] }])
    t.throws(() => readMachineFacts(wrong), TypeError, JSON.stringify(wrong));
});
