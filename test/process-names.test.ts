import t from 'tap';
import { mayBeCalled, namesOfProcess } from '../src/process-names.js';

const exe = (path: string) => ({ exe: path });

t.test('names of a process', async (t) => {
  for (const [comm, argv, more, expected] of [
    ['nginx', ['nginx: worker process'], exe('/usr/sbin/nginx'), ['nginx']],
    ['nginx', ['nginx: master process /usr/sbin/other -g daemon on;', '', ''], {}, ['nginx']],
    [
      '.nginx-wrapped',
      ['nginx: master process'],
      exe('/nix/store/x-nginx/bin/.nginx-wrapped'),
      ['.nginx-wrapped', 'nginx'],
    ],
    ['x', ['x'], exe('/bin/..x-wrapped-wrapped_'), ['x', '..x-wrapped-wrapped_']],
    ['x', ['x'], exe('/bin/-wrapped'), ['x', '-wrapped']],
    ['systemd-journal', ['/usr/lib/systemd/systemd-journald'], {}, ['systemd-journal', 'systemd-journald']],
    [
      '.prometheus-nod',
      ['/nix/store/x/bin/prometheus-node-exporter', '-v'],
      exe('/nix/store/x/bin/.prometheus-node-exporter-wrapped'),
      ['.prometheus-nod', '.prometheus-node-exporter-wrapped', 'prometheus-node-exporter'],
    ],
    ['old', ['old'], exe('/usr/bin/old (deleted)'), ['old']],
    ['sshd', ['sshd: /usr/sbin/sshd -D [listener]'], {}, ['sshd']],
    ['apache2', ['/usr/sbin/apache2 -k start'], {}, ['apache2']],
    ['bash', ['-bash'], exe('/usr/bin/bash'), ['bash']],
    // Busybox, coreutils: one program with many names.
    ['sleep', ['sleep', '5'], exe('/nix/store/x/bin/coreutils'), ['sleep', 'coreutils']],
    ['nfsd', [], {}, ['nfsd']],
    ['(sd-pam)', ['(sd-pam)'], exe('/usr/lib/systemd/systemd-executor'), ['(sd-pam)', 'systemd-executor']],
    ['My App', ['/opt/My App/run me', '-x'], {}, ['My App', 'run me']],
    // A path among the arguments is no name.
    ['tail', ['tail', '-f', '/var/log/nginx'], exe('/usr/bin/tail'), ['tail']],
    ['cat', ['cat', 'python3', 'foo'], exe('/usr/bin/cat'), ['cat']],
  ] as const) {
    t.same([...namesOfProcess({ comm, argv, ...more })].sort(), [...expected].sort(), `${comm} ${argv.join(' ')}`);
  }
});

t.test('the name of a script', async (t) => {
  for (const [command, script] of [
    ['python3 /usr/bin/foo --bar', 'foo'],
    ['python3.12 -u -W ignore /srv/foo.py', 'foo.py'],
    ['python3 -m http.server 80', 'http.server'],
    ['python3 -c import_os', undefined],
    ['/nix/store/x/bin/python3.12 /nix/store/y/bin/.foo-wrapped', 'foo'],
    ['/bin/sh /usr/bin/foo', 'foo'],
    ['bash -eu -o pipefail /usr/bin/foo x', 'foo'],
    ['bash -c foo', undefined],
    ['bash -ec foo', undefined],
    ['sh -- /x/foo', 'foo'],
    ['sh', undefined],
    ['bash -', undefined],
    ['perl -wT -I /lib /usr/bin/foo', 'foo'],
    ['perl -we print', undefined],
    ['perl -MCarp::Heavy foo', 'foo'],
    ['node --require x.js --enable-source-maps /srv/server.js', 'server.js'],
    ['node -e 1', undefined],
    ['ruby -r json foo.rb', 'foo.rb'],
    ['php -d a=b -f /srv/foo.php', 'foo.php'],
    ['java -Xmx1g -cp /a:/b org.example.Main x', 'org.example.Main'],
    ['java -Dx=y -jar /opt/foo.jar', 'foo.jar'],
    ['java -jar', undefined],
    ['lua foo', 'foo'],
    ['fish /x/foo', 'foo'],
  ] as const) {
    const argv = command.split(' ');
    const plain = [...namesOfProcess({ comm: 'x', argv: argv.slice(0, 1) })];
    const more = [...namesOfProcess({ comm: 'x', argv })].filter((name) => !plain.includes(name));
    t.equal(
      more.find((name) => !name.startsWith('.')),
      script,
      command,
    );
  }
  // Found by what is run, though it was called by another name.
  t.ok(namesOfProcess({ comm: 'x', argv: ['y', '/bin/foo'], exe: '/bin/dash' }).has('foo'));
});

t.test('started by its first line, a script has a name of its own, which the kernel cuts', async (t) => {
  const argv = ['/usr/bin/ksh93', '/srv/a-very-long-script-name.sh', 'x'];
  const names = namesOfProcess({ comm: 'a-very-long-scr', argv, exe: '/usr/bin/ksh93' });
  t.same([...names].sort(), ['a-very-long-scr', 'a-very-long-script-name.sh', 'ksh93']);
});

t.test('what cannot be told', async (t) => {
  for (const [name, traits, expected] of [
    ['systemd-journald', { comm: 'systemd-journal', argv: ['x'] }, true],
    ['systemd-journal', { comm: 'systemd-journal', argv: ['x'] }, false],
    ['systemd-journald', { comm: 'systemd-journal', argv: ['x'], exe: '/y' }, false],
    ['systemd-journald', { comm: 'systemd-journ', argv: ['x'] }, false],
    ['systemd-journald', { comm: 'systemd-journal', argv: [] }, false],
    // The arguments say what it is.
    ['systemd-journal-upload', { comm: 'systemd-journal', argv: ['/lib/systemd-journald'] }, false],
    ['prometheus-node-exporter', { comm: '.prometheus-nod', argv: ['x: title'] }, true],
    ['prometheus-nodes', { comm: '.prometheus-nod', argv: ['/bin/prometheus-node-exporter', '-v'] }, false],
    ['nginx', { comm: 'systemd-journal', argv: ['x'] }, false],
  ] as const) {
    t.equal(mayBeCalled(name, traits), expected, `${name} ${JSON.stringify(traits)}`);
  }
});
