import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import t from 'tap';
import { inventoryProbes, readInventory } from '../src/inventory.js';
import type { Inventory } from '../src/inventory-model.js';
import type { Observation, ShellOutput, ShellProbe } from '../src/model.js';
import { exampleInventory, runWith } from './fixture/example-inventory.js';
import { runScript, shells } from './run-script.js';

/** What the probes find out, with the outputs that `answer` gives. */
function gather(answer: (probe: ShellProbe) => ShellOutput): Inventory {
  const observations = new Map<string, Observation>();
  for (const probe of inventoryProbes()) {
    for (const [id, observation] of probe.parse(answer(probe))) observations.set(id, observation);
  }
  return readInventory(observations);
}

/** A folder with tools of our own, before those of this machine. */
function toolsIn(folder: string, tools: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(tools)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return `${folder}:${process.env.PATH}`;
}

const tools = {
  systemctl: `case "$*" in
  'list-units --all --full --plain --no-legend --no-pager')
    echo 'nginx.service  loaded active running A web server'
    echo 'boot.mount  loaded failed failed /boot'
    echo 'dev-sda.device  loaded active plugged a disk' ;;
  *) exit 9 ;;
esac`,
  ss: `echo 'tcp LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=3,fd=5)) ino:6 sk:6 cgroup:/system.slice/nginx.service <->'`,
  getent: `case $1 in passwd) echo 'alice:x:1000:100:Alice:/home/alice:/bin/sh' ;; group) echo 'users:x:100:' ;; esac`,
  'dpkg-query': `printf 'git\\tamd64\\tii \\t1:2.47\\n'`,
};

for (const shell of shells) {
  t.test(`on this machine, with tools of our own, by ${shell.join(' ')}`, async (t) => {
    const PATH = toolsIn(t.testdir(), tools);
    const found = gather((probe) => runScript(probe.script.raw, shell, { PATH }));
    t.equal(found.units.status, 'known');
    const units = found.units.status === 'known' ? found.units.value : [];
    t.same(
      units.filter(({ load }) => load === undefined),
      [
        { name: 'boot.mount', active: 'failed', sub: 'failed' },
        { name: 'nginx.service', active: 'active', sub: 'running' },
      ],
      'what is loaded; the rest are files of this machine',
    );
    t.match(found.listeners, {
      status: 'known',
      value: [{ protocol: 'tcp', address: '0.0.0.0', port: 443, process: 'nginx', unit: 'nginx.service' }],
    });
    t.match(found.users, { status: 'known', value: [{ name: 'alice', uid: 1000, group: 'users' }] });
    t.equal(found.mounts.status, 'known');
    t.same(found.packages, {
      status: 'known',
      value: { manager: 'dpkg', list: [{ name: 'git', versions: ['1:2.47'] }] },
    });
    t.match(found.kernel, {
      status: 'known',
      value: { running: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim() },
    });
  });

  t.test(`what is missing is unknown, and nothing else, by ${shell.join(' ')}`, async (t) => {
    const folder = t.testdir();
    toolsIn(folder, { systemctl: 'echo "Failed to connect to bus" >&2; exit 1', getent: 'exit 3', ss: 'exit 255' });
    for (const name of [shell[0] ?? '', 'cat', 'awk', 'grep', 'sed', 'timeout', 'realpath']) link(name, folder);
    const found = gather((probe) => runScript(probe.script.raw, shell, { PATH: folder }));
    t.same(found.units, { status: 'unknown', reason: 'systemctl gave no answer: Failed to connect to bus' });
    t.match(found.users, { status: 'unknown', reason: 'getent gave no answer: exit status 3' });
    t.match(found.listeners, { status: 'unknown', reason: 'the answer of ss is not whole' });
    t.match(found.packages, { status: 'unknown', reason: /^the package manager gave no answer: / });
    t.match([found.mounts, found.kernel], [{ status: 'known' }, { status: 'known' }], 'gzip is missing there too');
  });
}

function link(name: string, folder: string): void {
  const found = (process.env.PATH ?? '')
    .split(':')
    .map((path) => join(path, name))
    .find(exists);
  if (found !== undefined) symlinkSync(found, join(folder, name));
}

function exists(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

t.test('an answer that is broken, hostile or too long is unknown', async (t) => {
  const output = (stdout: Buffer): ShellOutput => ({ exit: 0, stdout, stderr: Buffer.alloc(0), truncated: false });
  const [host, packages, listeners] = inventoryProbes();
  const whole = gzipSync('=units 0\n');
  for (const probe of [host, packages, listeners]) {
    if (!probe) return t.fail('three probes');
    t.throws(() => probe.parse(output(whole.subarray(0, 12))), 'cut');
    t.throws(() => probe.parse(output(gzipSync(Buffer.alloc(33 * 1024 * 1024)))), 'a bomb');
    for (const noise of ['', '\0\0\0', '=units 0\n=files 0\n', '\u001b[2J', '1 2\n=caps 0\n']) {
      const answers = [...probe.parse(output(Buffer.from(noise))).values()];
      t.ok(answers.length > 0);
      t.notOk(
        answers.some((one) => one.status === 'known' && JSON.stringify(one).includes('\u001b')),
        JSON.stringify(noise),
      );
      t.ok(
        answers.every((one) => one.status === 'unknown'),
        JSON.stringify(noise),
      );
    }
  }
});

t.test('without an answer each section is unknown', async (t) => {
  const found = readInventory(new Map([['inventory-units', { status: 'unknown', reason: 'the connection was lost' }]]));
  t.same(found.units, { status: 'unknown', reason: 'the connection was lost' });
  t.same(found.packages, { status: 'unknown', reason: 'it was not asked for' });
});

t.test('a saved run with an inventory is what schema/run.json says', async (t) => {
  const schema = JSON.parse(readFileSync(new URL('../schema/run.json', import.meta.url), 'utf8'));
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  const check = (value: unknown) => {
    const valid = validate(JSON.parse(JSON.stringify(value)));
    return valid || JSON.stringify(validate.errors);
  };
  t.equal(check(runWith(exampleInventory)), true);
  t.equal(check(runWith(undefined)), true, 'and one without');
  t.equal(check(runWith({ ...exampleInventory, units: { status: 'unknown', reason: 'no' } })), true);
  t.not(check({ ...runWith(exampleInventory), inventory: { units: [] } }), true);
  t.not(check(runWith({ ...exampleInventory, users: { status: 'known', value: [{ name: 'x' }] } } as never)), true);
  const PATH = toolsIn(t.testdir(), tools);
  t.equal(check(runWith(gather((probe) => runScript(probe.script.raw, ['sh'], { PATH })))), true, 'a real one');
});
