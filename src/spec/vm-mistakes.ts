import { readFlakeReference } from '../flake-reference.js';
import type { Problem, Value } from '../model.js';
import { showValue } from '../value.js';
import { mistakeAt } from './mistake.js';
import { pairOf, type SpecNode, valueAt } from './node.js';

const mebibyte = 1024 ** 2;

/** What a VM cannot do without, in bytes: less than that is most likely a number in NixOS's unit, MiB, without one. */
const least = { memory: 128 * mebibyte, disk: 256 * mebibyte } as const;

/** What of a VM comes from where; two of a row contradict each other. */
const contradictions: readonly (readonly [string, string, why: string])[] = [
  ['flake', 'file', 'a configuration is in a flake or in a file'],
  ...['flake', 'file', 'attribute', 'modules', 'system', 'secrets', 'memory', 'cores', 'disk'].map(
    (key) => ['command', key, 'a VM that was built elsewhere is as it is'] as const,
  ),
  ...['modules', 'system', 'secrets', 'memory', 'cores', 'disk'].map(
    (key) => ['attribute', key, 'nixspec adds nothing to a VM of your own making'] as const,
  ),
];

/** Mistakes in `vm:` that are seen without looking anywhere. @param read its values */
export function findVmMistakes(node: SpecNode, read: { readonly [key: string]: Value }): Problem[] {
  return [
    ...findContradictions(node, read),
    ...findBadCores(node, read),
    ...findSmall(node, read),
    ...findBadHost(node, read),
  ];
}

function findContradictions(node: SpecNode, read: { readonly [key: string]: Value }): Problem[] {
  return contradictions.flatMap(([one, other, why]) => {
    if (read[one] === undefined || read[other] === undefined) return [];
    return [
      mistakeAt('bad-target', `\`${other}\` cannot stand beside \`${one}\`: ${why}`, pairOf(node, other)?.key ?? node),
    ];
  });
}

function findBadCores(node: SpecNode, { cores }: { readonly [key: string]: Value }): Problem[] {
  if (cores === undefined || (Number.isInteger(cores) && Number(cores) >= 1)) return [];
  return [mistakeAt('bad-value', `expected a whole number of cores, not ${cores}`, valueAt(node, 'cores') ?? node)];
}

function findSmall(node: SpecNode, read: { readonly [key: string]: Value }): Problem[] {
  return (['memory', 'disk'] as const).flatMap((key) => {
    const value = read[key];
    if (typeof value !== 'number' || value >= least[key]) return [];
    const place = valueAt(node, key) ?? node;
    const message = `${showValue(value, 'size')} is too little for a VM`;
    const hint = place.kind === 'scalar' && /^\d+$/.test(place.source) ? `perhaps ${place.source}MiB` : undefined;
    return [mistakeAt('bad-value', message, place, hint)];
  });
}

function findBadHost(node: SpecNode, { flake, attribute }: { readonly [key: string]: Value }): Problem[] {
  if (typeof flake !== 'string' || !flake.includes('#')) return [];
  const [before = '', ...rest] = flake.split('#');
  const fragment = rest.join('#');
  const place = valueAt(node, 'flake') ?? node;
  if (typeof attribute === 'string') {
    const message = `\`attribute\` says what of the flake is meant, and so does "#${fragment}"`;
    return [mistakeAt('bad-target', message, place, `flake: "${before || '.'}"`)];
  }
  if (readFlakeReference(flake)) return [];
  const hint = `a host, such as ".#web"; for anything else: flake: "${before || '.'}", attribute: ${fragment}`;
  return [mistakeAt('bad-target', `"#${fragment}" is no host`, place, hint)];
}
