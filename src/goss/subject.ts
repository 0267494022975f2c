import { posix } from 'node:path';
import { NotCarried } from './site.js';
import { anyMark } from './template-run.js';

/** What a resource of Goss is about, as nixspec calls it. @throws NotCarried */
export function translateSubject(type: string, name: string, note: (text: string) => void): string {
  const rule = Object.hasOwn(rules, type) ? rules[type] : undefined;
  return rule ? rule(name, note) : name;
}

const rules: { readonly [type: string]: (name: string, note: (text: string) => void) => string } = {
  file: cleanPath,
  port: namePort,
  addr: nameAddress,
};

/** As Go cleans a path; a slash at the end would follow a link. */
function cleanPath(name: string, note: (text: string) => void): string {
  const root = /^~root(\/.*)?$/.exec(name);
  if (root) {
    note('the home of root is taken to be /root');
    return cleanPath(`/root${root[1] ?? ''}`, note);
  }
  if (name.startsWith('~')) throw new NotCarried('the home of whoever runs Goss is not known: give the whole path');
  if (anyMark.test(name.charAt(0))) return name;
  if (!name.startsWith('/')) throw new NotCarried('the path is relative to where Goss is run: give the whole path');
  const clean = posix.normalize(name);
  return clean.length > 1 ? clean.replace(/\/$/, '') : clean;
}

/** Goss's `tcp` is IPv4 alone. */
function namePort(name: string): string {
  const [, protocol = 'tcp', six = '', port] = /^(?:(tcp|udp)(6?):)?(.+)$/.exec(name) ?? [];
  if (port === undefined || (!/^[1-9]\d{0,4}$/.test(port) && !anyMark.test(port))) {
    throw new NotCarried('Goss knows only ports such as tcp:80, tcp6:80, udp:53 and udp6:53');
  }
  return `${protocol}${six === '' ? '4' : '6'}:${port}`;
}

function nameAddress(name: string): string {
  const [, network = 'tcp', place = ''] = /^(?:([a-z0-9]+):\/\/)?(.*)$/.exec(name) ?? [];
  const protocol = /^(tcp|udp)[46]?$/.exec(network)?.[1];
  if (protocol === undefined) throw new NotCarried(`${network}:// is neither tcp:// nor udp://`);
  const host = place.startsWith(':') ? `localhost${place}` : place;
  if (!/:\d+$/.test(host) && !anyMark.test(host))
    throw new NotCarried('an address needs a port as a number: tcp://host:port');
  return `${protocol}://${host}`;
}
