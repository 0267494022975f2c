import t from 'tap';
import wireguard from '../../src/resources/wireguard.js';
import { machine, startLab } from '../lab/lab.js';
import { ask, observeOver } from '../run-script.js';

const everything = Object.keys(wireguard.properties);
const lab = await startLab();

t.test('a real tunnel', { skip: 'skip' in lab && lab.skip }, async (t) => {
  if ('skip' in lab) return;
  for (const name of ['staging', 'production'] as const) {
    const { alive, never, publicKey, port } = lab.machines[name].wireguard;
    const names = { alive, never };
    const queries = [
      ask(wireguard, 'wg0', everything, { names, provoke: true }),
      ask(wireguard, 'eth0', ['exists']),
      // Its socket is seen on this machine, but it lives in the network namespace of the peer.
      ask(wireguard, 'wgpeer', ['exists']),
    ];
    const [tunnel, other, elsewhere] = observeOver(lab.sshConfig, name, wireguard, queries);
    t.match(tunnel, {
      status: 'known',
      readings: {
        'listening-port': port,
        'public-key': publicKey,
        peers: {
          alive: {
            handshaken: true,
            fresh: true,
            'handshake-age': Number,
            'allowed-ips': ['10.100.0.2/32'],
            keepalive: 25,
          },
          never: {
            handshaken: false,
            fresh: false,
            'handshake-age': { noReading: 'absent' },
            keepalive: { noReading: 'absent' },
          },
        },
        'stale-peers': ['never'],
      },
    });
    t.strictSame(other, { status: 'absent', reason: 'eth0 is no WireGuard interface' });
    t.strictSame(elsewhere, { status: 'absent', reason: 'there is no interface wgpeer' });
  }
});

t.test('without the right', { skip: 'skip' in lab && lab.skip }, async (t) => {
  if ('skip' in lab) return;
  const queries = [ask(wireguard, 'wg0', everything), ask(wireguard, 'wg9', ['exists'])];
  t.strictSame(observeOver(lab.sshConfig, 'production-deploy', wireguard, queries), [
    { status: 'unknown', reason: 'wg0 may be looked at by root only: connect as root or set `sudo: true`' },
    { status: 'absent', reason: 'there is no interface wg9' },
  ]);
});

t.test('a handshake that only traffic brings about', { skip: 'skip' in lab && lab.skip }, async (t) => {
  if ('skip' in lab) return;
  const { alive, aliveAddress } = lab.machines.staging.wireguard;
  const { sh } = machine(lab, 'staging');
  // Taken out and put back, the peer has no session; without keepalive on either side nobody starts one.
  const endpoint =
    (await sh('wg show wg0 endpoints'))
      .split('\n')
      .find((line) => line.startsWith(alive))
      ?.split('\t')[1] ?? '';
  const peer = `wg set wg0 peer '${alive}' endpoint ${endpoint} allowed-ips ${aliveAddress}/32`;
  const far = 'ip netns exec peer wg set wgpeer peer';
  const mine = lab.machines.staging.wireguard.publicKey;
  await sh(`${far} '${mine}' persistent-keepalive 0; wg set wg0 peer '${alive}' remove; ${peer}`);
  t.teardown(() => sh(`${far} '${mine}' persistent-keepalive 25; ${peer} persistent-keepalive 25`));
  const quiet = ask(wireguard, 'wg0', ['peers'], { names: { alive } });
  const provoking = ask(wireguard, 'wg0', ['peers'], { names: { alive }, provoke: true });
  t.match(observeOver(lab.sshConfig, 'staging', wireguard, [quiet]), [
    { readings: { peers: { alive: { handshaken: false, fresh: false } } } },
  ]);
  t.match(observeOver(lab.sshConfig, 'staging', wireguard, [provoking]), [
    { readings: { peers: { alive: { handshaken: true, fresh: true } } } },
  ]);
});
