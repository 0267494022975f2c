import t from 'tap';
import { listBasics, readBasics } from '../../src/discover/basics.js';
import { listingProbes, readListing } from '../../src/discover/listing.js';
import { CouldNotLook, lookFor } from '../../src/discover/look.js';
import type { Observation } from '../../src/model.js';
import { unknown } from '../../src/resource.js';
import { sh } from '../../src/shell/sh.js';
import { runScript, shells } from '../run-script.js';

t.test('a listing gives what it read, or why not', async (t) => {
  const look = lookFor({
    what: 'the weather',
    script: sh`true`,
    exits: [0],
    read: (output) => output.stdout.toString(),
  });
  const output = { exit: 0, stdout: Buffer.from('fine'), stderr: Buffer.alloc(0), truncated: false };
  t.equal(look.answer(look.probe.parse(output) as ReadonlyMap<string, Observation>), 'fine');
  t.same(look.answer(new Map([['the weather', unknown('no window')]])), new CouldNotLook('the weather: no window'));
  t.same(look.answer(new Map()), new CouldNotLook('the weather: not answered'));
});

t.test('what could not be listed is told', async (t) => {
  const all = listingProbes.flatMap(({ answers }) =>
    answers.map(({ id }): [string, Observation] => [id, unknown('dark')]),
  );
  const listing = readListing(new Map(all));
  t.same(listing.unseen, ['users, mounts and tunnels: dark', 'virtual hosts: dark', 'units: dark', 'listeners: dark']);
  t.same([listing.units, listing.names, listing.sockets.sockets, listing.basics], [[], [], [], undefined]);
});

t.test('basics of this machine, in every shell', async (t) => {
  for (const shell of shells) {
    const basics = readBasics(runScript(listBasics().raw, shell));
    t.equal(basics.root, process.getuid?.() === 0);
    t.ok((basics.memory ?? 0) > 1024 ** 2);
    t.ok(basics.ephemeral[0] > 1023 && basics.ephemeral[1] <= 65_535);
    t.ok(basics.users.some(({ name }) => name === 'root'));
    t.ok(basics.mounts.some(({ point }) => point === '/'));
  }
});
