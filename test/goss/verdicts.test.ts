import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cases } from './cases.js';
import { agree, askGoss, gossfileOf, importFile, makeWorld, verdictOf, verifyAll } from './world.js';

/**
 * The same gossfiles to Goss and, imported, to nixspec, on this machine. What Goss said is on record; where `GOSS` names
 * the program itself, it is asked again.
 */
const goss = process.env.GOSS;

t.test('imported, a gossfile gives the verdicts of Goss, or the import said that it does not', async (t) => {
  const world = await makeWorld(t.testdir());
  t.teardown(() => world.close());
  const made = [];
  for (const [at, one] of cases.entries()) {
    const file = join(world.folder, `case-${at}.yaml`);
    writeFileSync(file, world.fill(gossfileOf(one)));
    made.push({ one, file, ...(await importFile(file)) });
  }
  const specs = made.filter(({ entries }) => entries > 0).map(({ spec }) => spec);
  const outcomes = await verifyAll(world.folder, specs);
  for (const { one, spec, remarks, problems } of made) {
    const [type, id, body, recorded, other] = one;
    const name = `${type} ${id} ${body}`;
    t.strictSame(problems, [], name);
    const found = verdictOf(outcomes.get(spec) ?? [], type, recorded);
    if (other === undefined) {
      t.ok(agree(recorded, found), `${name}: ${recorded} in Goss, ${found} here`);
    } else {
      t.equal(found, other, name);
      t.ok(remarks.length > 0, `${name}: it is said`);
    }
  }
});

t.test(
  'what is on record is what Goss says',
  { skip: goss === undefined && 'GOSS does not name the program' },
  async (t) => {
    const world = await makeWorld(t.testdir());
    t.teardown(() => world.close());
    for (const [at, one] of cases.entries()) {
      const file = join(world.folder, `case-${at}.yaml`);
      writeFileSync(file, world.fill(gossfileOf(one)));
      t.equal(await askGoss(goss ?? '', file), one[3], one.slice(0, 3).join(' '));
    }
  },
);
