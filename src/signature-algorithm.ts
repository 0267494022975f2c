/** By object identifier, with the names of `openssl x509 -text`. */
const algorithms: { readonly [identifier: string]: string } = {
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.3.101.112': 'ED25519',
  '1.3.101.113': 'ED448',
};

/** For the reference. */
export const signatureAlgorithms = Object.values(algorithms);

const sequence = 0x30;
const objectIdentifier = 0x06;

/**
 * How a certificate is signed. Node 20 does not tell, so that it is read from the DER form (RFC 5280, section 4.1: a
 * sequence of what is signed, the algorithm and the signature).
 * @returns the dotted identifier where it has no name here; undefined where the bytes are no certificate
 */
export function readSignatureAlgorithm(der: Buffer): string | undefined {
  const certificate = readElement(der, 0);
  if (certificate?.tag !== sequence) return undefined;
  const signed = readElement(der, certificate.start);
  const algorithm = signed && readElement(der, signed.end);
  if (algorithm?.tag !== sequence) return undefined;
  const identifier = readElement(der, algorithm.start);
  if (identifier?.tag !== objectIdentifier) return undefined;
  const dotted = readDotted(der.subarray(identifier.start, identifier.end));
  return algorithms[dotted] ?? dotted;
}

interface Element {
  readonly tag: number;
  /** Of its contents. */
  readonly start: number;
  readonly end: number;
}

/** X.690, section 8.1: tag, length (short or long form), contents. */
function readElement(der: Buffer, at: number): Element | undefined {
  const [tag, first] = [der[at], der[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const more = first & 0x80 ? first & 0x7f : 0;
  if (more > 4 || at + 2 + more > der.length) return undefined;
  const length = more === 0 ? first : der.readUIntBE(at + 2, more);
  const start = at + 2 + more;
  return start + length > der.length ? undefined : { tag, start, end: start + length };
}

/** X.690, section 8.19: base 128, the first two numbers in one. */
function readDotted(bytes: Buffer): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of bytes) {
    number = number * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...rest].join('.');
}
