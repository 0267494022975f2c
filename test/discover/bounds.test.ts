import t from 'tap';
import { allowedRemaining, allowedUsage, leastMemory, roundUpDuration } from '../../src/discover/bounds.js';
import { isOrdinary } from '../../src/discover/ordinary-units.js';
import { speechOf } from '../../src/discover/protocols.js';

const day = 86_400;

t.test('durations', async (t) => {
  for (const [seconds, text] of [
    [30, '1m'],
    [120, '2m'],
    [3901, '65m'],
    [93_600, '26h'],
    [3600 * 24 * 7.6, '8d'],
    [day * 33.6, '33d'],
  ] as const) {
    t.equal(roundUpDuration(seconds), text, String(seconds));
  }
});

t.test('usage, memory, certificates', async (t) => {
  t.same([1, 87, 88, 92, 93, 95, 96, 100].map(allowedUsage), [
    '90%',
    '90%',
    '95%',
    '95%',
    '98%',
    '98%',
    undefined,
    undefined,
  ]);
  const gibibyte = 1024 ** 3;
  t.same(
    [0.25, 1, 4, 23, 64].map((size) => leastMemory(size * gibibyte)),
    ['64MiB', '64MiB', '256MiB', '1GiB', '4GiB'],
  );
  t.same(allowedRemaining(90 * day, 60 * day), { property: 'remaining', ge: '14d' });
  t.equal(allowedRemaining(90 * day, 10 * day), undefined);
  t.same(allowedRemaining(6 * day, 3 * day), { property: 'remaining-share', ge: 0.25 });
  t.equal(allowedRemaining(6 * day, day), undefined);
  t.equal(allowedRemaining(90 * day, -day), undefined);
});

t.test('what every machine has is left out, what somebody chose is not', async (t) => {
  const ordinary =
    'systemd-journald.service systemd-tmpfiles-clean.timer dbus.service dbus-broker.service getty@tty1.service ' +
    'serial-getty@ttyS0.service user@1000.service user-runtime-dir@0.service nscd.service nix-daemon.socket polkit.service ' +
    'network-addresses-eth0.service modprobe@fuse.service sshd-unix-local.socket logrotate.timer apt-daily.timer';
  const chosen =
    'nginx.service sshd.service ssh.service sshd@work.service systemd-networkd.service systemd-resolved.service ' +
    'systemd-timesyncd.service postgresql@17-main.service firewall.service acme-example.org.service networkmanager.service ' +
    'restic-backups-home.timer nix-gc.timer dbusish.service gettysburg.service user-mailer.service userdb.service cron.service';
  for (const name of ordinary.split(' ')) t.ok(isOrdinary(name), name);
  for (const name of chosen.split(' ')) t.notOk(isOrdinary(name), name);
});

t.test('what is spoken at a port', async (t) => {
  t.same(speechOf(25, ['smtpd']), { starttls: 'smtp' });
  t.equal(speechOf(2222, ['sshd']), 'other');
  t.equal(speechOf(2222, ['.sshd-wrapped']), 'other');
  t.same(speechOf(5433, ['postgres']), { starttls: 'postgres' });
  t.equal(speechOf(853, ['unbound']), 'tls');
  t.equal(speechOf(2222, ['ssh.service']), 'other');
  t.equal(speechOf(2222, ['sshd-face@pq.service']), 'other');
  t.same(speechOf(5433, ['postgresql@17-main.service']), { starttls: 'postgres' });
  t.equal(speechOf(3000, ['sshportal.service']), 'unknown');
  t.equal(speechOf(3000, ['forgejo']), 'unknown');
});
