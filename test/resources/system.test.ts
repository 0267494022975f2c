import { hostname, release } from 'node:os';
import t from 'tap';
import system from '../../src/resources/system.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

const everything = Object.keys(system.properties);

/** What the script prints: names and values, each with a NUL byte at its end. */
function tell(words: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}) {
  const fields = Object.entries(words).flat();
  const paths = Object.keys(links);
  if (paths.length > 0) fields.push('links', String(paths.length), ...paths, ...Object.values(links));
  return `${[...fields, 'end', '1'].join('\0')}\0`;
}

function look(property: string, stdout: string) {
  const query = ask(system, '', [property]);
  const observation = read(system, [query], { stdout }).get(query.id);
  return observation?.status === 'known' ? observation.readings[property] : observation;
}

const unknown = (reason: string) => ({ noReading: 'unknown', reason });
const absent = (reason: string) => ({ noReading: 'absent', reason });

t.test('what systemd, the kernel and the files say', async (t) => {
  const uname = { uname: 'web 6.12.58 aarch64' };
  const gone = unknown('systemctl gave no answer: systemd does not run here');
  const failed = 'b.service loaded failed failed A unit\nfoo@x.service loaded failed failed  b.service\n';
  for (const [property, words, expected] of [
    ['state', { state: 'degraded' }, 'degraded'],
    ['state', { state: '' }, gone],
    ['failed-units', { 'failed-units': failed }, ['b.service', 'foo@x.service']],
    ['failed-units', { 'failed-units': '' }, []],
    ['failed-units', {}, gone],
    ['hostname', uname, 'web'],
    ['architecture', uname, 'aarch64-linux'],
    ['architecture', { ...uname, architecture: 'armv7l-linux' }, 'armv7l-linux'],
    ['kernel', uname, '6.12.58'],
    ['kernel', { ...uname, modules: '/run/current-system/kernel-modules/lib/modules/6.18.1-rt' }, '6.18.1-rt'],
    ['booted-kernel', { ...uname, modules: '/a/6.18.1' }, '6.12.58'],
    ['booted-kernel', { uname: '' }, unknown('uname gave no answer')],
    ['nixos-version', { nixos: '1', 'nixos-version': '26.05.1' }, '26.05.1'],
    ['nixos-version', { nixos: '1' }, unknown('/run/current-system/nixos-version could not be read')],
    ['nixos-version', {}, absent('this is not a NixOS system')],
    ['configuration-revision', { nixos: '1', 'nixos-version-json': '{"configurationRevision":"abc"}' }, 'abc'],
    [
      'configuration-revision',
      { nixos: '1', 'nixos-version-json': '{"nixosVersion":"26.05"}' },
      absent('the configuration does not set system.configurationRevision'),
    ],
    [
      'configuration-revision',
      { nixos: '1', 'nixos-version-json': '{' },
      unknown('the answer of nixos-version could not be read'),
    ],
    ['configuration-revision', { nixos: '1' }, unknown('nixos-version gave no answer')],
    ['uptime', { uptime: '5787.22' }, 5787.22],
    ['uptime', {}, unknown('/proc/uptime could not be read')],
    ['load', { load: '0.50' }, 0.5],
    ['load', { load: 'x' }, unknown('/proc/loadavg could not be read')],
    ['memory-available', { 'MemAvailable:': '1024' }, 1048576],
    ['memory', { 'MemTotal:': '2048' }, 2097152],
    ['memory', {}, unknown('/proc/meminfo tells no MemTotal')],
    ['swap', { 'SwapTotal:': '0' }, 0],
    ['swap-free', { 'SwapFree:': 'x' }, unknown('/proc/meminfo tells no SwapFree')],
    ['os', { 'os-ID': 'nixos' }, 'nixos'],
    ['os', {}, unknown('/etc/os-release tells no ID')],
    ['os-version', { 'os-VERSION_ID': '"26.05"' }, '26.05'],
    ['os-version', {}, { noReading: 'absent', reason: '/etc/os-release tells no VERSION_ID' }],
    ['virtualization', { virtualization: 'none' }, 'none'],
    ['virtualization', { virtualization: '' }, unknown('systemd-detect-virt gave no answer')],
    ['timezone', { timezone: '/etc/zoneinfo/Europe/Berlin' }, 'Europe/Berlin'],
    ['timezone', { timezone: '../usr/share/zoneinfo/Etc/UTC' }, 'Etc/UTC'],
    ['timezone', { timezone: '' }, unknown('/etc/localtime is no link that leads to a time zone')],
    ['processors', { processors: '8' }, 8],
    ['processors', { processors: '' }, unknown('nproc gave no answer')],
    ['memory-available', {}, unknown('/proc/meminfo tells no MemAvailable')],
  ] as const) {
    t.same(look(property, tell(words)), expected, `${property} ${JSON.stringify(words)}`);
  }
});

t.test('the clock, as its service measured it', async (t) => {
  const timesyncd = (line: string) => ({ timesyncd: `       Server: 9.9.9.9\n${line}\n        Delay: 10ms` });
  const chrony = (offset: string, leap: string, refid = 'C0A80101') => ({
    chrony: `${refid},192.168.1.1,3,1795399494.4,${offset},0,0,0,0,0,0,0,0.0,${leap}\n`,
  });
  for (const [words, expected] of [
    [timesyncd('       Offset: -1.5ms'), 0.0015],
    [timesyncd('       Offset: +1min 2s'), 62],
    [timesyncd('       Offset: +0'), 0],
    [timesyncd(' Packet count: 0'), unknown('systemd-timesyncd has not reached a time server yet')],
    [chrony('-0.250000000', 'Normal'), 0.25],
    [chrony('0.1', 'Not synchronised'), unknown('chrony has not reached a time server yet')],
    [chrony('0.0', 'Normal', '7F7F0101'), unknown('chrony has not reached a time server yet')],
    [{ chrony: '' }, unknown('chrony gave no answer')],
    [{}, unknown('no time service tells: neither systemd-timesyncd nor chrony runs')],
  ] as const) {
    t.same(look('clock-offset', tell(words)), expected, JSON.stringify(words));
  }
});

t.test('NixOS: what runs, what was booted, what the profile holds', async (t) => {
  const profile = '/nix/var/nix/profiles/system';
  const parts = (system: string, kernel: string) =>
    Object.fromEntries(
      ['kernel', 'initrd', 'kernel-modules'].map((part) => [`${system}/${part}`, `/nix/store/${kernel}-${part}`]),
    );
  const generations = {
    [`${profile}-9-link`]: '/nix/store/old',
    [`${profile}-10-link`]: '/nix/store/new',
    [`${profile}-10-link/specialisation/debug`]: '/nix/store/debug',
    [`${profile}-2-link`]: '/nix/store/old',
  };
  const links = (current: string, booted: string, kernels: readonly [string, string]) => ({
    '/run/current-system': current,
    '/run/booted-system': booted,
    [profile]: '/nix/store/new',
    ...parts('/run/current-system', kernels[0]),
    ...parts('/run/booted-system', kernels[1]),
    [`${profile}/specialisation/debug`]: '/nix/store/debug',
    [`${profile}-*-link/specialisation/none*`]: `${profile}-*-link/specialisation/none*`,
    ...generations,
  });
  const notOne = absent('what runs is no generation of the system profile (`nixos-rebuild test`?)');
  const noProfile = absent(
    'there is no system profile: the machine was not installed with one (a container, an image)',
  );
  const bare = { '/run/current-system': '/nix/store/box', '/run/booted-system': '/nix/store/box', [profile]: profile };
  for (const [name, tables, expected] of [
    ['after a switch', links('/nix/store/new', '/nix/store/old', ['k', 'k']), [false, 10, '/nix/store/new', true]],
    [
      'after one with a new kernel',
      links('/nix/store/new', '/nix/store/old', ['l', 'k']),
      [true, 10, '/nix/store/new', true],
    ],
    [
      'after boot, before the reboot',
      links('/nix/store/old', '/nix/store/old', ['k', 'k']),
      [false, 9, '/nix/store/old', false],
    ],
    ['after test', links('/nix/store/try', '/nix/store/old', ['k', 'k']), [false, notOne, '/nix/store/try', false]],
    [
      'in a specialisation',
      links('/nix/store/debug', '/nix/store/debug', ['k', 'k']),
      [false, 10, '/nix/store/debug', true],
    ],
    ['in a container', bare, [false, noProfile, '/nix/store/box', noProfile]],
    [
      'in a container without kernels',
      {
        ...bare,
        '/run/current-system': '/nix/store/box2',
        '/run/current-system/kernel': '/nix/store/box2/kernel',
        '/run/booted-system/kernel': '/nix/store/box/kernel',
      },
      [false, noProfile, '/nix/store/box2', noProfile],
    ],
    [
      'booted by something else',
      { '/run/current-system': '/nix/store/a', '/run/booted-system': '/run/booted-system' },
      [unknown('there is no /run/booted-system to compare with'), noProfile, '/nix/store/a', noProfile],
    ],
  ] as const) {
    const stdout = tell({ nixos: '1' }, tables);
    const found = ['reboot-needed', 'generation', 'system-path', 'current-is-profile'].map((property) =>
      look(property, stdout),
    );
    t.same(found, expected, name);
  }
  t.same(look('generation', tell({})), absent('this is not a NixOS system'));
});

t.test('an answer that is cut says nothing', async (t) => {
  for (const stdout of ['', 'state\0running\0', 'uname\0web 6 x\0links\x0099\0/a\0']) {
    t.same(look('state', stdout), { status: 'unknown', reason: 'the answer of the system is not whole' });
  }
});

t.test('only what is wanted is asked', async (t) => {
  const scriptFor = (wanted: readonly string[]) => shellProbes(system, [ask(system, '', wanted)])[0]?.script.raw;
  t.notMatch(scriptFor(['uptime', 'load', 'memory-available']), /systemctl|uname|realpath|chronyc|nixos-version/);
  t.match(scriptFor(['state']), /is-system-running/);
  t.notMatch(scriptFor(['state']), /list-units/);
});

t.test('this machine, in every shell', async (t) => {
  for (const shell of shells) {
    const query = ask(system, '', everything);
    const observation = observe(system, [query], shell).get(query.id);
    if (observation?.status !== 'known') return t.fail(JSON.stringify(observation));
    const { readings } = observation;
    t.same(Object.keys(readings).sort(), [...everything].sort());
    t.equal(readings.hostname, hostname());
    t.equal(readings['booted-kernel'], release());
    t.ok(Number(readings.uptime) > 0);
    t.type(readings.load, 'number');
    t.ok(Number(readings['memory-available']) > 1024 * 1024);
  }
});
