import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startLab } from '../lab/lab.js';
import type { Case } from './cases.js';
import { agree, callNixspec, gossfileOf, importFile, outcomesOf, verdictOf } from './world.js';

/** Units on a real machine: what Goss said of them there is on record, as in cases.ts. */
const cases: readonly Case[] = [
  ['service', 'nginx', '{ enabled: true, running: true }', 'enabled+ running+'],
  ['service', 'nginx.service', '{ enabled: true, running: false }', 'enabled+ running-'],
  ['service', 'fails', '{ enabled: true, running: false }', 'enabled+ running+'],
  ['service', 'idle', '{ enabled: false, running: false }', 'enabled+ running+'],
  ['service', 'idle', '{ enabled: true }', 'enabled-'],
  ['service', 'backup', '{ enabled: true, running: false }', 'enabled+ running+'],
  ['service', 'backup.timer', '{ enabled: true, running: true }', 'enabled+ running+'],
  ['service', 'proxy', '{ enabled: true, running: false }', 'enabled+ running+'],
  ['service', 'proxy.socket', '{ running: true }', 'running+'],
  ['service', 'console-getty', '{ enabled: false, running: false }', 'enabled+ running+'],
  ['service', 'no-such-unit', '{ enabled: false, running: false }', 'enabled+ running+'],
  ['service', 'no-such-unit', '{ enabled: true, running: true }', 'enabled- running-'],
  ['service', 'nginx', '{ enabled: false, running: false }', 'enabled- running-'],
  ['service', 'rescue', '{ enabled: true }', 'enabled+'],
  ['service', 'emergency', '{ enabled: false }', 'enabled-'],
  ['service', 'migrate', '{ enabled: true, running: true }', 'enabled+ running+'],
  ['service', 'tidy', '{ running: true }', 'running-'],
  ['service', 'tidy', '{ running: false }', 'running+'],
  ['service', 'dbus', '{ enabled: true, running: true }', 'enabled+ running+'],
  ['service', 'sshd', '{ enabled: true, running: true }', 'enabled+ running+'],
  ['service', 'nginx', '{ enabled: { not: false }, running: { or: [true] } }', 'enabled+ running+'],
  ['service', 'nginx', '{ enabled: true, runlevels: [] }', 'enabled+ runlevels+', 'enabled+ runlevels?'],
  ['service', 'nginx', '{ enabled: true, runlevels: [3] }', 'enabled+ runlevels-', 'enabled+ runlevels?'],
  ['service', 'nginx', '{ running: yes }', 'running-', 'running+'],
  ['service', 'nginx', '{ skip: true, running: false }', 'running~'],
  ['service', 'named', '{ name: nginx, running: true }', 'running+'],
  ['service', 'shard@a', '{ enabled: true }', 'enabled-'],
  ['service', 'container-getty@1', '{ enabled: true }', 'enabled+', 'enabled-'],
];

const lab = await startLab();

t.test('units: the verdicts of Goss', { skip: 'skip' in lab && lab.skip }, async (t) => {
  if ('skip' in lab) return;
  const folder = t.testdir();
  for (const [at, one] of cases.entries()) {
    const [type, id, body, recorded, other] = one;
    const file = join(folder, `${at}.yaml`);
    writeFileSync(file, gossfileOf(one));
    const { spec, remarks } = await importFile(file, [{ name: 'staging', ssh: 'staging' }]);
    const words = ['verify', 'staging', '-s', spec, '-F', lab.sshConfig, '-r', 'json', '--no-save', '--no-inventory'];
    const { out, err } = await callNixspec(words);
    const found = verdictOf(outcomesOf(out, err), type, recorded);
    const name = `${id} ${body}: ${recorded} in Goss, ${found} here`;
    if (other === undefined) t.ok(agree(recorded, found), name);
    else t.ok(found === other && remarks.length > 0, name);
  }
});
