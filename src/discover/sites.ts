import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Query, Value } from '../model.js';
import { type Answers, question } from './answers.js';
import { allowedRemaining } from './bounds.js';
import { type Door, listDoors } from './doors.js';
import type { Found, Part, Remark } from './finding.js';
import type { Listing } from './listing.js';
import { isPublicName } from './virtual-names.js';

/**
 * Virtual hosts and certificates behind the TCP ports. First each port is asked by its address; then, by the names that
 * the configuration or the certificate gave, on the target itself, by the target's name look-up, and from the runner,
 * where the last two count only if they lead to the very same certificate.
 */
export const sitesPart: Part = {
  questions: (listing, answers) => {
    const sites = listSites(listing, answers);
    return [
      ...listDoors(listing).flatMap(askAtDoor),
      ...sites.flatMap((site) => [...askForCertificates(site, answers), ...askForPages(site, sites, answers)]),
    ];
  },
  describe: (listing, answers) => {
    const sites = listSites(listing, answers);
    return {
      entries: [
        ...sites.flatMap((site) => describePage(site, provenWaysToPage(site, sites, answers), answers)),
        ...describeCertificates(
          sites.filter((site) => isTls(site.door, answers)),
          answers,
        ),
      ],
      remarks: tell(sites, answers),
    };
  },
};

/** A name at a port; the address of the port itself where no name is known. */
interface Site {
  readonly door: Door;
  readonly name: string;
}

function listSites(listing: Listing, answers: Answers): readonly Site[] {
  return listDoors(listing).flatMap((door) => namesAt(door, listing, answers).map((name) => ({ door, name })));
}

/** Seconds: what does not speak TLS or HTTP often says nothing at all. */
const patience = 4;

const certificateFacts = ['fingerprint', 'names', 'issuer', 'trusted', 'lifetime', 'remaining'];
const onTarget = { from: 'target' } as const;

// ------------------------------------------------------------------------------------------------- the bare ports

function askAtDoor(door: Door): Query[] {
  return door.speech === 'unknown' ? [certificateAt(door), pageAt(door)] : [certificateAt(door)];
}

function certificateAt(door: Door): Query {
  const params = { ...onTarget, ...startTlsOf(door) };
  return question('certificate', door.endpoint, certificateFacts, { params, timeout: patience });
}

function pageAt(door: Door): Query {
  return question('http', `http://${door.endpoint}/`, ['status', 'location'], { params: onTarget, timeout: patience });
}

function startTlsOf({ speech }: Door): { readonly starttls?: string } {
  return typeof speech === 'object' ? { starttls: speech.starttls } : {};
}

function isTls(door: Door, answers: Answers): boolean {
  return answers.isKnown(certificateAt(door));
}

function speaksHttp(door: Door, answers: Answers): boolean {
  return door.speech === 'unknown' && (isTls(door, answers) || answers.isKnown(pageAt(door)));
}

/** @returns the address itself where there is no name */
function namesAt(door: Door, { names }: Listing, answers: Answers): readonly string[] {
  const tls = isTls(door, answers);
  if (!tls && !speaksHttp(door, answers)) return [];
  const configured = names
    .filter(({ server, ports }) => server === door.server && (ports.length === 0 || ports.includes(door.port)))
    .map(({ name }) => name)
    .slice(0, mostNames);
  if (configured.length > 0) return configured;
  const certified = tls ? answers.value(certificateAt(door), 'names') : [];
  const shown = (Array.isArray(certified) ? certified : []).map(String).filter(isPublicName).sort();
  // Of a plain port that is for whoever asks, one name of the same server shows what it does with names.
  const others = tls ? shown : names.filter(({ server }) => server === door.server).map(({ name }) => name);
  return [others.find((name) => suits(name, door)) ?? others[0] ?? hostOf(door.endpoint)];
}

const mostNames = 200;

/** A certificate may be for a hundred names, of which the first labels tell what they are for. */
function suits(name: string, { port, speech }: Door): boolean {
  const kind = typeof speech === 'object' ? speech.starttls : (kinds.get(port) ?? '');
  return kind !== '' && new RegExp(`^(${words[kind]})[0-9.-]`).test(name);
}

const kinds: ReadonlyMap<number, keyof typeof words> = new Map([
  [465, 'smtp'],
  [636, 'ldap'],
  [853, 'dns'],
  [993, 'imap'],
  [995, 'pop3'],
  [5223, 'xmpp'],
]);

const words = {
  smtp: 'smtp|mail|mx|relay',
  imap: 'imap|mail',
  pop3: 'pop3?|mail',
  postgres: 'db|pg|postgres|sql',
  ldap: 'ldap|dc|auth',
  xmpp: 'xmpp|jabber|chat',
  dns: 'dns|ns|resolver',
} as const;

function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

// ------------------------------------------------------------------------------------------------ names and ways

/** Where a name is asked for, best first: as everybody reaches it, as the target itself does, at the very address. */
function waysTo({ door, name }: Site): readonly { readonly [param: string]: string }[] {
  if (isIP(name)) return [onTarget];
  const ways = [onTarget, { ...onTarget, 'connect-to': door.endpoint }];
  return door.open ? [{ from: 'runner' }, ...ways] : ways;
}

function certificateOf(site: Site, way: { readonly [param: string]: string }): Query {
  const params = { ...way, ...startTlsOf(site.door) };
  return question('certificate', subjectOf(site), certificateFacts, { params, timeout: patience });
}

/** As `certificate` takes it; the default port is left out. */
function subjectOf({ door, name }: Site): string {
  const host = isIP(name) === 6 ? `[${name}]` : name;
  return door.port === 443 ? host : `${host}:${door.port}`;
}

function askForCertificates(site: Site, answers: Answers): Query[] {
  return isTls(site.door, answers) ? waysTo(site).map((way) => certificateOf(site, way)) : [];
}

/** The way that certainly leads to the port. */
function surely(site: Site) {
  return waysTo(site).at(-1) ?? onTarget;
}

/** The ways that lead to where the sure one does, as far as can be told: by the certificate. */
function provenWays(site: Site, answers: Answers) {
  const sure = answers.value(certificateOf(site, surely(site)), 'fingerprint');
  return waysTo(site).filter(
    (way) => sure !== undefined && answers.value(certificateOf(site, way), 'fingerprint') === sure,
  );
}

// ---------------------------------------------------------------------------------------------------------- pages

function pageOf(site: Site, answers: Answers, way = surely(site)): Query {
  const secure = isTls(site.door, answers);
  const usual = site.door.port === (secure ? 443 : 80);
  const host = isIP(site.name) === 6 ? `[${site.name}]` : site.name;
  const url = `${secure ? 'https' : 'http'}://${host}${usual ? '' : `:${site.door.port}`}/`;
  const params = { ...way, ...(secure && { insecure: true }) };
  return question('http', url, ['status', 'location'], { params, timeout: patience });
}

function askForPages(site: Site, sites: readonly Site[], answers: Answers): Query[] {
  if (!speaksHttp(site.door, answers)) return [];
  const ways = isTls(site.door, answers) ? [surely(site)] : waysToPage(site, sites, answers);
  return ways.map((way) => pageOf(site, answers, way));
}

/** Without TLS nothing proves where a name leads; but where the same name leads by TLS, it may lead here too. */
function waysToPage(site: Site, sites: readonly Site[], answers: Answers) {
  const secure = sites.find(({ door, name }) => name === site.name && isTls(door, answers));
  const proven = secure ? provenWays(secure, answers).filter((way) => !('connect-to' in way)) : [];
  return [...proven, surely(site)];
}

/** It does where the same is answered: the port may be another program's on the address that the name leads to. */
function provenWaysToPage(site: Site, sites: readonly Site[], answers: Answers) {
  if (isTls(site.door, answers)) return provenWays(site, answers);
  const read = (way: ReturnType<typeof surely>) => {
    const query = pageOf(site, answers, way);
    return [answers.value(query, 'status'), answers.value(query, 'location')];
  };
  const sure = read(surely(site));
  return waysToPage(site, sites, answers).filter((way) => isDeepStrictEqual(read(way), sure));
}

/** What a server says when it fails is nothing to hold it to. */
function describePage(site: Site, ways: Found['ways'], answers: Answers): Found[] {
  const query = pageOf(site, answers);
  const [status, location] = ['status', 'location'].map((name) => answers.value(query, name));
  if (typeof status !== 'number' || status >= 500) return [];
  const expects: Record<string, Value> = { status };
  if (typeof location === 'string' && status >= 300 && status < 400 && !holdsPassword(location))
    expects.location = boundLocation(location);
  const secure = isTls(site.door, answers);
  const distrusted = secure && answers.value(certificateOf(site, surely(site)), 'trusted') !== true;
  return [
    {
      group: isIP(site.name) ? 'local-sites' : 'sites',
      resource: 'http',
      subject: query.subject,
      expects,
      ...(distrusted && { params: { insecure: true } }),
      ...(ways && { ways }),
    },
  ];
}

function holdsPassword(location: string): boolean {
  return /^[a-z+.-]*:?\/\/[^/?#]*@/i.test(location);
}

/** What stands behind the question mark is often another each time. */
function boundLocation(location: string): Value {
  const at = location.search(/[?#]/);
  return at < 0 ? location : { 'have-prefix': location.slice(0, at) };
}

// --------------------------------------------------------------------------------------------------- certificates

/** One entry for all names of a port that show the same certificate. */
function describeCertificates(sites: readonly Site[], answers: Answers): Found[] {
  const shown = new Map<string, Site[]>();
  for (const site of sites) {
    const fingerprint = answers.value(certificateOf(site, surely(site)), 'fingerprint');
    if (fingerprint === undefined) continue;
    const key = `${site.door.port} ${String(fingerprint)}`;
    shown.set(key, [...(shown.get(key) ?? []), site]);
  }
  return [...shown.values()].flatMap((group) => {
    const [site] = group;
    return site
      ? [
          describeCertificate(
            site,
            group.map(({ name }) => name),
            answers,
          ),
        ]
      : [];
  });
}

function describeCertificate(site: Site, names: readonly string[], answers: Answers): Found {
  const query = certificateOf(site, surely(site));
  const told = (property: string) => answers.value(query, property);
  const expects: Record<string, Value> = {};
  const issuer = told('issuer');
  if (typeof issuer === 'string' && issuer !== '') expects.issuer = boundIssuer(issuer);
  if (told('trusted') === true) expects.trusted = true;
  const shown = told('names');
  const covered = names.filter(
    (name) => isPublicName(name) && Array.isArray(shown) && isCovered(name, shown.map(String)),
  );
  if (covered.length > 1 || (covered.length === 1 && told('trusted') !== true)) expects.covers = covered;
  const [lifetime, remaining] = [told('lifetime'), told('remaining')];
  const bound =
    typeof lifetime === 'number' && typeof remaining === 'number' ? allowedRemaining(lifetime, remaining) : undefined;
  if (bound) expects[bound.property] = { ge: bound.ge };
  return {
    group: 'certificates',
    resource: 'certificate',
    subject: subjectOf(site),
    expects,
    params: startTlsOf(site.door),
    ways: provenWays(site, answers),
  };
}

/** minica and pebble make a new authority now and then, whose name ends in a random number. */
function boundIssuer(issuer: string): Value {
  const [, stem] = /^(.+) [0-9a-f]{6}$/.exec(issuer) ?? [];
  return stem === undefined ? issuer : { 'have-prefix': stem };
}

/** RFC 9525, 6.3: a wildcard stands for one label. */
function isCovered(name: string, shown: readonly string[]): boolean {
  return shown.includes(name) || shown.includes(name.replace(/^[^.]+/, '*'));
}

// -------------------------------------------------------------------------------------------------------- remarks

function tell(sites: readonly Site[], answers: Answers): Remark[] {
  const remarks: Remark[] = [];
  const remark = (group: Remark['group'], text: string, about: readonly string[]) => {
    if (about.length > 0) remarks.push({ group, text, about: [...new Set(about)].sort() });
  };
  const pages = sites.filter(({ door }) => speaksHttp(door, answers)).map((site) => pageOf(site, answers));
  const failing = pages.filter((query) => Number(answers.value(query, 'status')) >= 500);
  remark(
    'sites',
    'Answer with a server error (5xx), so not asserted',
    failing.map(({ subject }) => subject),
  );
  const shown = sites.filter((site) => isTls(site.door, answers));
  const told = (site: Site, property: string) => answers.value(certificateOf(site, surely(site)), property);
  const silent = shown.filter((site) => !answers.isKnown(certificateOf(site, surely(site))));
  remark('certificates', 'Show no certificate when they are asked for by this name', silent.map(subjectOf));
  const ended = shown.filter((site) => Number(told(site, 'remaining')) < 0);
  remark('certificates', 'Have ended', ended.map(subjectOf));
  const short = shown.filter((site) => {
    const [lifetime, remaining] = [Number(told(site, 'lifetime')), Number(told(site, 'remaining'))];
    return remaining >= 0 && allowedRemaining(lifetime, remaining) === undefined;
  });
  remark('certificates', 'End soon, so that no bound is asserted', short.map(subjectOf));
  const wrong = shown.filter((site) => {
    const names = told(site, 'names');
    return isPublicName(site.name) && Array.isArray(names) && !isCovered(site.name, names.map(String));
  });
  remark('certificates', 'Are for other names than the one they are shown for', wrong.map(subjectOf));
  const untrusted = shown.filter((site) => told(site, 'trusted') === false);
  const none = untrusted.length === shown.length;
  const way = 'give `ca:`, and take `insecure` away';
  if (none && untrusted.length > 0)
    remarks.push({
      group: 'certificates',
      text: `None is trusted by the machine that nixspec ran on: ${way}`,
      about: [],
    });
  else remark('certificates', `Not trusted by the machine that nixspec ran on (${way})`, untrusted.map(subjectOf));
  return remarks;
}
