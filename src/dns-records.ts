/** A record as dns-packet has decoded it. */
export interface DecodedRecord {
  readonly type: string;
  readonly name: string;
  readonly ttl?: number | undefined;
  readonly data?: unknown;
  readonly extendedRcode?: number;
}

/** The records of the name, or of what it is an alias for; what else a server adds does not count. */
export function findRecords(answers: readonly DecodedRecord[], name: string, type: string) {
  const names = new Set([name.toLowerCase()]);
  for (let before = 0; before !== names.size && type !== 'CNAME'; ) {
    before = names.size;
    for (const answer of answers) {
      if (answer.type === 'CNAME' && names.has(answer.name.toLowerCase())) names.add(String(answer.data).toLowerCase());
    }
  }
  return answers
    .filter((answer) => answer.type === packetType(type) && names.has(answer.name.toLowerCase()))
    .map((answer) => ({ text: showRecord(type, answer.data), ttl: answer.ttl ?? 0 }));
}

/** What the server says, in words. The upper bits of the code are in the OPT record (RFC 6891, section 6.1.3). */
export function showCode(rcode: string, additionals: readonly DecodedRecord[]): string {
  const upper = additionals.find((record) => record.type === 'OPT')?.extendedRcode ?? 0;
  if (upper === 0) return rcode;
  return upper === 1 && rcode === 'NOERROR' ? 'BADVERS' : `${rcode}+${upper * 16}`;
}

/** Numbers of those types that dns-packet does not know by name. */
const furtherTypes: { readonly [type: string]: number } = { SVCB: 64, HTTPS: 65, URI: 256 };

/** The fields of a record in the order of a zone file; `=` before a field: as text in quotes; `~`: Base64. */
const layouts: { readonly [type: string]: readonly string[] } = {
  CAA: ['flags', 'tag', 'value'],
  DNSKEY: ['flags', 'algorithm', '~key'],
  DS: ['keyTag', 'algorithm', 'digestType', 'digest'],
  HINFO: ['=cpu', '=os'],
  MX: ['preference', 'exchange'],
  NAPTR: ['order', 'preference', '=flags', '=services', '=regexp', 'replacement'],
  NSEC: ['nextDomain', 'rrtypes'],
  RP: ['mbox', 'txt'],
  RRSIG: [
    'typeCovered',
    'algorithm',
    'labels',
    'originalTTL',
    'expiration',
    'inception',
    'keyTag',
    'signersName',
    '~signature',
  ],
  SOA: ['mname', 'rname', 'serial', 'refresh', 'retry', 'expire', 'minimum'],
  SRV: ['priority', 'weight', 'port', 'target'],
  SSHFP: ['algorithm', 'hash', 'fingerprint'],
  TLSA: ['usage', 'selector', 'matchingType', 'certificate'],
};

const plainTypes = ['A', 'AAAA', 'CNAME', 'DNAME', 'NS', 'PTR', 'TXT'];

/** Every type that can be asked for, by its name. */
export const recordTypes = [...plainTypes, ...Object.keys(layouts), ...Object.keys(furtherTypes)].sort();

/** The name by which dns-packet knows a type; it takes numbers too. */
export function packetType(type: string): string {
  const number = furtherTypes[type];
  return number === undefined ? type : `UNKNOWN_${number}`;
}

/**
 * A record as one would write it in a zone file, with names without their last dot, as `dig +short` has it but for that.
 * A TXT record of several strings is one text, as its readers see it.
 * @param data as dns-packet has decoded it
 */
function showRecord(type: string, data: unknown): string {
  if (type === 'TXT') return showText(data);
  if (type === 'SVCB' || type === 'HTTPS') return Buffer.isBuffer(data) ? showService(data) : '';
  if (type === 'URI') return Buffer.isBuffer(data) ? showUri(data) : '';
  const layout = layouts[type];
  if (!layout || typeof data !== 'object' || data === null) return showField(data);
  const fields = data as { readonly [name: string]: unknown };
  const text = layout.map((written) => {
    const name = written.replace(/^[=~]/, '');
    if (written.startsWith('=')) return JSON.stringify(String(fields[name] ?? ''));
    if (written.startsWith('~') && Buffer.isBuffer(fields[name])) return fields[name].toString('base64');
    return type === 'SSHFP' && name === 'fingerprint' ? String(fields[name]).toUpperCase() : showField(fields[name]);
  });
  // RFC 4034, section 2.1.2: the protocol stands between, and is always 3.
  if (type === 'DNSKEY') text.splice(1, 0, '3');
  return text.join(' ');
}

function showField(field: unknown): string {
  if (Buffer.isBuffer(field)) return field.toString('hex').toUpperCase();
  if (Array.isArray(field)) return field.map(showField).join(' ');
  return String(field ?? '').replace(/(.)\.$/, '$1');
}

function showText(data: unknown): string {
  const parts = Array.isArray(data) ? data : [data];
  return Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(String(part))))).toString(
    'utf8',
  );
}

/** RFC 7553. */
function showUri(data: Buffer): string {
  return data.length < 4
    ? ''
    : `${data.readUInt16BE(0)} ${data.readUInt16BE(2)} ${JSON.stringify(data.toString('utf8', 4))}`;
}

// -------------------------------------------------------------------------------------------------- RFC 9460

const serviceKeys = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint'];

/** `1 . alpn=h2,h3 ipv4hint=192.0.2.1`. Names are not compressed there (section 2.2). */
function showService(data: Buffer): string {
  const words = [String(data.readUInt16BE(0))];
  const labels: string[] = [];
  let at = 2;
  for (let length = data.readUInt8(at); length > 0; length = data.readUInt8(at)) {
    labels.push(data.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  words.push(labels.join('.') || '.');
  for (at += 1; at + 4 <= data.length; ) {
    const [key, end] = [data.readUInt16BE(at), at + 4 + data.readUInt16BE(at + 2)];
    const value = showServiceValue(key, data.subarray(at + 4, end));
    words.push((serviceKeys[key] ?? `key${key}`) + (value === '' ? '' : `=${value}`));
    at = end;
  }
  return words.join(' ');
}

function showServiceValue(key: number, value: Buffer): string {
  if (key === 0)
    return cut(value, 2)
      .map((number) => serviceKeys[number.readUInt16BE(0)] ?? `key${number.readUInt16BE(0)}`)
      .join(',');
  if (key === 1) return showProtocols(value);
  if (key === 3) return value.length === 2 ? String(value.readUInt16BE(0)) : value.toString('hex');
  if (key === 4)
    return cut(value, 4)
      .map((address) => address.join('.'))
      .join(',');
  if (key === 5) return value.toString('base64');
  if (key === 6) return cut(value, 16).map(showIpv6).join(',');
  return value.toString('hex');
}

function showProtocols(value: Buffer): string {
  const names: string[] = [];
  for (let at = 0; at < value.length; at += 1 + (value[at] ?? 0)) {
    names.push(value.toString('latin1', at + 1, at + 1 + (value[at] ?? 0)));
  }
  return names.join(',');
}

function showIpv6(address: Buffer): string {
  const groups = cut(address, 2).map((group) => group.toString('hex'));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function cut(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}
