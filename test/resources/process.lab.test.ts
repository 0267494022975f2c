import t from 'tap';
import process_ from '../../src/resources/process.js';
import { type Lab, machine, startLab } from '../lab/lab.js';
import { ask, observeOver, shellProbes } from '../run-script.js';

const lab = await startLab();
const skip = 'skip' in lab && lab.skip;
const everything = ['running', 'count', 'users', 'arguments'];

t.test('real servers, as root and as another user', { skip }, async (t) => {
  if ('skip' in lab) return;
  const names = ['nginx', 'systemd-journald', 'systemd-journal', 'wireguard-go', 'postgres', 'nosuch'];
  const queries = names.map((name) => ask(process_, name, everything));
  for (const [alias, shell] of [
    ['staging', 'dash'],
    ['production-deploy', 'bash --posix'],
  ] as const) {
    t.match(observeOver(lab.sshConfig, alias, process_, queries, shell), [
      {
        readings: {
          running: true,
          users: ['root', 'www-data'],
          arguments: [/^nginx: master/, 'nginx: worker process'],
        },
      },
      { readings: { count: 1, users: ['root'], arguments: ['/usr/lib/systemd/systemd-journald'] } },
      { readings: { count: 1, users: ['root'] } },
      { readings: { count: 2, users: ['root'], arguments: ['wireguard-go wg0', 'wireguard-go wgpeer'] } },
      { readings: { running: true, users: ['postgres'] } },
      { readings: { exists: false, running: false, count: 0, users: { noReading: 'absent' } } },
    ]);
  }
});

/** Looks as a user with /proc mounted anew, for this command only. */
async function lookHidden(lab: Lab, user: string, name: string) {
  const query = ask(process_, name, everything);
  const [probe] = shellProbes(process_, [query]);
  const script = Buffer.from(`LC_ALL=C; export LC_ALL\n${probe?.script.raw}`).toString('base64');
  const become = `mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid ${user} --regid ${user} --clear-groups`;
  const stdout = await machine(lab, 'staging').sh(
    `f=$(mktemp) && echo ${script} | base64 -d >$f && chmod 644 $f && unshare -m sh -c '${become} sh '$f; rm $f`,
  );
  const output = { exit: 0, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0), truncated: false };
  return probe?.parse(output).get(query.id);
}

t.test('hidepid', { skip }, async (t) => {
  if ('skip' in lab) return;
  t.match(await lookHidden(lab, 'deploy', 'nginx'), { status: 'unknown', reason: /hidepid/ });
  t.match(await lookHidden(lab, 'root', 'nginx'), { readings: { running: true } });
});
