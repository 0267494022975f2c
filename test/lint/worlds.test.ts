import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { listWorlds } from '../../src/lint/worlds.js';
import { resources } from '../fixture/check-spec.js';

t.test('every resource type that tells something of what is not there is known here', async (t) => {
  const folder = new URL('../../src/resources/', import.meta.url);
  const telling = readdirSync(folder)
    .filter((file) => /^ +exists: (?!true|failed|unknownReading)\w/m.test(readFileSync(new URL(file, folder), 'utf8')))
    .map((file) => file.slice(0, -3));
  const inline = readdirSync(folder)
    .filter((file) =>
      /known\(\{[^}]*exists: (false|loaded)|several\(/.test(readFileSync(new URL(file, folder), 'utf8')),
    )
    .map((file) => file.slice(0, -3));
  // A new one has properties that hold beside `exists: false`: say in worlds.ts which.
  t.strictSame([...new Set([...telling, ...inline])].sort(), [
    'dns',
    'file',
    'kernel-module',
    'package',
    'port',
    'process',
    'unit',
  ]);
});

t.test('the properties of each world are those of the type', async (t) => {
  for (const { name, properties } of resources.values()) {
    const worlds = listWorlds(name, properties.state?.words);
    for (const { values, only = [], none = [] } of worlds) {
      for (const property of [...Object.keys(values), ...only, ...none])
        t.ok(property === 'exists' || property in properties, `${name} ${property}`);
    }
    t.equal(worlds.length === 0, name === 'dns', name);
  }
});
