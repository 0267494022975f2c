import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Script, ShellProbe } from '../../src/model.js';
import { type Frame, readFrames } from '../../src/shell/frames.js';
import { compileProgram, type Program } from '../../src/shell/program.js';
import { sh } from '../../src/shell/sh.js';

/** Real shells: the program must mean the same to each of them. */
const shells: readonly (readonly [string, readonly string[]])[] = [
  ['/bin/sh', []],
  ['/bin/bash', ['--posix']],
  ['/bin/busybox', ['sh']],
];

function probe(script: Script, more: Partial<ShellProbe> = {}): ShellProbe {
  const parse = () => new Map();
  return { kind: 'shell', answers: [], script, exits: [0], limit: 5, maxBytes: 1000, slots: 'shared', parse, ...more };
}

function start(program: Program, [shell, words]: (typeof shells)[number] = ['/bin/sh', []], before = ''): ChildProcess {
  const size = Buffer.byteLength(program.text);
  const child = spawn(shell, [...words, '-c', `${before}eval "$(head -c ${size})"`], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin?.write(program.text);
  return child;
}

async function run(program: Program, shell?: (typeof shells)[number], before?: string): Promise<Frame[]> {
  const child = start(program, shell, before);
  const frames: Frame[] = [];
  if (child.stdout) for await (const frame of readFrames(program, child.stdout)) frames.push(frame);
  child.stdin?.end();
  return frames;
}

function answers(frames: readonly Frame[]): unknown[] {
  return frames
    .flatMap((frame) => (frame.kind === 'answer' ? [frame] : []))
    .sort((a, b) => a.probe - b.probe)
    .map(({ output }) => [
      output.exit,
      output.stdout.toString('latin1'),
      output.stderr.toString('latin1'),
      output.truncated,
    ]);
}

/** Processes and folders that carry the program's mark. */
function leftovers(program: Program): string[] {
  const mark = program.marker.slice(0, 16);
  const folders = ['/run', '/dev/shm', '/tmp']
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => name.includes(mark));
  const processes = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });
  return [...folders, ...processes];
}

for (const shell of shells) {
  if (!existsSync(shell[0])) {
    t.test(`${shell[0]}`, { skip: `${shell[0]} is not on this machine` }, async () => {});
    continue;
  }
  t.test(`under ${shell[0]}`, async (t) => {
    const program = compileProgram([
      probe(sh`printf 'a\0b\377\n\n'; echo err >&2; exit 3`),
      probe(sh`yes`, { slots: 'own' }),
      probe(sh`echo ${"it's $HOME `id` \\"}`, { slots: 'own' }),
      probe(sh`cat; ls /proc/self/fd | tr '\n' ' '`, { slots: 'own' }),
      probe(sh`exec sh -c 'kill -9 $$'`, { slots: 'own' }),
      probe(sh`exit 0`),
      probe(sh`no-such-command`, { slots: 'own' }),
    ]);
    const frames = await run(program, shell, 'echo "Welcome to this server"; ');
    t.equal(frames[0]?.kind, 'start');
    t.equal(frames.at(-1)?.kind, 'finished');
    const [binary, endless, quoted, isolated, killed, quick, missing] = [0, 1, 2, 3, 4, 5, 6].map((at) =>
      answers(frames.filter((frame) => 'probe' in frame && frame.probe === at)).at(0),
    ) as [unknown[], unknown[], unknown[], unknown[], unknown[], unknown[], unknown[]];
    t.same(binary, [3, 'a\0b\xff\n\n', 'err\n', false], 'binary output, final newlines and both streams are kept');
    t.match(endless, [/^/, 'y\n'.repeat(500), '', true], 'an endless output is cut');
    t.same(quoted, [0, "it's $HOME `id` \\\n", '', false]);
    t.match(isolated, [0, /^0 1 2 /, '', false], 'standard input is empty');
    t.notMatch(isolated[1], / [6-9] /, 'no descriptor of the program is inherited');
    t.same(killed, [137, '', '', false], 'what a waiting shell says of a signal is not the output of the command');
    t.same(quick, [0, '', '', false]);
    t.match(missing, [127, '', /not found/, false]);
    // The last frame is printed just before the end.
    for (let tries = 0; tries < 100 && leftovers(program).length > 0; tries += 1) await sleep(20);
    t.same(leftovers(program), [], 'nothing is left behind');
  });

  t.test(`time limits under ${shell[0]}`, async (t) => {
    const program = compileProgram([
      probe(sh`sleep 60`, { limit: 1 }),
      probe(sh`(trap '' TERM; while :; do :; done) & wait`, { limit: 1, slots: 'own' }),
      probe(sh`sleep 60 & echo started`, { limit: 1, slots: 'own' }),
      probe(sh`echo quick`, { slots: 'own' }),
    ]);
    const begin = Date.now();
    const frames = await run(program, shell);
    const reasons = frames.flatMap((frame) => (frame.kind === 'no-answer' ? [[frame.probe, frame.reason]] : []));
    t.same(
      reasons.sort(),
      [0, 1, 2].map((at) => [at, 'no answer within 1 s']),
      'also where the script ended but left a child with its output: what head had is lost, so it is no answer',
    );
    t.same(answers(frames), [[0, 'quick\n', '', false]]);
    t.ok(Date.now() - begin < 20_000);
    for (let tries = 0; tries < 100 && leftovers(program).length > 0; tries += 1) await sleep(20);
    t.same(leftovers(program), []);
  });

  t.test(`the end of standard input ends everything under ${shell[0]}`, async (t) => {
    const program = compileProgram([
      probe(sh`sleep 300`, { limit: 300 }),
      probe(sh`setsid sleep 300 >/dev/null 2>&1 & sleep 300`, { limit: 300, slots: 'own' }),
    ]);
    const child = start(program, shell);
    for (let tries = 0; tries < 100 && leftovers(program).length < 6; tries += 1) await sleep(50);
    t.ok(leftovers(program).length >= 6, 'it runs');
    child.stdin?.end();
    child.stdout?.destroy();
    for (let tries = 0; tries < 100 && leftovers(program).length > 0; tries += 1) await sleep(50);
    t.same(leftovers(program), [], 'no process, also not one with a session of its own, and no file');
  });
}

t.test('output that nobody wants is not kept, but for the end of standard error; the exit status is', async (t) => {
  const script = sh`echo out; echo err >&2; exit 4`;
  const program = compileProgram([
    probe(script, { drops: 'stdout', slots: 'own' }),
    probe(script, { drops: 'stderr', slots: 'own' }),
    probe(script, { drops: 'both', slots: 'own' }),
    probe(sh`yes | head -c 1000000; exit 5`, { drops: 'both', slots: 'own' }),
    probe(sh`head -c 3000000 /dev/zero >&2; echo late >&2; exit 6`, { drops: 'both', slots: 'own', maxBytes: 10_000 }),
    probe(sh`sleep 30 & exit 8`, { drops: 'both', slots: 'own', limit: 1 }),
    probe(sh`echo out; head -c 5000 /dev/zero >&2; exit 7`, { maxBytes: 4 }),
  ]);
  t.same(answers(await run(program)), [
    [4, '', 'err\n', false],
    [4, 'out\n', 'err\n', false],
    [4, '', 'err\n', false],
    [5, '', '', false],
    [6, '', `${'\0'.repeat(4091)}late\n`, false],
    [8, '', '', false],
    [7, 'out\n', '\0\0\0\0', true],
  ]);
});

t.test('many commands run side by side, each once', async (t) => {
  const program = compileProgram(Array.from({ length: 200 }, (_, at) => probe(sh`echo ${at}`, { slots: 'own' })));
  t.same(
    answers(await run(program)),
    Array.from({ length: 200 }, (_, at) => [0, `${at}\n`, '', false]),
  );
});

t.test('without a folder to write to it says so', async (t) => {
  const program = compileProgram([probe(sh`true`)]);
  const text = program.text.replace(
    'for t in /run /dev/shm "$XDG_RUNTIME_DIR" "$TMPDIR" /tmp /var/tmp',
    'for t in /proc',
  );
  t.same(await run({ ...program, text }), [{ kind: 'stop', reason: 'no folder for temporary files can be written' }]);
});

t.test('without coreutils it says which is missing', async (t) => {
  const program = compileProgram([probe(sh`true`)]);
  const text = program.text.replace('for t in timeout', 'for t in no-such-tool');
  t.same(await run({ ...program, text }), [{ kind: 'stop', reason: 'no-such-tool is missing (coreutils)' }]);
});

t.test('a full disk gives no answer rather than a wrong one', async (t) => {
  const program = compileProgram([probe(sh`echo kept`), probe(sh`head -c 900 /dev/zero`)]);
  const text = program.text.replaceAll('>"$1.o"', '>/dev/full');
  const frames = await run({ ...program, text });
  t.match(
    frames.filter((frame) => frame.kind === 'no-answer').map((frame) => frame.kind === 'no-answer' && frame.reason),
    [/disk full/, /disk full/],
  );
});

t.test('the limit of a program covers its longest way', async (t) => {
  t.equal(compileProgram([probe(sh`true`, { limit: 7 })]).limit, 37);
  const many = Array.from({ length: 16 }, () => probe(sh`true`, { limit: 10, slots: 'own' }));
  t.equal(compileProgram(many).limit, 10 + 20 + 30);
});
