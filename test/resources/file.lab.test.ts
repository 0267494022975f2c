import t from 'tap';
import type { Value } from '../../src/model.js';
import file from '../../src/resources/file.js';
import { startLab } from '../lab/lab.js';
import { ask, observeOver } from '../run-script.js';

const lab = await startLab();
const skip = 'skip' in lab && lab.skip;
const at = (name: string, wanted: readonly string[], params: Record<string, Value> = {}) =>
  ask(file, `/srv/files/${name}`, wanted, params);

t.test('files of every kind', { skip }, async (t) => {
  if ('skip' in lab) return;
  const queries = [
    at('plain', ['filetype', 'mode', 'owner', 'group', 'size', 'contents']),
    at('setuid', ['mode']),
    at('sticky', ['filetype', 'mode']),
    at('pipe', ['filetype', 'contents']),
    at('broken', ['exists']),
    at('broken', ['linked-to', 'filetype'], { follow: false }),
    at('loop', ['exists']),
    at('link-to-link', ['linked-to', 'real-path']),
    at('two\nlines', ['size']),
    at('it\'s "quoted" $HOME `x`', ['contents']),
    at('umlaut ü', ['real-path']),
    at('large', ['contents', 'size']),
    at('secret', ['contents', 'sha256']),
    at('binary', ['contents', 'size']),
  ];
  for (const shell of ['dash', 'bash --posix']) {
    t.match(
      observeOver(lab.sshConfig, 'production', file, queries, shell),
      [
        { readings: { filetype: 'file', mode: '0640', owner: 'deploy', group: 'wheel', size: 23, contents: String } },
        { readings: { mode: '4755' } },
        { readings: { filetype: 'directory', mode: '1777' } },
        { readings: { filetype: 'pipe', contents: { noReading: 'absent', reason: 'a pipe has no contents' } } },
        { status: 'absent', reason: 'no such file or directory' },
        { readings: { filetype: 'symlink', 'linked-to': 'nowhere' } },
        { status: 'absent', reason: 'its symbolic links go in a circle' },
        { readings: { 'linked-to': 'link', 'real-path': '/srv/files/plain' } },
        { readings: { size: 1 } },
        { readings: { contents: /^.$/s } },
        { readings: { 'real-path': '/srv/files/umlaut ü' } },
        { readings: { size: 3_000_000, contents: { noReading: 'unknown' } } },
        { readings: { contents: /^.{7}$/s, sha256: /^[0-9a-f]{64}$/ } },
        { readings: { size: 9 } },
      ],
      shell,
    );
  }
});

t.test('without the right', { skip }, async (t) => {
  if ('skip' in lab) return;
  const notReadable = 'this user may not read it: connect as root or set `sudo: true`';
  const queries = [
    at('secret', ['mode', 'contents', 'md5']),
    ask(file, '/root/.ssh/authorized_keys', ['exists']),
    ask(file, '/root/nosuch', ['exists']),
    ask(file, '/nosuch', ['exists']),
  ];
  const closed = {
    status: 'unknown',
    reason: 'this user may not look into a folder above it: connect as root or set `sudo: true`',
  };
  t.match(observeOver(lab.sshConfig, 'production-deploy', file, queries), [
    { readings: { mode: '0600', contents: { reason: notReadable }, md5: { reason: notReadable } } },
    closed,
    closed,
    { status: 'absent', reason: 'no such file or directory' },
  ]);
});

t.test('folders, settings, and who really can', { skip }, async (t) => {
  if ('skip' in lab) return;
  const users = ['worker', 'deploy', 'nobody', 'no-such-user'];
  const queries = [
    ask(file, '/srv/files', ['entries']),
    at('plain', ['readable-by', 'modified'], { 'readable-by': users }),
    at('sticky', ['writable-by'], { 'writable-by': ['nobody'] }),
    at('secret', ['executable-by', 'readable-by'], { 'executable-by': ['root'], 'readable-by': ['deploy'] }),
    ask(file, '/etc/os-release', ['settings', 'json', 'entries']),
    ask(file, '/usr/bin/ping', ['capabilities', 'exists']),
    ask(file, '/etc/systemd/system/worker.service', ['ini']),
  ];
  const none = { noReading: 'absent', reason: 'no user is called no-such-user' };
  for (const shell of ['dash', 'bash --posix']) {
    const found = observeOver(lab.sshConfig, 'production', file, queries, shell);
    t.match(
      found.slice(0, 5),
      [
        { readings: { entries: ['binary', 'broken', 'empty'] } },
        { readings: { 'readable-by': { deploy: true, nobody: false, worker: false, 'no-such-user': none } } },
        { readings: { 'writable-by': { nobody: true } } },
        { readings: { 'executable-by': { root: false }, 'readable-by': { deploy: false } } },
        {
          readings: {
            settings: { ID: 'debian' },
            json: { reason: 'it is not JSON' },
            entries: { noReading: 'absent' },
          },
        },
      ],
      shell,
    );
    t.match(found[6], { readings: { ini: { 'Service.Type': 'notify' } } });
  }
  const root = 'only root can look as worker: connect as root or set `sudo: true`';
  t.match(observeOver(lab.sshConfig, 'production-deploy', file, queries.slice(0, 3)), [
    { readings: { entries: /large/ } },
    { readings: { 'readable-by': { deploy: true, worker: { noReading: 'unknown', reason: root } } } },
    { readings: { 'writable-by': { nobody: { noReading: 'unknown' } } } },
  ]);
});
