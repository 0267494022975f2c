import type { Readable } from 'node:stream';
import type { Test } from 'tap';
import type { RunningProgram, Transport } from '../../src/transport.js';

const never = new AbortController().signal;

export async function readAll(output: AsyncIterable<Buffer> | Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of output) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

export async function runAll(running: RunningProgram) {
  const output = await readAll(running.output);
  return { output, ...(await running.ended) };
}

/** Looks again and again, for so many milliseconds. */
export async function waitFor(condition: () => boolean | Promise<boolean>, limit: number): Promise<boolean> {
  const end = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** What running a program means, the same for every transport. */
export async function testPrograms(t: Test, transport: Transport): Promise<void> {
  const run = (program: string) => runAll(transport.run(program, never));
  t.match(await run('echo out; echo err >&2; exit 3\n'), { output: 'out\n', stderr: 'err\n', exit: 3 });
  t.match(await run('printf "%s" "ü it\'s \\$x"\n'), { output: Buffer.from("ü it's $x").toString('latin1'), exit: 0 });
  t.match(await run('kill -KILL $$\n'), { exit: 137 }, 'killed by a signal');
  t.match(
    await run(`: ${'x'.repeat(300_000)}\necho done\n`),
    { output: 'done\n', exit: 0 },
    'longer than an argument may be',
  );
  t.match(await run('printf "\\0\\377\\n"\n'), { output: '\0\xff\n' }, 'any bytes');
  const { output } = await run('head -c 5000000 /dev/zero\n');
  t.equal(output.length, 5_000_000, 'more than a window');
  const { stderr } = await run('echo start >&2; head -c 100000 /dev/zero >&2; echo end >&2\n');
  t.equal(stderr.length, 8192);
  t.match(stderr, /^start\n/, 'the start is kept');

  const many = await Promise.all([1, 2, 3, 4].map((number) => run(`sleep 0.1; echo ${number}\n`)));
  t.same(
    many.map(({ output }) => output),
    ['1\n', '2\n', '3\n', '4\n'],
    'several at once',
  );

  const waiting = transport.run('read -r line; echo "got $line"\n', AbortSignal.timeout(500));
  t.match(await runAll(waiting), { output: '', error: { code: 'interrupted' } }, 'standard input stays open');
  t.match(await runAll(transport.run('echo x\n', AbortSignal.abort())), { error: { code: 'interrupted' } });

  const unread = transport.run('head -c 10000000 /dev/zero; sleep 60\n', AbortSignal.timeout(500));
  t.match(await unread.ended, { error: { code: 'interrupted' } }, 'it can be ended though nobody reads its output');
}
