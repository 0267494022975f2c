import { isIP } from 'node:net';
import { readPlace } from '../host-port.js';
import type { Entry, Target } from '../model.js';

/** Where an entry connects to by TCP. */
export interface Door {
  readonly entry: Entry;
  readonly host: string;
  readonly port: number;
  readonly from?: string;
}

/** @returns undefined where the entry connects to nothing, or the port cannot be told */
export function doorOf(entry: Entry): Door | undefined {
  const { resource, subject, params } = entry;
  const url = resource === 'http' && URL.canParse(subject) ? new URL(subject) : undefined;
  const usual = url ? Number(url.port) || (url.protocol === 'https:' ? 443 : 80) : params.starttls ? undefined : 443;
  const text =
    resource === 'addr'
      ? /^tcp:\/\/(.*)$/.exec(subject)?.[1]
      : resource === 'http' || resource === 'certificate'
        ? (params['connect-to'] ?? url?.host ?? subject)
        : undefined;
  const place = typeof text === 'string' && !text.startsWith('/') ? readPlace(text, usual) : undefined;
  return place && { entry, ...place, ...(typeof params.from === 'string' && { from: params.from }) };
}

/** Whether it is surely the target that answers. */
export function meansTarget({ entry, host, from }: Door, target: Target): boolean {
  const start = from ?? target.from;
  const isLoopback = /^(localhost|127(\.[0-9]+){3}|::1)$/i.test(host);
  if (isLoopback) return start === 'target' || target.local === true;
  // A staging VM answers for the public names of a spec, asked from there; `addr` asks the very address.
  if (target.vm) return entry.resource !== 'addr' && start === 'target' && isIP(host) === 0;
  const own = target.ssh?.host;
  if (own === undefined) return false;
  return host === own || (domainOf(host) !== undefined && domainOf(host) === domainOf(own));
}

/** What tells `git.example.org` from `api.github.com`: the last two labels, or three where the last ones are `co.uk` and the like. */
function domainOf(host: string): string | undefined {
  return /(?:^|\.)([^.]+\.(?:(?:co|com|org|net|ac|gov|edu|or|ne)\.[a-z]{2}|[a-z-]{2,}))$/i
    .exec(host)?.[1]
    ?.toLowerCase();
}
