// `npm run bench`: nixspec beside what else one could use, against the lab's `production`. See README.md here.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadContenders } from './contender.mjs';
import { makeWay, measureRoundTrip } from './delay.mjs';
import { clear, furnish, readSystem, startLab } from './machine.mjs';
import { measure } from './measure.mjs';
import { readOptions } from './options.mjs';
import { writeSshConfig } from './ssh-config.mjs';
import { drawGoals, drawGrowth, drawTable, judgeGoals } from './table.mjs';
import { makeChecks, makeChecksOfFewUnits, sizes, spoil } from './workload.mjs';

const growthCounts = [1000, 2000, 5000, 10000];

async function main(options, signal) {
  installPeers();
  const { lab, production, stop } = startLab();
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-bench-'));
  const failures = [];
  try {
    const contenders = await chooseContenders(options);
    await furnish(production, sizes(1000));
    const system = await readSystem(production);
    const place = { folder, sshConfig: writeSshConfig(folder, lab, production.host), cli: options.cli };
    const bench = { options, signal, lab, production, system, place, contenders, failures };
    console.log(`## Benchmark\n\n${describeHost()}\n`);
    const samples = [];
    for (const delay of options.delays) samples.push(...(await runSeries(bench, delay)));
    const growth = options.linear ? await measureGrowth(bench) : [];
    if (growth.length > 0) console.log(drawGrowth(growth));
    const goals = judgeGoals(samples, growth);
    console.log(drawGoals(goals));
    writeFileSync(
      options.out,
      `${JSON.stringify({ host: describeHost(), samples, growth, goals, failures }, undefined, 1)}\n`,
    );
  } finally {
    await clear(production);
    rmSync(folder, { recursive: true, force: true });
    stop();
  }
  for (const failure of failures) console.error(`FAILED ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

/** Where apt reaches nothing, whoever is missing is left out and named. */
function installPeers() {
  const packages = ['python3', 'python3-testinfra', 'python3-pytest', 'ruby-serverspec', 'time', 'openssh-client'];
  const has = (name) => spawnSync('dpkg-query', ['-W', name], { stdio: 'ignore' }).status === 0;
  const missing = packages.filter((name) => !has(name));
  if (missing.length === 0) return;
  console.error(`bench: installing ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const words of [
    ['update', '-q'],
    ['install', '-q', '-y', '--no-install-recommends', ...missing],
  ]) {
    spawnSync('apt-get', words, { stdio: 'ignore', env });
  }
}

async function chooseContenders({ only }) {
  const wanted = (await loadContenders()).filter(
    ({ name }) => only.length === 0 || only.some((word) => name.includes(word)),
  );
  return wanted.filter((contender) => {
    const reason = contender.lacks();
    if (reason !== undefined) console.error(`bench: without ${contender.name}: ${reason}`);
    return reason === undefined;
  });
}

/** All stages at one delay; the contenders take turns, so that noise of this machine hits all of them. */
async function runSeries(bench, delay) {
  const { options, production, system } = bench;
  const way = await makeWay(production, delay);
  try {
    writeSshConfig(bench.place.folder, bench.lab, way.address);
    const roundTrip = await measureRoundTrip(way.address);
    const machine = { address: way.address, ...system };
    const checksOf = (count) => makeChecks(count, machine);
    if (delay === options.delays[0]) await tryWrongExpectations(bench, checksOf(10));
    const samples = [];
    for (const count of options.counts)
      samples.push(...(await runStage(bench, { delay, count, few: false }, checksOf(count))));
    const most = Math.max(...options.counts);
    const few = makeChecksOfFewUnits(most, 8, machine);
    samples.push(...(await runStage(bench, { delay, count: most, few: true }, few)));
    console.log(
      drawTable(
        samples,
        bench.contenders.map(({ name }) => name),
        delay,
        roundTrip,
      ),
    );
    return samples;
  } finally {
    await way.remove();
  }
}

/** A contender that cannot fail is not worth comparing with: each kind of check is spoiled once. */
async function tryWrongExpectations({ contenders, place, signal, failures }, checks) {
  for (const contender of contenders.filter(({ judges }) => judges)) {
    for (const kind of new Set(checks.map((check) => check.kind))) {
      progress(`${contender.name}: does it find a wrong ${kind}?`);
      const result = await runOnce(contender, contender.prepare(place, spoil(checks, kind)), place, signal);
      const found = result.exit !== null && result.exit !== 0 && /fail/i.test(result.output);
      if (!found) failures.push(`${contender.name}: did not find a wrong ${kind}\n${lastLines(result)}`);
    }
  }
}

async function runStage({ options, contenders, place, signal, failures }, at, checks) {
  const { delay, count, few } = at;
  const stage = { ...at, most: Math.max(...options.counts), runs: options.runs, quick: options.quick };
  const turns = contenders
    .map((contender) => ({ contender, wanted: contender.runs(stage), sample: newSample(contender, at) }))
    .filter(({ wanted }) => wanted > 0);
  for (const turn of turns) turn.command = turn.contender.prepare(place, checks);
  for (let round = 0; round < options.runs; round++) {
    for (const turn of rotate(turns, round).filter(({ wanted }) => round < wanted)) {
      progress(
        `+${delay} ms, N = ${count}${few ? ' of few units' : ''}, round ${round + 1} of ${options.runs}: ${turn.contender.name}`,
      );
      const result = await runOnce(turn.contender, turn.command, place, signal);
      const problem = turn.contender.verify(result, count);
      if (problem === undefined) {
        turn.sample.seconds.push(result.seconds);
        turn.sample.mebibytes.push(result.mebibytes);
      } else {
        failures.push(`${turn.contender.name}, +${delay} ms, N = ${count}: ${problem}\n${lastLines(result)}`);
        turn.wanted = 0;
      }
    }
  }
  return turns.map(({ sample }) => sample).filter(({ seconds }) => seconds.length > 0);
}

async function measureGrowth(bench) {
  const { options, contenders, production, system, place, failures } = bench;
  const nixspec = contenders.find(({ name }) => name === '**nixspec verify**');
  if (!nixspec) return [];
  const most = Math.max(...growthCounts);
  await furnish(production, sizes(most));
  writeSshConfig(place.folder, bench.lab, production.host);
  const machine = { address: production.host, ...system };
  const all = growthCounts.map((count) => ({
    sample: newSample(nixspec, { delay: 0, count, few: true }),
    checks: makeChecksOfFewUnits(count, 10, machine),
  }));
  for (let round = 0; round < Math.min(5, options.runs); round++) {
    for (const { sample, checks } of all) {
      progress(`growth, N = ${sample.count}, round ${round + 1}`);
      const result = await runOnce(nixspec, nixspec.prepare(place, checks), place, bench.signal);
      const problem = nixspec.verify(result, sample.count);
      if (problem === undefined) {
        sample.seconds.push(result.seconds);
        sample.mebibytes.push(result.mebibytes);
      } else failures.push(`growth, N = ${sample.count}: ${problem}\n${lastLines(result)}`);
    }
  }
  progress('');
  return all.map(({ sample }) => sample).filter(({ seconds }) => seconds.length > 0);
}

async function runOnce(contender, command, place, signal) {
  try {
    return await measure(command, { folder: place.folder, signal });
  } finally {
    contender.after?.(place);
  }
}

function newSample({ name }, { delay, count, few }) {
  return { name, delay, count, few, seconds: [], mebibytes: [] };
}

function rotate(list, by) {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function lastLines({ output }) {
  return output
    .trim()
    .split('\n')
    .slice(-12)
    .map((line) => `    ${line.slice(0, 200)}`)
    .join('\n');
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function describeHost() {
  const ssh = spawnSync('ssh', ['-V'], { encoding: 'utf8' }).stderr.trim().split(',')[0];
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, load ${loadavg()[0].toFixed(1)}, Node ${process.version}, ${ssh}.`;
}

const options = readOptions(process.argv.slice(2));
if (options.text !== undefined) {
  process.stdout.write(options.text);
  process.exit(options.exit);
}
const ending = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => ending.abort(new Error('interrupted')));
try {
  process.exitCode = await main(options, ending.signal);
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = ending.signal.aborted ? 130 : 1;
}
