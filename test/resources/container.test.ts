import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import container from '../../src/resources/container.js';
import { ask, observe, read, shellProbes } from '../run-script.js';

const everything = Object.keys(container.properties);
const now = Date.parse('2026-11-23T06:00:00Z') / 1000;
const who = (uid: number) => `${uid}\n${now}\n=who 0\n`;

/** As `docker container inspect` 27 prints it, without what is not read. */
const web = {
  Id: 'aaa',
  Name: '/web',
  State: {
    Status: 'running',
    Running: true,
    ExitCode: 0,
    StartedAt: '2026-11-23T05:00:00.123Z',
    Health: { Status: 'healthy' },
  },
  Image: 'sha256:5a0fd1',
  RestartCount: 2,
  Mounts: [
    { Type: 'volume', Name: 'data', Source: '/var/lib/docker/volumes/data/_data', Destination: '/data', RW: true },
    { Type: 'bind', Source: '/srv/www', Destination: '/www', RW: false },
  ],
  Config: { Image: 'nginx:1.27', Labels: { app: 'web' } },
  HostConfig: { RestartPolicy: { Name: 'unless-stopped' }, Privileged: false },
  NetworkSettings: {
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '443/tcp': null,
    },
    Networks: { front: {}, bridge: {} },
  },
};
/** As Podman 4.3 prints it. */
const job = {
  Id: 'bbb',
  Name: 'job',
  State: { Status: 'exited', Running: false, ExitCode: 3, StartedAt: '2026-11-23T05:00:00Z', Health: { Status: '' } },
  Image: 'b5045a',
  ImageName: 'localhost/job:1',
  RestartCount: 0,
  Mounts: [],
  Config: { Image: 'localhost/job:1', Labels: null },
  HostConfig: { RestartPolicy: { Name: '' }, Privileged: true },
  NetworkSettings: { Ports: { '53/udp': [{ HostIp: '', HostPort: '53' }] } },
};
const print = (...all: readonly object[]) => `${JSON.stringify(all, undefined, 4)}\n`;
const noPodman = 'missing\n=podman 0\n';
const noDocker = 'missing\n=docker 0\n';

function look(name: string, stdout: string, stderr = '', params = {}) {
  const query = ask(container, name, everything, params);
  return read(container, [query], { stdout, stderr }).get(query.id);
}

const absent = (reason: string) => ({ noReading: 'absent', reason });

t.test('of Docker', async (t) => {
  t.strictSame(look('web', `${noPodman}${print(web)}=docker 0\n${who(1000)}`), {
    status: 'known',
    readings: {
      running: true,
      state: 'running',
      health: 'healthy',
      image: 'nginx:1.27',
      'image-id': '5a0fd1',
      restarts: 2,
      'restart-policy': 'unless-stopped',
      'exit-status': absent('it has not ended'),
      uptime: 3600,
      ports: ['0.0.0.0:8080->80/tcp', '[::]:8080->80/tcp'],
      mounts: ['/srv/www:/www:ro', 'data:/data'],
      networks: ['bridge', 'front'],
      labels: { app: 'web' },
      privileged: false,
    },
  });
});

t.test('of Podman, one of several commands', async (t) => {
  t.strictSame(look('job', `[]\n${print(web)}${print(job)}=podman 125\n${noDocker}${who(0)}`), {
    status: 'known',
    readings: {
      running: false,
      state: 'exited',
      health: absent('it has no health check'),
      image: 'localhost/job:1',
      'image-id': 'b5045a',
      restarts: 0,
      'restart-policy': 'no',
      'exit-status': 3,
      uptime: absent('it does not run'),
      ports: ['0.0.0.0:53->53/udp'],
      mounts: [],
      networks: [],
      labels: {},
      privileged: true,
    },
  });
});

t.test('not there, or not known', async (t) => {
  const gone = 'Error: inspecting object: no such container web\n=podman 125\n';
  const goneToo = 'Error response from daemon: No such container: web\n=docker 1\n';
  const closed = 'permission denied while trying to connect to the Docker daemon socket\n=docker 1\n';
  const cases: readonly [string, string, string, object, string, string][] = [
    ['neither has it', '[]\n=podman 125\n[]\n=docker 1\n', gone + goneToo, {}, 'absent', 'there is no container web'],
    ['only one is there', `[]\n=podman 125\n${noDocker}`, gone, {}, 'absent', 'there is no container web'],
    ['none is there', noPodman + noDocker, '', {}, 'unknown', 'podman and docker cannot be asked: not installed'],
    ['that one is not there', noDocker, '', { engine: 'docker' }, 'unknown', 'docker cannot be asked: not installed'],
    [
      'no right',
      `[]\n=podman 125\n[]\n=docker 1\n`,
      gone + closed,
      {},
      'unknown',
      'docker gave no answer: permission denied while trying to connect to the Docker daemon socket',
    ],
    [
      'another one is not there',
      `[]\n=podman 125\n${noDocker}`,
      'Error: inspecting object: no such container web2\n=podman 125\n',
      {},
      'unknown',
      'podman gave no answer: Error: inspecting object: no such container web2',
    ],
    [
      'both',
      `${print({ ...web, Id: 'other', Name: 'web' })}=podman 0\n${print(web)}=docker 0\n`,
      '',
      {},
      'unknown',
      'Podman and Docker both have a container web: say which by `engine`',
    ],
    [
      'cut',
      `${noPodman}[{"Name":"web"\n=docker 0\n`,
      '',
      {},
      'unknown',
      'docker gave no answer: it was not run to its end',
    ],
  ];
  for (const [name, stdout, stderr, params, status, reason] of cases) {
    t.strictSame(look('web', stdout + who(0), stderr, params), { status, reason }, name);
  }
  t.strictSame(look('web', `[]\n=podman 125\n${noDocker}${who(1000)}`, gone), {
    status: 'unknown',
    reason: 'Podman shows the containers of the machine to root only',
  });
  t.match(
    look('web', `${print({ ...web, Name: 'web' })}=podman 0\n${print(web)}=docker 0\n${who(0)}`),
    {
      status: 'known',
    },
    'docker is Podman by another name',
  );
  t.strictSame(look('web', print(web)), { status: 'unknown', reason: 'the answer is not whole' });
});

t.test('one process for each engine', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(container, `c${at}`, everything));
  t.equal(shellProbes(container, queries)[0]?.script.raw.match(/container inspect/g)?.length, 2);
  const docker = shellProbes(container, [ask(container, 'a', everything, { engine: 'docker' })]);
  t.notMatch(docker[0]?.script.raw, /podman/);
});

const podman = process.getuid?.() === 0 && spawnSync('podman', ['--version']).status === 0;

t.test('a real container', { skip: !podman && 'needs root and podman' }, async (t) => {
  const folder = t.testdir({ root: { empty: '' } });
  const storage = join(folder, 'storage.conf');
  const lines = ['[storage]', 'driver = "vfs"', `graphroot = "${folder}/graph"`, `runroot = "${folder}/run"`];
  writeFileSync(storage, `${lines.join('\n')}\n`);
  const environment = { CONTAINERS_STORAGE_CONF: storage };
  const run = (...words: readonly string[]) =>
    spawnSync(words[0] ?? '', words.slice(1), { env: { ...process.env, ...environment }, encoding: 'utf8' });
  run('tar', '-C', join(folder, 'root'), '-cf', join(folder, 'image.tar'), '.');
  run('podman', 'import', join(folder, 'image.tar'), 'nixspec/test:1');
  const made = run(
    'podman',
    'create',
    '--name',
    'web',
    '--label',
    'app=x',
    '-p',
    '127.0.0.1:18080:80',
    'nixspec/test:1',
    '/x',
  );
  if (made.status !== 0) return t.pass(`podman does not work here: ${made.stderr}`);
  const queries = ['web', 'nosuch'].map((name) => ask(container, name, everything, { engine: 'podman' }));
  const [found, missing] = [...observe(container, queries, ['sh'], environment).values()];
  t.match(found, {
    readings: {
      running: false,
      state: 'created',
      image: 'localhost/nixspec/test:1',
      labels: { app: 'x' },
      ports: ['127.0.0.1:18080->80/tcp'],
      'exit-status': { noReading: 'absent' },
    },
  });
  t.strictSame(missing, { status: 'absent', reason: 'there is no container nosuch' });
});
