import t from 'tap';
import { findWayOut } from '../../src/vm/way-out.js';

// As QEMU 7.2 prints them.
const card = 'virtio-net-pci.0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56\n';
const user = (restrict: string) => `${card} \\ user.0: index=0,type=user,net=10.0.2.0,restrict=${restrict}\n`;

t.test('ways out of a machine', async (t) => {
  const table: readonly (readonly [network: string, way: string | undefined])[] = [
    ['', undefined],
    [card, undefined],
    [user('on'), undefined],
    [`${user('on').trimEnd()}\r\n`, undefined],
    [user('off'), 'user.0: index=0,type=user,net=10.0.2.0,restrict=off'],
    [`${user('on')} \\ lan: index=0,type=tap,ifname=tap0\n`, 'lan: index=0,type=tap,ifname=tap0'],
    [`${user('on')} \\ b: index=0,type=socket,socket: mcast=230.0.0.1:1234\n`, undefined],
    [`${user('on')}b: index=0,type=user,net=10.0.3.0\n`, 'b: index=0,type=user,net=10.0.3.0'],
  ];
  for (const [network, way] of table) t.equal(findWayOut(network), way, network);
});
