import type { NixosMachine, NixosSystem } from '../lab/nixos-lab.js';

/** A moment of a switch: a line that nixspec says; or what becomes true on the machine, in shell. */
export type Moment = Said | { readonly on: string };
export type Said = 'armed' | 'activating' | 'activated' | 'verified' | 'kept';

/** One way in which a switch goes, and what must be so after it. */
export interface Row {
  readonly name: string;
  /** A file system that the kernel must know. */
  readonly filesystem?: 'btrfs';
  /** Of the new system. */
  readonly system?: Partial<NixosSystem>;
  /** Done on the machine before nixspec starts. */
  readonly before?: (machine: NixosMachine) => Promise<unknown>;
  readonly options?: readonly string[];
  /** `state:` of the spec. */
  readonly state?: string;
  /** What happens when nixspec has said something; `kill`, `interrupt`: to nixspec itself. */
  readonly at?: {
    readonly moment: Moment;
    readonly happens: 'kill' | 'interrupt' | ((machine: NixosMachine) => Promise<unknown>);
  };
  /** Done after nixspec has ended, and before the machine is looked at. */
  readonly after?: (machine: NixosMachine) => Promise<unknown>;
  /** null: it was killed. */
  readonly exit: number | null;
  /** What `switch rollback` ends with then; 10 unless given. */
  readonly cleared?: number;
  readonly runs: 'old' | 'new';
  /** What it says or reports, somewhere. */
  readonly says?: RegExp;
}

/** A copy that takes its time, so that something may happen meanwhile. */
const slowCopy = (then = 'echo rows') =>
  `{ db: { dump: 'touch /run/copying; sleep 4; ${then}', into: /var/backup/x } }`;
const forgetCopies = (machine: NixosMachine) => machine.sh('rm -rf /run/copying /var/backup/x');
const copying: Moment = { on: '[ -e /run/copying ]' };
const keeping: Moment = { on: 'grep -q keeping /run/nixspec/switch/phase' };
/** Makes activation and boot loader take their time. */
const slow = { preSwitchCheck: 'sleep 4' };
/** A file system of its own in a file, as the machine's is another. The devices are the host's: each takes a free one. */
const btrfs = `set -e
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
for i in 0 1 2 3 4 5 6 7 8 9; do [ -e /dev/loop$i ] || mknod /dev/loop$i b 7 $i; done
truncate -s 128M /var/tmp/disk && mkfs.btrfs -q /var/tmp/disk
mkdir -p /mnt/disk /srv/data && mount -o loop /var/tmp/disk /mnt/disk
btrfs -q subvolume create /mnt/disk/data
mount -o loop,subvol=data /var/tmp/disk /srv/data || mount --bind /mnt/disk/data /srv/data
echo before >/srv/data/file`;
/** As it is printed: what is there is gone, and comes back. */
const bringBack = `set -e
made=$(echo /srv/data/.nixspec-*)
btrfs property get "$made" ro | grep -q true
echo after >/srv/data/file
cp -a --reflink=auto -- "$made/." /srv/data
[ "$(cat /srv/data/file)" = before ]
umount /srv/data && umount /mnt/disk && rm /var/tmp/disk && rmdir /srv/data /mnt/disk`;
/** As full as can be: a file system of its own, so that the machine itself is not. */
const small = (path: string) =>
  `cp -a ${path} /tmp/small && mount -t tmpfs -o size=512k,nr_inodes=60 none ${path} && cp -a /tmp/small/. ${path}/ && rm -rf /tmp/small`;
const fill = (path: string) =>
  `i=0; while : >${path}/full-$i; do i=$((i + 1)); done 2>/dev/null; head -c 4M /dev/zero >${path}/full-0 2>/dev/null; :`;
const service = (text: string) => `[Service]\n${text}`;
const oneshot = (text: string) => service(`Type=oneshot\nRemainAfterExit=yes\nExecStart=${text}\n`);
const crashes = '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=300ms\n';
/** Its own text, so that the switch starts it again. */
const closes = '/usr/sbin/nft add rule inet firewall input tcp dport 22 drop';
/** Sessions that sshd holds for somebody; those of nixspec among them. */
const cutSsh = (machine: NixosMachine) => machine.run("pkill -KILL -f '[s]shd-session|[s]shd: root@'");

export const rows: readonly Row[] = [
  { name: 'all is well', exit: 0, runs: 'new', says: /switched, verified, and kept/ },
  {
    name: 'a service that the spec knows fails at once',
    system: { units: { 'web.service': service('ExecStart=/bin/false\n') } },
    ...{ exit: 10, runs: 'old', says: /web\.service said since the switch began/ },
  },
  { name: 'a wrong answer', system: { web: '502' }, exit: 10, runs: 'old', says: /expected 200, found 502/ },
  {
    name: 'a service that nobody knows fails late',
    system: { units: { 'app.service': service("ExecStart=/bin/sh -c 'sleep 5; exit 1'\n") } },
    ...{ exit: 10, runs: 'old', says: /unit app\.service: it is failed/ },
  },
  {
    name: 'a crash loop',
    system: { units: { 'app.service': crashes } },
    ...{ exit: 10, runs: 'old', says: /unit app\.service: systemd starts it again and again/ },
  },
  {
    name: 'what is broken is allowed to be',
    system: { units: { 'app.service': service('ExecStart=/bin/false\n') } },
    options: ['--allow-broken', 'unit app.service'],
    ...{ exit: 0, runs: 'new', says: /broke, and was allowed to/ },
  },
  {
    name: 'what is broken stays',
    system: { web: '502' },
    options: ['--no-rollback'],
    after: (machine) => machine.sh(`${machine.base}/bin/switch-to-configuration test`),
    ...{ exit: 1, runs: 'old', says: /was left running/ },
  },
  {
    name: 'the firewall closes SSH',
    system: { units: { 'shut.service': `${oneshot(closes)}ExecStop=/usr/sbin/nft flush chain inet firewall input\n` } },
    ...{ exit: 10, runs: 'old' },
  },
  {
    name: 'the network goes down',
    system: { units: { 'network-addresses-eth0.service': oneshot("/bin/sh -c 'ip link set eth0 down'") } },
    ...{ exit: 10, runs: 'old', says: /the target rolled back by itself/ },
  },
  {
    name: 'sshd is broken',
    system: { units: { 'sshd.service': service('ExecStart=/usr/sbin/sshd -D -o NoSuchOption=yes\n') } },
    ...{ exit: 10, runs: 'old' },
  },
  { name: 'the activation hangs', system: { activationBefore: 'sleep 1000' }, exit: 10, runs: 'old', says: /deadline/ },
  { name: 'activation exits 1', system: { preSwitchCheck: 'exit 1' }, exit: 10, runs: 'old', says: /exit status 1/ },
  { name: 'activation exits 2', system: { activationAfter: 'exit 3' }, exit: 10, runs: 'old', says: /exit status 2/ },
  {
    name: 'activation exits 4 for what failed before',
    system: { units: { 'app.service': service('ExecStart=/bin/false\n# new\n') } },
    before: async (machine) => {
      const broken = await machine.makeSystem({
        label: 'a',
        units: { 'app.service': service('ExecStart=/bin/false\n') },
      });
      await machine.run(
        `nix-env -p /nix/var/nix/profiles/system --set ${broken}; ${broken}/bin/switch-to-configuration switch`,
      );
    },
    after: (machine) => machine.reset(),
    ...{ exit: 0, runs: 'old', says: /exit status 4/ },
  },
  { name: 'activation exits 100', system: { initInterface: '300' }, exit: 69, runs: 'old', says: /without a reboot/ },
  {
    name: 'the lock is held',
    before: (machine) =>
      machine.sh(
        'systemd-run -q --collect --unit=holder flock /run/nixos/switch-to-configuration.lock sleep 600; sleep 1',
      ),
    after: (machine) => machine.sh('systemctl stop holder'),
    ...{ exit: 69, runs: 'old', says: /an activation is under way there/ },
  },
  ...(['armed', 'activating', 'activated', 'verified'] as const).map(
    (moment): Row => ({
      name: `nixspec is killed: ${moment}`,
      at: { moment, happens: 'kill' },
      after: (machine) => untilRestored(machine),
      ...{ exit: null, runs: 'old' },
    }),
  ),
  ...(['armed', 'activated', 'verified'] as const).map(
    (moment): Row => ({
      name: `the connection is cut: ${moment}`,
      at: { moment, happens: cutSsh },
      ...{ exit: 0, runs: 'new' },
    }),
  ),
  ...(['activating', 'activated', 'verified'] as const).map(
    (moment): Row => ({
      name: `Ctrl-C: ${moment}`,
      at: { moment, happens: 'interrupt' },
      ...{ exit: 10, runs: 'old', says: /interrupted: rolling back\. Ctrl-C once more leaves it to the target/ },
    }),
  ),
  {
    name: 'the target reboots half way',
    at: {
      moment: 'activated',
      happens: async (machine) => {
        const bootId = await machine.bootId();
        await machine.run('systemctl reboot');
        await machine.waitForReboot(bootId);
      },
    },
    ...{ exit: 10, runs: 'old' },
  },
  {
    name: 'the timer fires while it is verified',
    at: {
      moment: 'verified',
      happens: (machine) =>
        machine.sh('echo 0 >/run/nixspec/switch/until; systemctl start --no-block nixspec-rollback.service'),
    },
    ...{ exit: 10, runs: 'old' },
  },
  {
    name: 'the garbage collector runs',
    system: { web: '502' },
    at: { moment: 'activated', happens: (machine) => machine.sh('nix-collect-garbage -d >/dev/null 2>&1') },
    ...{ exit: 10, runs: 'old' },
  },
  {
    name: 'nixspec is killed: copying',
    state: slowCopy(),
    at: { moment: copying, happens: 'kill' },
    after: async (machine) => {
      await machine.sh('while pgrep -f "[s]leep 4"; do sleep 0.2; done');
      await forgetCopies(machine);
    },
    // Nothing was armed, and so there is nothing to clear away.
    ...{ exit: null, cleared: 64, runs: 'old' },
  },
  {
    name: 'the connection is cut: copying',
    state: slowCopy(),
    at: { moment: copying, happens: cutSsh },
    after: forgetCopies,
    // A copy whose end nobody has seen is none.
    ...{ exit: 69, runs: 'old' },
  },
  {
    name: 'nixspec is killed: keeping',
    system: slow,
    at: { moment: keeping, happens: 'kill' },
    after: untilRestored,
    ...{ exit: null, runs: 'old' },
  },
  {
    name: 'the connection is cut: keeping',
    system: slow,
    at: { moment: keeping, happens: cutSsh },
    // The target goes on by itself, and is asked again.
    ...{ exit: 0, runs: 'new' },
  },
  {
    name: 'somebody else activates in between',
    state: slowCopy(),
    at: {
      moment: copying,
      happens: (machine) =>
        machine.sh('systemd-run -q --collect --unit=holder flock /run/nixos/switch-to-configuration.lock sleep 15'),
    },
    after: forgetCopies,
    ...{ exit: 10, runs: 'old' },
  },
  {
    name: 'a copy, and the command that brings it back',
    state: slowCopy('echo rows'),
    after: async (machine) => {
      const made = (await machine.sh('cat /var/backup/x/*')).trim();
      if (made !== 'rows') throw new Error(made);
      await forgetCopies(machine);
    },
    ...{ exit: 0, runs: 'new', says: /copied db to \/var\/backup\/x\/db-/ },
  },
  {
    name: 'a snapshot of btrfs, and the command that brings it back',
    filesystem: 'btrfs',
    state: '{ data: { btrfs: /srv/data } }',
    before: (machine) => machine.sh(btrfs),
    after: (machine) => machine.sh(bringBack),
    ...{ exit: 0, runs: 'new', says: /copied data to \/srv\/data\/\.nixspec-/ },
  },
  {
    name: 'a folder is no subvolume',
    state: '{ data: { btrfs: /srv } }',
    ...{ exit: 69, runs: 'old', says: /not switched: the copy of data failed: \/srv is no subvolume/ },
  },
  {
    name: 'a copy that fails',
    state: slowCopy('exit 3'),
    after: forgetCopies,
    ...{ exit: 69, runs: 'old', says: /not switched: the copy of db failed: it ended with exit status 3/ },
  },
  {
    name: 'no room for the copy',
    state: slowCopy('head -c 2M /dev/zero'),
    before: (machine) =>
      machine.sh('mkdir -p /var/backup/x && mount -t tmpfs -o size=256k,mode=700 none /var/backup/x'),
    after: async (machine) => {
      await machine.sh('umount /var/backup/x');
      await forgetCopies(machine);
    },
    ...{ exit: 69, runs: 'old', says: /not switched: the copy of db failed/ },
  },
  {
    name: 'no room in /run',
    before: (machine) =>
      machine.sh('head -c $(($(df --output=avail --block-size=1 /run | tail -n 1) - 600000)) /dev/zero >/run/full'),
    after: (machine) => machine.sh('rm /run/full'),
    ...{ exit: 69, runs: 'old', says: /\/run is all but full/ },
  },
  {
    name: 'no room for a generation when it is kept',
    before: (machine) => machine.sh(small('/nix/var/nix/profiles')),
    at: { moment: 'verified', happens: (machine) => machine.run(fill('/nix/var/nix/profiles')) },
    after: (machine) => machine.run('umount /nix/var/nix/profiles'),
    ...{ exit: 10, runs: 'old', says: /cannot be made the boot default/ },
  },
  {
    name: 'no room for a boot entry when it is kept',
    before: (machine) => machine.sh(small('/boot')),
    at: { moment: 'verified', happens: (machine) => machine.run(fill('/boot')) },
    after: (machine) =>
      machine.run(
        'rm -f /boot/full-*; rm -rf /tmp/b; cp -a /boot /tmp/b; umount /boot; cp -a /tmp/b/. /boot/; rm -rf /tmp/b',
      ),
    ...{ exit: 10, runs: 'old', says: /cannot be made the boot default/ },
  },
  {
    name: 'no new system is there',
    options: ['--closure', `/nix/store/${'a'.repeat(32)}-nixos-system-none`],
    ...{ exit: 69, runs: 'old', says: /is not there/ },
  },
  {
    name: 'what the deadline does not suffice for',
    system: { activationBefore: 'sleep 60' },
    options: ['--deadline', '12s'],
    ...{ exit: 10, runs: 'old', says: /deadline of 12 s/ },
  },
];

/** Whoever armed it is dead. */
async function untilRestored(machine: NixosMachine): Promise<void> {
  const end = Date.now() + 90_000;
  while (Date.now() < end) {
    const { status } = await machine.run(
      `[ "$(readlink -f /run/current-system)" = ${machine.base} ] && ! systemctl -q is-active nixspec-rollback.timer nixspec-rollback.service nixspec-activate.service`,
    );
    if (status === 0) return;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error('the old system did not come back');
}
