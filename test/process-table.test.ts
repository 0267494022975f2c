import t from 'tap';
import { readProcesses } from '../src/process-table.js';

const tail = `${' 0'.repeat(13)} 1${' 0'.repeat(33)}\n`;
/** The fields of proc_pid_stat(5) that are read: state, parent, session, number of threads. */
const stat = (pid: number, comm: string, { state = 'S', parent = 1, session = 99, threads = 1 } = {}) =>
  `${pid} (${comm}) ${state} ${parent} 5 ${session}${tail.replace(' 1 ', ` ${threads} `)}`;

const mounts =
  '26 25 0:20 / /proc rw,nosuid shared:5 - proc proc rw\n27 26 0:21 / /proc/sys ro - proc proc ro,hidepid=2\n';
const status = (caps: string, groups = '100', gid = 100) =>
  `Gid:\t1\t${gid}\t1\nGroups:\t${groups} \nCapEff:\t${caps}\n`;

interface Recorded {
  readonly own?: string;
  readonly mountinfo?: string;
  readonly files?: readonly (readonly [string, string])[];
  readonly ours?: readonly string[];
  readonly programs?: readonly (readonly [string, string])[];
  readonly users?: readonly (readonly [string, string, string])[];
}

function record({ own = status('0'), mountinfo = mounts, files = [], ours = [], programs = [], users = [] }: Recorded) {
  const heads = [
    ['self/status', own],
    ['self/mountinfo', mountinfo],
  ];
  return [...heads, ...files, ['=ours'], ours, ['=programs'], ...programs, ['=users'], ...users, ['=end']]
    .flat()
    .map((field) => `${field}\0`)
    .join('');
}

function look(recorded: Recorded | string) {
  const text = typeof recorded === 'string' ? recorded : record(recorded);
  return readProcesses({ exit: 0, stdout: Buffer.from(text), stderr: Buffer.alloc(0), truncated: false });
}

t.test('what is told of each', async (t) => {
  const evil = 'a) S 1\n(b';
  const table = look({
    files: [
      ['1/stat', stat(1, 'systemd', { parent: 0 })],
      ['7/stat', stat(7, evil)],
      ['8/stat', stat(8, 'kworker/0:1-events', { parent: 2 })],
      ['9/stat', 'garbage'],
      ['1/cmdline', '/sbin/init'],
      ['7/cmdline', 'x'],
      ['7/cmdline', ''],
      ['7/cmdline', '=ours'],
      ['7/cmdline', 'a\nb'],
      ['11/cmdline', 'gone before its stat was read'],
    ],
    programs: [
      ['1/exe', '1/exe -> /lib/systemd'],
      ['7/exe', '7/exe -> /a -> b\n'],
      ['8/exe', '8/exe'],
    ],
    users: [
      ['1', '0', 'root'],
      ['7', '4711', 'UNKNOWN'],
    ],
  });
  t.same(table?.processes, [
    { pid: 1, comm: 'systemd', argv: ['/sbin/init'], exe: '/lib/systemd', user: 'root' },
    { pid: 7, comm: evil, argv: ['x', '', '=ours', 'a\nb'], exe: '/a -> b\n', user: '4711' },
    { pid: 8, comm: 'kworker/0:1-events', argv: [] },
  ]);
});

t.test('the dead do not run', async (t) => {
  const files = [
    ['3/stat', stat(3, 'dead', { state: 'X' })],
    ['4/stat', stat(4, 'zombie', { state: 'Z' })],
    ['5/stat', stat(5, 'headless', { state: 'Z', threads: 4 })],
  ] as const;
  t.same(
    look({ files })?.processes.map(({ comm }) => comm),
    ['headless'],
  );
});

t.test('what nixspec has started is left out', async (t) => {
  const files = [
    ['1/stat', stat(1, 'systemd', { parent: 0, session: 1 })],
    ['10/stat', stat(10, 'sshd', { session: 10 })],
    ['11/stat', stat(11, 'sudo', { parent: 10, session: 11 })],
    ['12/stat', stat(12, 'sudo', { parent: 11, session: 12 })],
    ['13/stat', stat(13, 'sh', { parent: 12, session: 12 })],
    // Gone before its environment was read; and one whose parent is gone as well.
    ['14/stat', stat(14, 'sh', { parent: 13, session: 14 })],
    ['15/stat', stat(15, 'sh', { parent: 999, session: 12 })],
    ['20/stat', stat(20, 'sudo', { parent: 10, session: 20 })],
    ['21/stat', stat(21, 'sh', { parent: 20, session: 20 })],
  ] as const;
  const names = look({ files, ours: ['13/environ'] })?.processes.map(({ pid }) => pid);
  t.same(names, [1, 10, 20, 21]);
});

t.test('who sees all', async (t) => {
  const proc = (options: string) => `26 25 0:20 / /proc rw shared:5 master:1 - proc proc ${options}\n`;
  for (const [own, mountinfo, expected] of [
    [status('0'), mounts, true],
    [status('0'), proc('rw,hidepid=off'), true],
    [status('0'), proc('rw,hidepid=0'), true],
    [status('0'), proc('rw,hidepid=invisible'), false],
    [status('0'), proc('rw,hidepid=2'), false],
    [status('0'), proc('rw,hidepid=noaccess'), false],
    [status('0'), mounts + proc('rw,hidepid=2'), false],
    [status('0'), proc('rw,hidepid=2') + mounts, true],
    [status('1ffffffffff'), proc('rw,hidepid=2'), true],
    [status('80000'), proc('rw,hidepid=2'), true],
    [status('0', '5 26'), proc('rw,gid=26,hidepid=invisible'), true],
    [status('0', '', 26), proc('rw,gid=26,hidepid=1'), true],
    [status('0', '5 26'), proc('rw,gid=26,hidepid=ptraceable'), false],
    [status('0', '5 6'), proc('rw,gid=26,hidepid=2'), false],
    [status('0', '0'), proc('rw,hidepid=2'), true],
  ] as const) {
    const files = [['7/stat', stat(7, 'x')]] as const;
    t.equal(look({ own, mountinfo, files })?.seesAll, expected, `${own} ${mountinfo}`);
  }
});

t.test('what is not whole is no answer', async (t) => {
  const whole = record({ files: [['7/stat', stat(7, 'x')]], users: [['7', '0', 'root']] });
  t.ok(look(whole));
  for (let cut = 0; cut < whole.length; cut += 1) {
    let table: unknown;
    try {
      table = look(whole.slice(0, cut));
    } catch {}
    if (table) return t.fail(`a table of the first ${cut} bytes`);
  }
  t.equal(look({ files: [] }), undefined, 'no process at all');
  t.equal(look('=ours\0=programs\0=users\0=end\0'), undefined);
});
