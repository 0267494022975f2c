import t from 'tap';
import type { ShellProbe } from '../../src/model.js';
import { readFrames } from '../../src/shell/frames.js';
import { compileProgram } from '../../src/shell/program.js';
import { sh } from '../../src/shell/sh.js';

const marker = '0123456789abcdef'.repeat(2);
const probe: ShellProbe = {
  kind: 'shell',
  answers: [],
  script: sh`true`,
  exits: [0],
  limit: 5,
  maxBytes: 10,
  slots: 'shared',
  parse: () => new Map(),
};
const program = compileProgram([probe, probe], marker);
const m = `\n${marker}`;

async function* chunks(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 1 << 16): Promise<unknown[]> {
  const frames: unknown[] = [];
  try {
    for await (const frame of readFrames(program, chunks(text, size))) {
      frames.push(
        frame.kind === 'answer'
          ? [
              frame.probe,
              frame.output.exit,
              frame.output.stdout.toString('latin1'),
              frame.output.stderr.toString('latin1'),
              frame.output.truncated,
            ]
          : frame,
      );
    }
  } catch (error) {
    frames.push((error as Error).message);
  }
  return frames;
}

const good = `noise${m} start\n${m} 1 0\nout${m} =\nerr${m} .\n${m} 0 T\n${m} =\n${m} .\n${m} finished\n`;
const goodFrames = [
  { kind: 'start' },
  [1, 0, 'out', 'err', false],
  { kind: 'no-answer', probe: 0, reason: 'no answer within 5 s' },
  { kind: 'finished' },
];

t.test('frames, whatever the size of the pieces they arrive in', async (t) => {
  for (const size of [1, 2, 3, 7, 34, 35, 36, 1000]) t.same(await read(good, size), goodFrames, `pieces of ${size}`);
});

t.test('what was complete is kept when the stream ends or breaks', async (t) => {
  const start = [{ kind: 'start' }];
  const rows: readonly (readonly [string, string, unknown[]])[] = [
    ['nothing', '', []],
    ['noise only', 'Welcome', []],
    ['end after start', `${m} start\n`, start],
    ['end in an answer', `${m} start\n${m} 1 0\nou`, [...start, 'the answer was cut off']],
    ['end between outputs', `${m} start\n${m} 1 0\nout${m} =\n`, [...start, 'the answer was cut off']],
    ['wrong separator', `${m} start\n${m} 1 0\nout${m} .\n${m} =\n`, [...start, 'the answer was cut off']],
    ['unknown probe', `${m} start\n${m} 9 0\n${m} =\n${m} .\n`, [...start, 'unexpected line "9 0"']],
    ['garbage line', `${m} start\n${m} rm -rf\n`, [...start, 'unexpected line "rm -rf"']],
    [
      'output between frames',
      `${m} start\nx${m} 1 0\n${m} =\n${m} .\n`,
      [...start, 'an answer was longer than it may be'],
    ],
    [
      'too long an answer',
      `${m} start\n${m} 1 0\n${'x'.repeat(12)}${m} =\n${m} .\n`,
      [...start, 'an answer was longer than it may be'],
    ],
    [
      'endless answer',
      `${m} start\n${m} 1 0\n${'x'.repeat(100_000)}`,
      [...start, 'an answer was longer than it may be'],
    ],
    ['endless noise', 'x'.repeat(100_000), ['an answer was longer than it may be']],
    [
      'a marker of another program',
      `${m} start\n\n${'f'.repeat(32)} 1 0\n`,
      [...start, 'an answer was longer than it may be'],
    ],
    ['stop', `${m} stop the disk is full\n${m} start\n`, [{ kind: 'stop', reason: 'the disk is full' }]],
    ['nothing is read behind the end', `${m} start\n${m} finished\n${m} 1 0\n`, [...start, { kind: 'finished' }]],
  ];
  for (const [name, text, expected] of rows) {
    t.same(await read(text), expected, name);
    t.same(await read(text, 5), expected, `${name}, in small pieces`);
  }
});

t.test('one byte more than may be kept says that there was more', async (t) => {
  const text = `${m} start\n${m} 1 0\n${'x'.repeat(11)}${m} =\n${m} .\n${m} finished\n`;
  t.same((await read(text))[1], [1, 0, 'x'.repeat(10), '', true]);
});
