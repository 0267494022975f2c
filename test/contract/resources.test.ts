import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { loadMatchers } from '../../src/matcher.js';
import type { Query, ShellProbe, Value } from '../../src/model.js';
import type { Param, Property } from '../../src/resource.js';
import { loadResource, resourceNames } from '../../src/resource.js';
import { valueTypes } from '../../src/value.js';

/** Rules for every resource type, found by listing: a new one is held to them without an edit here. */
const matchers = await loadMatchers();

/** One query that wants everything, about the example of the resource type. */
function askAll(name: string, subject: string, properties: object, id = 'q'): Query {
  return { id, resource: name, subject, params: {}, wanted: new Set([...Object.keys(properties), 'exists']) };
}

for (const name of resourceNames()) {
  t.test(name, async (t) => {
    const resource = await loadResource(name);
    const { subject, params, properties } = resource;
    t.equal(resource.name, name, 'is named as its file');
    t.ok(existsSync(`test/resources/${name}.test.ts`), 'has a test');
    t.ok(existsSync(`specs/${name}.yaml`), 'has an example');
    checkWords(t, resource.summary);

    const canonical = subject.normalize?.(subject.example) ?? subject.example;
    if (!subject.none) {
      checkWords(t, subject.summary);
      if (subject.pattern) t.match(subject.example, subject.pattern, 'the example is one');
      if (subject.normalize) t.equal(subject.normalize(canonical), canonical, 'what is canonical stays so');
      if (subject.pattern) t.ok(subject.mistake, 'says what is wrong with a key that does not match');
    }
    for (const [key, param] of Object.entries(params)) checkField(t, key, param);
    for (const [key, property] of Object.entries(properties)) checkProperty(t, key, property);
    for (const key of Object.keys(params)) t.notOk(key in properties, `${key} is either a parameter or a property`);

    const text = readFileSync(`specs/${name}.yaml`, 'utf8');
    for (const key of [...Object.keys(properties), ...Object.keys(params)]) {
      t.match(text, new RegExp(`(^|[\\s{,])"?${key}"?:`, 'm'), `the example shows ${key}`);
    }

    const probes = resource.probes([askAll(name, canonical, properties)]);
    t.ok(probes.length > 0, 'asks');
    t.ok(probes.every(({ answers }) => answers.length > 0));
    for (const probe of probes) if (probe.kind === 'shell') checkShellProbe(t, probe);

    if (
      probes.some(({ kind, ...probe }) => kind === 'shell' && (probe as ShellProbe).slots === 'shared') &&
      !subject.none
    ) {
      const many = Array.from({ length: 1000 }, (_, at) => askAll(name, canonical, properties, `q${at}`));
      const shared = resource.probes(many).filter((probe) => probe.kind === 'shell');
      t.ok(shared.length < 50, `a thousand entries are ${shared.length} probes`);
    }
  });
}

function checkWords(t: Tap.Test, summary: string): void {
  t.ok(summary.length > 3 && summary.length < 200, summary);
  t.notMatch(summary, /\.$/, 'no full stop');
}

function checkField(t: Tap.Test, key: string, field: Param | Property): void {
  t.match(key, /^[a-z0-9]+(-[a-z0-9]+)*$/, key);
  t.ok(field.type in valueTypes, key);
  checkWords(t, field.summary);
  t.ok(field.example !== undefined, `${key} has an example`);
}

function checkProperty(t: Tap.Test, key: string, property: Property): void {
  checkField(t, key, property);
  t.ok(isReadable(property), `the example of ${key} can be read: ${JSON.stringify(property.example)}`);
  for (const [name, field] of Object.entries(property.record ?? {})) checkProperty(t, name, field);
}

/** A literal of the type, or one of the forms that may stand in its place. */
function isReadable({ type, example, words }: Property): boolean {
  const isMatchers = (value: Value) =>
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.keys(value).every((key) => matchers.has(key));
  if (isMatchers(example) || type === 'map' || type === 'json' || (type === 'text' && Array.isArray(example)))
    return true;
  if (words && !words.includes(String(example))) return false;
  try {
    valueTypes[type].read({ value: example });
    return true;
  } catch {
    return false;
  }
}

/** Whatever a target answers that is no answer must not become a fact. */
function checkShellProbe(t: Tap.Test, probe: ShellProbe): void {
  for (const shell of [['dash'], ['bash', '--posix'], ['busybox', 'sh']]) {
    const [command = '', ...words] = shell;
    const checked = spawnSync(command, [...words, '-n'], { input: probe.script.raw, encoding: 'utf8' });
    if (checked.error === undefined) t.equal(checked.stderr, '', `${shell.join(' ')} -n`);
  }
  t.ok(probe.limit > 0 && probe.limit <= 60, `${probe.limit} s`);
  t.ok(probe.maxBytes > 0 && probe.maxBytes <= 64 << 20, `${probe.maxBytes} bytes`);
  if (probe.exits === 'any') return;
  const exit = probe.exits[0] ?? 0;
  const garbage = ['', '\n', '\0', 'garbage', '=\n==\n', '{"a":', 'x'.repeat(10_000), '\u001b[2J', '\xff\xfe'];
  for (const text of garbage) {
    const output = { exit, stdout: Buffer.from(text, 'latin1'), stderr: Buffer.alloc(0), truncated: false };
    let known: unknown[] = [];
    try {
      known = [...probe.parse(output).values()].filter(({ status }) => status === 'known');
    } catch {
      // A reader that throws gives unknown.
    }
    const claimed = known.filter((one) => Object.values((one as { readings: object }).readings).some(claims));
    t.same(claimed, [], `nothing is known from ${JSON.stringify(text.slice(0, 20))}`);
  }
}

function claims(reading: unknown): boolean {
  return !(typeof reading === 'object' && reading !== null && 'noReading' in reading);
}

declare namespace Tap {
  type Test = Pick<typeof t, 'ok' | 'notOk' | 'equal' | 'match' | 'notMatch' | 'same'>;
}
