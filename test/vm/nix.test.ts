import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { NixspecError } from '../../src/error.js';
import { superviseNix } from '../../src/vm/nix.js';

/** A `nix` of the test's own, first in PATH. */
function pretend(t: Test, script: string): string {
  const folder = t.testdir({ nix: `#!/bin/sh\n${script}`, 'nix-store': `#!/bin/sh\n${script}` });
  for (const name of ['nix', 'nix-store']) chmodSync(`${folder}/${name}`, 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${folder}:${PATH}`;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  return folder;
}

const input = (folder: string, signal = new AbortController().signal, shown: string[] = []) => ({
  target: 'vm',
  folder,
  signal,
  show: (stage: string) => void shown.push(stage),
});

const building = JSON.stringify({
  action: 'start',
  id: 1,
  type: 105,
  fields: ['/nix/store/00000000000000000000000000000000-nginx.drv'],
});

t.test('what it prints and says, and how it is asked', async (t) => {
  const folder = pretend(t, `echo "$0 $*" >&1; pwd; printf '@nix ${building}\\nwrapper' >&2; exit 3`);
  const shown: string[] = [];
  const end = await superviseNix('nix', ['eval', '--json'], input(folder, undefined, shown));
  t.equal(end.exit, 3);
  t.equal(
    end.printed,
    `${folder}/nix --extra-experimental-features nix-command flakes --log-format internal-json eval --json\n${folder}\n`,
  );
  t.strictSame(shown, ['building: nginx']);
  t.equal(end.log.rest, 'wrapper');
  const store = await superviseNix('nix-store', ['--realise', 'x'], input(folder));
  t.match(store.printed, /\/nix-store --log-format internal-json --realise x\n/);
});

t.test('a line without end, and output without end, are bounded', async (t) => {
  const folder = pretend(t, 'head -c 3000000 /dev/zero | tr "\\0" x >&2; head -c 9000000 /dev/zero; exit 0');
  const end = await superviseNix('nix', [], input(folder));
  t.equal(end.exit, 0);
  t.ok(end.log.rest.length <= 1000);
  t.ok(end.printed.length < 5_000_000, `${end.printed.length}`);
});

t.test('an interruption ends it and its children', async (t) => {
  const rows: readonly (readonly [what: string, script: string, most: number])[] = [
    ['by itself', 'sleep 1000 & trap "kill $!; exit 1" INT; echo "$$ $!" >pids; wait', 1500],
    ['or it is killed', 'trap "" INT; sleep 1000 & echo "$$ $!" >pids; while :; do wait; done', 4000],
  ];
  for (const [what, script, most] of rows) {
    await t.test(what, async (t) => {
      const folder = pretend(t, script);
      const stop = new AbortController();
      const running = superviseNix('nix', [], input(folder, stop.signal));
      while (!existsSync(`${folder}/pids`) || !readFileSync(`${folder}/pids`, 'utf8').endsWith('\n')) await sleep(10);
      const begun = performance.now();
      stop.abort();
      await t.rejects(running, { code: 'interrupted', message: 'interrupted' });
      t.ok(performance.now() - begun < most, `${Math.round(performance.now() - begun)} ms`);
      const pids = readFileSync(`${folder}/pids`, 'utf8').trim().split(' ').map(Number);
      await sleep(50);
      for (const pid of pids) t.notOk(isThere(pid), `${pid} is gone`);
    });
  }
});

function isThere(pid: number): boolean {
  const state = existsSync(`/proc/${pid}/stat`) && readFileSync(`/proc/${pid}/stat`, 'utf8');
  return typeof state === 'string' && !/\) [ZX] /.test(state);
}

t.test('no Nix', async (t) => {
  const { PATH } = process.env;
  process.env.PATH = t.testdir();
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  const error = await superviseNix('nix', [], input(t.testdir())).catch((caught: unknown) => caught);
  t.ok(error instanceof NixspecError);
  t.match(error, {
    code: 'nix-missing',
    message: 'vm: building the VM takes `nix`, and there is none here',
    hint: 'run nixspec where Nix is installed, or build the VM elsewhere and name its start script: `vm: { command: … }`',
  });
  const gone = new AbortController();
  gone.abort();
  await t.rejects(superviseNix('nix', [], input('/', gone.signal)), { code: 'interrupted' });
});
