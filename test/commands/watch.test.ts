import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { start } from '../fixture/nixspec.js';

/** `verify --watch` on this machine: it goes on, tells what changes and nothing else, and ends by Ctrl-C. */
t.test('what changes is told, each time once', async (t) => {
  const folder = t.testdir({ here: 'there' });
  const file = `${folder}/here`;
  writeFileSync(
    `${folder}/nixspec.yaml`,
    `version: 1\ntargets: { here: { local: true } }\nfile: { "${file}": { exists: true } }\n`,
  );
  const words = ['verify', 'here', '--watch=0.2s', '--no-inventory'];
  const watching = start(words, { cwd: folder });
  t.teardown(() => watching.kill('SIGKILL'));
  let said = '';
  watching.onError((text) => {
    said += text;
  });
  const count = () => [...said.matchAll(/here: changed/g)].length;
  const until = async (holds: () => boolean) => {
    for (let look = 0; look < 1200 && !holds(); look += 1) await sleep(50);
  };
  await until(() => /watching: every 0\.2 s, until Ctrl-C/.test(said));
  await sleep(1000);
  t.equal(count(), 0, 'nothing has changed, and nothing is told');
  rmSync(file);
  await until(() => count() === 1);
  await sleep(1000);
  t.equal(count(), 1, 'told once, however long it lasts');
  writeFileSync(file, 'again');
  await until(() => count() === 2);
  rmSync(file);
  await until(() => count() === 3);
  watching.kill('SIGINT');
  const { status, out, err } = await watching.ended;
  t.equal(status, 1, 'the exit code is that of the last look');
  t.match(out, /1 passed[\s\S]*broke +file [\s\S]*fixed +file [\s\S]*broke +file /);
  t.notMatch(err, /defect/);
});

for (const [given, says] of [
  ['--watch=never', /--watch takes a duration, not "never"/],
  ['--watch=0s', /--watch takes a duration/],
] as const)
  t.test(given, async (t) => {
    const folder = t.testdir({
      'nixspec.yaml': 'version: 1\ntargets: { here: { local: true } }\nfile: { /: { exists: true } }\n',
    });
    t.match(await start(['verify', 'here', given], { cwd: folder }).ended, { status: 64, err: says });
  });
