import { X509Certificate } from 'node:crypto';
import { listChain, listNames, mostCertificates, readCertificateFacts } from '../certificate-facts.js';
import { converse, limitOf } from '../conversation.js';
import { distrustPhrases, type Handshake, isFor, shakeHands, TrustStore } from '../handshake.js';
import { readPlace } from '../host-port.js';
import type { Network, NetworkProbe, NoReading, Observation, ShellProbe } from '../model.js';
import {
  absent,
  absentReading,
  defineResource,
  known,
  type ReadingsOf,
  type TypedQuery,
  unknown,
  unknownReading,
} from '../resource.js';
import { printTextFiles, readTextFiles } from '../shell/text-files.js';
import { signatureAlgorithms } from '../signature-algorithm.js';
import { startTls, startTlsPort, startTlsProtocols } from '../starttls.js';
import { listTlsVersions, tlsVersions } from '../tls-versions.js';
import { connectVirtualHost, reachingNotes } from '../virtual-host.js';

/** Seconds that a server has for an answer, unless the entry says otherwise. */
const patience = 10;

const params = {
  'server-name': {
    type: 'string',
    summary: 'Name to ask for (SNI) and that the certificate must be for, where it is not the host of the subject',
    example: 'git.example.org',
  },
  starttls: {
    type: 'string',
    summary: 'Protocol whose STARTTLS comes first; its own port is then the default',
    example: 'smtp',
    words: startTlsProtocols,
  },
  from: {
    type: 'string',
    summary: 'Which end connects; by default the target for a VM, else the runner',
    example: 'target',
    words: ['runner', 'target'],
  },
  'connect-to': {
    type: 'string',
    summary: 'Where to connect, host[:port], in place of looking up the name',
    example: '127.0.0.1:443',
  },
  ca: {
    type: 'string',
    path: true,
    summary: 'Authority to trust beside the usual ones: path of a PEM file on the runner, or PEM text',
    example: 'minica.pem',
  },
} as const;

const properties = {
  issuer: { type: 'string', summary: "The issuer's organization, else its common name", example: "Let's Encrypt" },
  'issuer-organization': { type: 'string', summary: "The issuer's organization (O)", example: "Let's Encrypt" },
  'issuer-common-name': {
    type: 'string',
    summary: "The issuer's common name (CN); authorities change it often",
    example: { 'match-regexp': '^minica root ca [0-9a-f]{6}$' },
  },
  'issuer-chain': {
    type: 'list',
    summary: 'Common names (else organizations) of the issuers upward, as far as certificates were sent',
    example: ['YE1', 'Root YE'],
  },
  subject: { type: 'string', summary: 'Distinguished name; often empty today', example: 'CN=git.example.org' },
  names: {
    type: 'list',
    summary: 'DNS names (lower case) and addresses it is for: its subject alternative names',
    example: { 'contain-element': 'git.example.org' },
  },
  covers: {
    type: 'list',
    summary: 'Those of the names asked for here that it is valid for, by wildcards too',
    example: ['git.example.org', 'www.example.org'],
    asksFor: true,
  },
  'not-before': { type: 'time', summary: 'Begin of its validity', example: { lt: '2026-11-23' } },
  'not-after': { type: 'time', summary: 'End of its validity', example: { gt: '2026-12-31' } },
  remaining: {
    type: 'duration',
    summary: "Time until it ends, by the runner's clock; negative once it has ended",
    example: { ge: '14d' },
    volatile: true,
  },
  'remaining-share': {
    type: 'number',
    summary: 'Part of its lifetime that is left, 0 to 1: right for lifetimes of 90 days and of 6',
    example: { ge: 0.25 },
    volatile: true,
  },
  lifetime: { type: 'duration', summary: 'Time from begin to end', example: { le: '90d' } },
  'chain-remaining': {
    type: 'duration',
    summary: 'Time until the first of it and the intermediates sent with it ends',
    example: { ge: '14d' },
    volatile: true,
  },
  trusted: {
    type: 'boolean',
    summary: 'Whether a client would take it: issuer known (to this machine or by `ca`), in time, right name',
    example: true,
  },
  'trust-error': {
    type: 'string',
    summary: `Why it is not trusted: ${distrustPhrases.join(', ')} …; empty where it is`,
    example: 'expired',
  },
  'self-signed': { type: 'boolean', summary: 'Whether it is signed by its own key', example: false },
  fingerprint: {
    type: 'string',
    summary: 'SHA-256 over the certificate, with colons',
    example: { 'have-prefix': '5A:0F:' },
    volatile: true,
  },
  serial: { type: 'string', summary: 'Serial number, hexadecimal', example: { 'have-len': 36 }, volatile: true },
  'key-type': { type: 'string', summary: 'ec-p256, ec-p384, rsa-2048, ed25519 …', example: 'ec-p256' },
  'signature-algorithm': {
    type: 'string',
    summary: `How it is signed, as openssl calls it: ${signatureAlgorithms.slice(1, 3).join(', ')} …`,
    example: 'ecdsa-with-SHA384',
  },
  purposes: {
    type: 'list',
    summary: 'What it may be used for (extended key usage), sorted: serverAuth, clientAuth, emailProtection …',
    example: { 'contain-element': 'serverAuth' },
  },
  'tls-version': { type: 'string', summary: 'Version agreed with the server', example: 'TLSv1.3' },
  'tls-versions': {
    type: 'list',
    summary: `Versions that the server takes, each tried by a connection of its own, of ${tlsVersions.join(', ')}`,
    example: ['TLSv1.2', 'TLSv1.3'],
  },
  cipher: { type: 'string', summary: 'Cipher agreed, by its IANA name', example: { 'have-prefix': 'TLS_AES_' } },
  alpn: { type: 'string', summary: 'Protocol agreed, where h2 and http/1.1 are offered', example: 'h2' },
} as const;

type Question = TypedQuery<typeof params, typeof properties>;

export default defineResource({
  name: 'certificate',
  summary: 'The certificate that a TLS server shows, or one in a file of the target',
  subject: {
    summary: 'host[:port] (443 unless given), or the absolute path of a PEM file on the target',
    example: 'git.example.org',
    pattern:
      /^(\/[^\0]+|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*|[^\s:/[\]]+(:[0-9]{1,5})?)$/,
    mistake: 'a certificate is named by host, host:port, [IPv6 address]:port or the absolute path of a PEM file',
  },
  params,
  properties,
  notes:
    'It is read without being verified, so that a bad one is described too; `trusted` is told apart from that. Of several ' +
    'certificates in a file the first counts, the others are its chain; what only a connection tells is not known of a file. ' +
    reachingNotes,
  probes: (queries) => {
    const trust = new TrustStore();
    const files = queries.filter(({ subject }) => subject.startsWith('/'));
    const served = queries.filter(({ subject }) => !subject.startsWith('/'));
    return [...(files.length > 0 ? [askForFiles(files)] : []), ...served.map((query) => askServer(query, trust))];
  },
});

type Readings = ReadingsOf<typeof properties>;

function askServer(query: Question, trust: TrustStore): NetworkProbe<Readings> {
  const { from } = query.params;
  return {
    kind: 'network',
    answers: [query],
    ...(from !== undefined && { from: from === 'target' ? 'target' : 'runner' }),
    limit: limitOf(query, patience),
    talk: async (network, signal) => new Map([[query.id, await describeServer(query, trust, network, signal)]]),
  };
}

async function describeServer(query: Question, trust: TrustStore, network: Network, signal: AbortSignal) {
  const protocol = startTlsProtocols.find((one) => one === query.params.starttls);
  const place = readPlace(query.subject, protocol ? startTlsPort(protocol) : 443);
  if (!place) return unknown(`${query.subject} is not host[:port]`);
  const name = query.params['server-name'] ?? place.host;
  const connect = (stop: AbortSignal) => connectVirtualHost(network, place, query.params['connect-to'], stop);
  return converse<Readings>({
    network,
    signal,
    seconds: query.timeout ?? patience,
    reconnect: connect,
    talk: async (stop) => {
      const open = async () => {
        const stream = await connect(stop);
        if (protocol) await startTls(stream, protocol, name);
        return stream;
      };
      const handshake = await shakeHands(open, { name, ...optionsOf(query) }, trust, stop);
      try {
        const versions = query.wanted.has('tls-versions') && (await listTlsVersions(open, name, stop));
        return describeHandshake(query, handshake, versions);
      } finally {
        handshake.socket.destroy();
      }
    },
  });
}

/** Protocols of the web are only offered where they are asked about: strict servers of other kinds refuse them. */
function optionsOf({ params, wanted }: Question) {
  return {
    ...(params.ca !== undefined && { ca: params.ca }),
    ...(wanted.has('alpn') && params.starttls === undefined && { alpn: ['h2', 'http/1.1'] }),
  };
}

function describeHandshake(
  query: Question,
  { socket, certificate, distrust }: Handshake,
  versions: readonly string[] | NoReading | false,
): Observation<Readings> {
  const chain = listChain(certificate);
  const facts = readCertificateFacts(chain, Date.now() / 1000);
  return known({
    ...facts,
    covers: listCovered(query, certificate),
    trusted: distrust === '',
    'trust-error': distrust,
    'tls-version': socket.getProtocol() ?? unknownReading('Node does not tell'),
    ...(versions && { 'tls-versions': versions }),
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol || absentReading('the server agreed to none'),
  });
}

/** The names arrive as a param of the same name: see `asksFor` in the contract. */
function listCovered({ params }: Question, certificate: X509Certificate): readonly string[] {
  const asked = params.covers;
  if (!Array.isArray(asked)) return [];
  return asked.filter((name): name is string => typeof name === 'string' && covers(certificate, name));
}

/** A wildcard asked for by itself must stand there as it is. */
function covers(certificate: X509Certificate, name: string): boolean {
  return isFor(certificate, name) || listNames(certificate).includes(name.toLowerCase());
}

// ---------------------------------------------------------------------------------------------------------- files

function askForFiles(queries: readonly Question[]): ShellProbe<Readings> {
  const paths = [...new Set(queries.map(({ subject }) => subject))];
  return {
    kind: 'shell',
    answers: queries,
    script: printTextFiles(paths),
    exits: [0],
    limit: Math.max(10, ...queries.map((query) => query.timeout ?? 0)),
    maxBytes: 8 * 1024 * 1024,
    slots: 'shared',
    parse: (output) => {
      const texts = readTextFiles(paths, output);
      return new Map(queries.map((query) => [query.id, describeFile(query, texts.get(query.subject))]));
    },
  };
}

function describeFile(query: Question, text: string | NoReading | undefined): Observation<Readings> {
  if (text === undefined) return unknown('it was not read');
  if (typeof text !== 'string') return text.noReading === 'absent' ? absent(text.reason) : unknown(text.reason);
  const chain = readPem(text);
  if (typeof chain === 'string') return unknown(`it cannot be read as a certificate: ${chain}`);
  const [certificate, ...others] = chain;
  if (!certificate) return absent('the file holds no certificate in PEM form');
  const facts = readCertificateFacts([certificate, ...others], Date.now() / 1000);
  const served = absentReading('only a connection has it, and this is a file');
  const unverified = unknownReading('the chain in a file is not verified: ask the server that shows it');
  return known({
    ...facts,
    covers: listCovered(query, certificate),
    ...{
      trusted: unverified,
      'trust-error': unverified,
      'tls-version': served,
      'tls-versions': served,
      cipher: served,
      alpn: served,
    },
  });
}

const pemBlock = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** @returns what OpenSSL says against it, where something between the lines is no certificate */
function readPem(text: string): readonly X509Certificate[] | string {
  try {
    return (text.match(pemBlock) ?? []).slice(0, mostCertificates).map((pem) => new X509Certificate(pem));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
