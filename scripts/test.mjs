// The README's test command: build, format and lint, types, then all tests. Prints failures in full, each reason for
// which something was skipped, and at the end the plain line `N passed, N failed, N skipped`.
import { spawn, spawnSync } from 'node:child_process';
import { Parser } from 'tap-parser';

const root = new URL('../', import.meta.url);

for (const script of ['build', 'check']) {
  const { status } = spawnSync('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.log(`npm run ${script} failed\n0 passed, 1 failed, 0 skipped`);
    process.exit(1);
  }
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const reasons = new Map();
const failures = [];
const tap = spawn('npx', ['tap', '--reporter=tap', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const parser = new Parser();
watch(parser, []);
tap.stdout.pipe(parser);
const exitCode = await new Promise((resolve) => tap.on('close', resolve));

for (const { path, diag } of failures) console.log(`FAILED ${path}\n${indent(diag)}`);
for (const [reason, tests] of reasons)
  console.log(`skipped: ${reason}\n${tests.map((test) => `  ${test}\n`).join('')}`);
if (exitCode !== 0 && counts.failed === 0) {
  console.log(`tap ended with exit status ${exitCode} though no test failed`);
  counts.failed = 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed > 0 ? 1 : 0);

/** Counts what has no children of its own: single assertions, and tests that were skipped whole. */
function watch(level, path) {
  let hadChild = false;
  level.on('child', (child) => {
    hadChild = true;
    watch(child, [...path, child.name]);
  });
  level.on('assert', (result) => {
    const isParent = hadChild;
    hadChild = false;
    if (path.length === 0) progress(result);
    const name = [...path, result.name].join(' > ');
    if (result.skip || result.todo) skip(result.skip || result.todo, name);
    else if (!isParent) count(result, name);
  });
}

function count(result, name) {
  counts[result.ok ? 'passed' : 'failed'] += 1;
  if (!result.ok) failures.push({ path: name, diag: result.diag });
}

function skip(reason, name) {
  counts.skipped += 1;
  const key = reason === true ? 'no reason given' : reason;
  reasons.set(key, [...(reasons.get(key) ?? []), name]);
}

function progress(result) {
  console.log(
    `${result.ok ? 'ok    ' : 'FAILED'} ${result.name}${result.time ? ` (${Math.round(result.time)} ms)` : ''}`,
  );
}

function indent(diag) {
  return JSON.stringify(diag ?? {}, undefined, 2)
    .replaceAll('\\n', '\n')
    .replace(/^/gm, '  ');
}
