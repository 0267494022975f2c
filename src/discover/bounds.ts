/** Bounds that stay what they are when the value moves a little: nothing here is worked out from a single measurement. */

/** Up to the next round number of the unit that one would say it in (`65m`, `26h`, `8d`), a little aside. */
export function roundUpDuration(seconds: number): string {
  const [size, unit] = seconds <= 3 * 3600 ? [60, 'm'] : seconds <= 3 * 86_400 ? [3600, 'h'] : [86_400, 'd'];
  const step = unit === 'm' && seconds > 600 ? 5 : 1;
  return `${Math.max(1, Math.ceil((seconds * 0.98) / Number(size) / step)) * step}${unit}`;
}

/** Percent of a file system that may be in use; undefined where it is nearly full now. */
export function allowedUsage(percent: number): string | undefined {
  const limit = [90, 95, 98].find((most) => percent <= most - 3);
  return limit === undefined ? undefined : `${limit}%`;
}

/** Part of a machine's memory that should stay available: the power of two below a sixteenth of it, 64 MiB at least. */
export function leastMemory(total: number): string {
  const mebibytes = 2 ** Math.floor(Math.log2(Math.max(64, total / 16 / 1024 ** 2)));
  return mebibytes >= 1024 ? `${mebibytes / 1024}GiB` : `${mebibytes}MiB`;
}

/**
 * How much of a certificate's life must be left: days for the usual lifetimes, a part of it for the short and the very
 * long ones, which are renewed by other rules. Undefined where less is left now.
 */
export function allowedRemaining(lifetime: number, remaining: number): Bound | undefined {
  const day = 86_400;
  const [property, least, ge]: readonly [Bound['property'], number, Bound['ge']] =
    lifetime >= 60 * day ? ['remaining', 14 * day, '14d'] : ['remaining-share', lifetime * 0.25, 0.25];
  return remaining > least ? { property, ge } : undefined;
}

export interface Bound {
  readonly property: 'remaining' | 'remaining-share';
  readonly ge: string | number;
}
