/** Kinds of QEMU's networks that lead out of the machine, or may: of `passt` and the like only its own options tell. */
const outward = new Set([
  'tap',
  'bridge',
  'passt',
  'l2tpv3',
  'netmap',
  'af-xdp',
  'vhost-vdpa',
  'vmnet-host',
  'vmnet-shared',
  'vmnet-bridged',
]);

/**
 * A way by which a machine reaches the world, of QEMU's `info network`; undefined where it has none. Networks between machines
 * (`socket`, `stream`, `dgram`, `vde`) are none.
 */
export function findWayOut(network: string): string | undefined {
  return network
    .split('\n')
    .find((line) => {
      const type = /type=([a-z0-9-]+)/.exec(line)?.[1];
      if (type === 'user') return !/[,=]restrict=on(,|$|\s)/.test(line);
      return type !== undefined && outward.has(type);
    })
    ?.replace(/^[\s\\]+/, '')
    .trim();
}
