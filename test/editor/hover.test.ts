import { fileURLToPath } from 'node:url';
import t from 'tap';
import { loadMatchers } from '../../src/matcher.js';
import { entryKeys } from '../../src/spec/keys.js';
import { valueTypes } from '../../src/value.js';
import { resources } from '../fixture/check-spec.js';
import { LanguageServer } from './language-server.js';

/** What editors show of a name when one points at it. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const server = await LanguageServer.start(`${root}schema/spec.json`);
t.teardown(() => server.stop());

/** Of Markdown what people read: an editor takes the backslashes away. */
const readable = (text: string): string => text.replace(/\\([\\`*_{}[\]()#+\-.!<>|~])/g, '$1').replace(/\s+/g, ' ');

async function shows(t: Tap, place: string, texts: readonly string[]) {
  const shown = readable(await server.hover(`version: 1\n${place}\n`));
  for (const text of texts) t.ok(shown.includes(readable(text)), `${place.replace(/\s+/g, ' ')}: ${text}\n${shown}`);
}
type Tap = Pick<typeof t, 'ok'>;

t.test('every resource type: what it is, with an example', async (t) => {
  for (const { name, summary } of resources.values())
    await shows(t, `${name.slice(0, 2)}|${name.slice(2)}: {}`, [summary, `${name}: {`]);
});

t.test('every property and parameter: what it is, its type with the unit, an example', async (t) => {
  for (const { name, subject, properties, params } of resources.values()) {
    const entry = subject.none ? '' : `  ${JSON.stringify(subject.example)}:\n`;
    await Promise.all(
      Object.entries({ ...properties, ...params }).map(([key, { summary, type, words }]) =>
        shows(t, `${name}:\n${entry}    ${key.slice(0, 1)}|${key.slice(1)}: ~`, [
          summary,
          words ? `one of ${words.join(', ')}` : valueTypes[type].expects,
          `${key}: `,
        ]),
      ),
    );
  }
});

t.test('what every entry takes', async (t) => {
  for (const [key, { summary }] of Object.entries(entryKeys))
    await shows(t, `unit:\n  nginx:\n    ${key.slice(0, 1)}|${key.slice(1)}: ~`, [summary, `${key}: `]);
});

t.test('every matcher', async (t) => {
  const places: { readonly [type: string]: string } = {
    boolean: 'unit:\n  nginx:\n    active:\n      ',
    number: 'unit:\n  nginx:\n    restarts:\n      ',
    string: 'unit:\n  nginx:\n    status-text:\n      ',
    list: 'unit:\n  nginx:\n    wanted-by:\n      ',
    map: 'http:\n  https://a/:\n    headers:\n      ',
    text: 'http:\n  https://a/:\n    body:\n      ',
  };
  for (const { name, summary, types } of (await loadMatchers()).values()) {
    const type = types.find((one) => one in places) ?? '';
    t.ok(type, `${name}: ${types.join(', ')}`);
    await shows(t, `${places[type]}${name.slice(0, 1)}|${name.slice(1)}: ~`, [summary]);
  }
});
