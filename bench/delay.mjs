// Added round-trip time over the whole IP path, so that SSH and HTTP are both delayed.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('delaylink.py', import.meta.url));
const here = { device: 'nixspecdelay0', address: '10.213.77.1' };
const there = { device: 'nixspecdelay1', address: '10.213.77.2' };

/**
 * A way to the machine that is `milliseconds` longer, there and back: its address, and how to remove the way.
 * netem would do too, but not every kernel has it, and two means would give two sets of figures.
 */
export async function makeWay(machine, milliseconds) {
  if (milliseconds === 0) return { address: machine.host, remove: async () => {} };
  const namespace = `/proc/${machine.leader}/ns/net`;
  const link = spawn('python3', [program, here.device, there.device, namespace, String(milliseconds / 2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(link, 'exit');
  await Promise.race([once(link.stdout, 'data'), gone.then(() => Promise.reject(new Error('the delay link ended')))]);
  plug([], here, there);
  plug(['nsenter', `--net=${namespace}`], there, here);
  return {
    address: there.address,
    async remove() {
      link.kill();
      await gone;
    },
  };
}

/** Median seconds of a TCP connection to the SSH port: one round trip. */
export async function measureRoundTrip(address) {
  const times = [];
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    const socket = connect(22, address);
    await once(socket, 'connect');
    times.push((performance.now() - start) / 1000);
    socket.destroy();
  }
  return times.sort((a, b) => a - b)[4];
}

function plug(before, { device, address }, { address: peer }) {
  for (const words of [
    ['ip', 'address', 'add', address, 'peer', peer, 'dev', device],
    ['ip', 'link', 'set', device, 'up'],
  ]) {
    const [command, ...args] = [...before, ...words];
    const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}`);
  }
}
