import t from 'tap';
import network from '../../src/resources/interface.js';
import { startLab } from '../lab/lab.js';
import { ask, observeOver } from '../run-script.js';

const lab = await startLab();
const skip = 'skip' in lab && lab.skip;

t.test('interfaces of a real machine, as any user', { skip }, async (t) => {
  if ('skip' in lab) return;
  const queries = ['eth0', 'wg0', 'lo', 'nosuch'].map((name) => ask(network, name, ['up', 'addresses', 'mtu', 'mac']));
  for (const [alias, host, shell] of [
    ['staging', lab.machines.staging, 'dash'],
    ['production-deploy', lab.machines.production, 'bash --posix'],
  ] as const) {
    t.match(observeOver(lab.sshConfig, alias, network, queries, shell), [
      {
        readings: {
          ...{ up: true, mtu: 1500, mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/ },
          addresses: [`${host.host}/24`, `${host.host6}/64`, /^fe80::.*\/64$/],
        },
      },
      { readings: { up: true, mtu: 1420, mac: { noReading: 'absent' }, addresses: ['10.100.0.1/24', /^fe80::/] } },
      { readings: { up: true, addresses: ['127.0.0.1/8', '::1/128'] } },
      { status: 'absent', reason: 'there is no interface called nosuch' },
    ]);
  }
});

t.test('what it is, and how fast', { skip }, async (t) => {
  if ('skip' in lab) return;
  const queries = ['eth0', 'wg0', 'lo'].map((name) => ask(network, name, ['kind', 'ports', 'speed', 'master']));
  t.match(observeOver(lab.sshConfig, 'staging', network, queries), [
    { readings: { kind: String, ports: [], speed: Number, master: { noReading: 'absent' } } },
    { readings: { kind: /^(tun|wireguard)$/ } },
    { readings: { kind: 'loopback', speed: { noReading: 'unknown' } } },
  ]);
});
