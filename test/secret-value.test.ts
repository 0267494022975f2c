import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { readSecretValue } from '../src/secret-value.js';
import type { SecretOrigin } from '../src/spec/secrets.js';

const quiet = new AbortController().signal;

function read(origin: SecretOrigin, signal = quiet): Promise<string> {
  return readSecretValue(origin, { env: { PATH: process.env.PATH, A: ' a ', NONE: '' }, signal });
}

function command(folder: string, words: string | readonly string[], timeout = 20): SecretOrigin {
  return { command: words, timeout, folder };
}

t.test('one newline at the end is left out, and nothing else', async (t) => {
  const folder = t.testdir();
  for (const [text, value] of [
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret\n'],
    [' secret \n', ' secret '],
    ['\nsecret', '\nsecret'],
    ['pässword 🔑\n', 'pässword 🔑'],
  ] as const) {
    const file = join(folder, 'secret');
    writeFileSync(file, text);
    t.equal(await read({ file }), value, JSON.stringify(text));
    t.equal(await read(command(folder, 'cat secret')), value, JSON.stringify(text));
    t.equal(await read(command(folder, ['cat', 'secret'])), value, JSON.stringify(text));
  }
  t.equal(await read({ env: 'A' }), ' a ', 'a variable is taken as it is');
});

t.test('the largest, and a pipe', async (t) => {
  const folder = t.testdir({
    full: 'x'.repeat(65_536),
    more: 'x'.repeat(65_537),
    empty: '',
    latin1: Buffer.from([0xe4]),
  });
  t.equal((await read({ file: join(folder, 'full') })).length, 65_536);
  await t.rejects(read({ file: join(folder, 'more') }), { message: 'the file is longer than 64 KiB' });
  await t.rejects(read({ file: join(folder, 'empty') }), { message: 'the file is empty' });
  await t.rejects(read({ file: join(folder, 'latin1') }), { message: 'the file is not UTF-8 text' });
  t.equal(spawnSync('mkfifo', [join(folder, 'pipe')]).status, 0);
  await t.rejects(read({ file: join(folder, 'pipe') }), { message: 'the file is empty' }, 'does not wait for a writer');
});

t.test('why a command failed, without what it printed', async (t) => {
  const folder = t.testdir();
  const rows: readonly (readonly [string | readonly string[], string])[] = [
    ['echo sec-ret; echo "bad sec-ret" >&2; echo b >&2; echo c >&2; echo d >&2; exit 7', 'exit status 7: b; c; d'],
    ['echo sec-ret; echo "bad sec-ret" >&2; exit 7', 'exit status 7: bad ***'],
    ['echo sec-ret; printf "bad sec-ret" | base64 >&2; exit 1', 'exit status 1: YmFkI***'],
    ['exit 1', 'exit status 1'],
    ['kill -TERM $$', 'the command was ended by SIGTERM'],
    ['true', 'what the command prints is empty'],
    ['printf "a\\0b"', 'what the command prints holds a NUL byte'],
    [['/'], `the command cannot be started in ${folder}: /: permission denied`],
  ];
  for (const [words, message] of rows) await t.rejects(read(command(folder, words)), { message }, String(words));
  const gone = join(folder, 'gone');
  await t.rejects(read(command(gone, 'true')), {
    message: `the command cannot be started in ${gone}: /bin/sh: not found`,
  });
});

t.test('standard input is empty, a flood is not kept', async (t) => {
  t.equal(await read(command(t.testdirName, 'cat; echo end')).catch(() => 'no folder'), 'no folder');
  const folder = t.testdir();
  t.equal(await read(command(folder, 'cat; echo end')), 'end');
  await t.rejects(read(command(folder, 'head -c 50000000 /dev/zero')), {
    message: 'what the command prints is longer than 64 KiB',
  });
});

t.test('what takes too long, or is interrupted, is killed with all that it started', async (t) => {
  const folder = t.testdir();
  const script = 'sleep 300 & echo $! >inner; (sleep 300; true) & echo $$ >outer; wait';
  const isGone = async (name: string) => {
    const pid = readFileSync(join(folder, name), 'utf8').trim();
    for (let tries = 0; tries < 40 && existsSync(`/proc/${pid}`); tries += 1) await sleep(50);
    return !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  };
  const started = performance.now();
  await t.rejects(read(command(folder, script, 0.5)), { message: 'the command took longer than 0.5 s' });
  t.ok(performance.now() - started < 5000);
  t.ok(await isGone('inner'));
  t.ok(await isGone('outer'));
  const stop = new AbortController();
  const reading = read(command(folder, script), stop.signal);
  setTimeout(() => stop.abort(), 500);
  await t.rejects(reading, { message: 'interrupted' });
  t.ok(await isGone('inner'));
  t.ok(await isGone('outer'));
});
