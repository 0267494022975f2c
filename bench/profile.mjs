// `node bench/profile.mjs [--count N] [--delay MS] [--cli FILE] [-- WORDS]`: where the time of one `nixspec verify` goes,
// seen from outside: when each part of the code ran (CPU profile), and when sockets and child processes came and went.
// WORDS are put behind `verify production`.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeWay, measureRoundTrip } from './delay.mjs';
import { clear, furnish, readSystem, startLab } from './machine.mjs';
import { writeSshConfig } from './ssh-config.mjs';
import { makeChecks, sizes } from './workload.mjs';
import { writeSpec } from './yaml.mjs';

/** What the parts of the code are called; the first that fits. */
const parts = [
  ['waiting', /^\(idle\)$/],
  ['collecting garbage', /^\(garbage collector\)$/],
  [
    'starting Node, loading modules',
    /^node:internal\/(modules|bootstrap|process\/esm|vm|url|source_map)|^\(program\)$/,
  ],
  ['library yaml', /node_modules\/yaml\//],
  ['shape of the spec (ajv)', /node_modules\/ajv|spec\/(validator|shape|schema)/],
  ['reading the spec', /\/spec\//],
  [
    'planning, resources',
    /\/(plan|resources?\/|resource|systemctl|unit-\w+|shell\/(sh|fields|sections|stat|contents|program))/,
  ],
  ['library ssh2', /node_modules\/(ssh2|asn1|bcrypt)/],
  ['connecting', /\/(transports?|ssh)\b/],
  ['library undici', /node_modules\/undici|internal\/deps\/undici/],
  ['frames, collecting', /\/(collect|running-program|shell\/frames|shell\/chunks)/],
  ['judging', /\/(evaluate|matchers?)\b/],
  ['run, history', /\/(run|history|diff|verification|verdict)\./],
  ['report', /\/(reports?|output|terminal|progress)\b/],
  ['command line', /commander|\/(cli|command|commands)\b/],
  ['Node: streams and sockets', /^node:(net|events|internal\/(streams|stream_base_commons|js_stream_socket))/],
  ['Node: crypto', /^node:internal\/crypto/],
  ['Node: other', /^node:/],
];

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      count: { type: 'string', default: '1000' },
      delay: { type: 'string', default: '0' },
      cli: { type: 'string', default: fileURLToPath(new URL('../dist/cli.js', import.meta.url)) },
      keep: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const { lab, production, stop } = startLab();
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-profile-'));
  let way;
  try {
    await furnish(production, sizes(1000));
    way = await makeWay(production, Number(values.delay));
    const sshConfig = writeSshConfig(folder, lab, way.address);
    const machine = { address: way.address, ...(await readSystem(production)) };
    const spec = join(folder, 'spec.yaml');
    writeFileSync(spec, writeSpec(makeChecks(Number(values.count), machine)));
    console.log(`A TCP connection takes ${((await measureRoundTrip(way.address)) * 1000).toFixed(1)} ms.`);
    const words = [values.cli, 'verify', 'production', '--spec', spec, '--ssh-config', sshConfig, ...positionals];
    for (let i = 0; i < 2; i++) runQuietly(words, folder);
    profile(words, folder);
  } finally {
    await way?.remove();
    if (!values.keep) await clear(production);
    rmSync(folder, { recursive: true, force: true });
    stop();
  }
}

/** Warm caches, and the time without a profile. */
function runQuietly(words, folder) {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, words, { cwd: folder });
  console.log(`Without a profile: ${(performance.now() - start).toFixed(0)} ms, exit status ${status}.`);
}

function profile(words, folder) {
  const watcher = fileURLToPath(new URL('watch-process.mjs', import.meta.url));
  const notes = join(folder, 'notes.json');
  const options = [
    '--cpu-prof',
    '--cpu-prof-interval=200',
    `--cpu-prof-dir=${join(folder, 'profile')}`,
    '--import',
    watcher,
  ];
  spawnSync(process.execPath, [...options, ...words], { cwd: folder, env: { ...process.env, NIXSPEC_WATCH: notes } });
  const [file] = readdirSync(join(folder, 'profile'));
  const { parts: rows, files } = readProfile(JSON.parse(readFileSync(join(folder, 'profile', file), 'utf8')));
  console.log('\nEvents (ms since the process began)');
  for (const { at, what } of JSON.parse(readFileSync(notes, 'utf8')))
    console.log(`${at.toFixed(0).padStart(7)}  ${what}`);
  console.log('\n     ms   first    last  part of the code (its own time; when it ran)');
  for (const [name, { spent, first, last }] of rows) console.log(`${pad(spent)} ${pad(first)} ${pad(last)}  ${name}`);
  console.log('\n     ms  file (the busiest)');
  for (const [name, spent] of files.slice(0, 25)) console.log(`${pad(spent)}  ${name}`);
}

function pad(microseconds) {
  return (microseconds / 1000).toFixed(1).padStart(7);
}

function readProfile({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const groups = new Map();
  const files = new Map();
  let now = 0;
  samples.forEach((id, i) => {
    const spent = timeDeltas[i];
    now += spent;
    const { url, functionName } = frames.get(id);
    const place = url === '' ? functionName : url;
    const name = parts.find(([, pattern]) => pattern.test(place))?.[0] ?? 'the rest';
    const group = groups.get(name) ?? { spent: 0, first: now - spent, last: 0 };
    groups.set(name, { ...group, spent: group.spent + spent, last: now });
    const short = place.replace(/^file:\/\/.*\/(node_modules|dist)\//, '');
    files.set(short, (files.get(short) ?? 0) + spent);
  });
  const byTime = [...files].sort((a, b) => b[1] - a[1]);
  return { parts: [...groups].sort((a, b) => b[1].spent - a[1].spent), files: byTime };
}

await main();
