import { readFileSync } from 'node:fs';
import t from 'tap';
import { gossTypes } from '../../src/goss/goss-types.js';
import { resources } from '../fixture/check-spec.js';

const page = readFileSync(new URL('../../docs/from-goss.md', import.meta.url), 'utf8');

t.test('what Goss judges is a property of nixspec', async (t) => {
  for (const [name, type] of Object.entries(gossTypes)) {
    const resource = resources.get(type.to);
    if (!t.ok(resource, `${name} is ${type.to}`) || !resource) continue;
    for (const [attribute, { to }] of Object.entries(type.attributes)) {
      const known = to === '' || to === 'exists' || Object.hasOwn(resource.properties, to);
      t.ok(known, `${name}.${attribute} is ${type.to}.${to}`);
    }
    if (resource.subject.pattern) t.match(type.example, resource.subject.pattern, `the example of ${name}`);
    for (const one of type.required) t.ok(Object.hasOwn(type.attributes, one), `${name} wants ${one}`);
  }
});

t.test('the guide has a row for each type, which names what is called otherwise', async (t) => {
  for (const [name, type] of Object.entries(gossTypes)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` | \`${type.to}\` |`));
    if (!t.ok(row, name)) continue;
    for (const [attribute, { to }] of Object.entries(type.attributes)) {
      if (to === '' || to === attribute || attribute === 'resolveable') continue;
      t.match(row, new RegExp(`\`${attribute}\`(, | and |).*→ \`${to}\``), `${name}.${attribute}`);
    }
  }
});
