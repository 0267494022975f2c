import t from 'tap';
import { Answers } from '../../src/discover/answers.js';
import type { Listing } from '../../src/discover/listing.js';
import { sitesPart } from '../../src/discover/sites.js';
import type { Observation, Query, Value } from '../../src/model.js';
import { absent, known } from '../../src/resource.js';
import type { ListeningSocket } from '../../src/sockets.js';

const day = 86_400;

function socket(port: number, name: string, more: Partial<ListeningSocket> = {}): ListeningSocket {
  const holders = [{ name, pid: 100 }];
  return { protocol: 'tcp', address: '::', port, servesV4: true, servesV6: true, loopback: false, holders, ...more };
}

function listing(sockets: readonly ListeningSocket[], names: Listing['names'] = []): Listing {
  return { units: [], sockets: { sockets, seesAll: true }, names, unseen: [] };
}

/** Asks until nothing new is wanted, as the real thing does; keeps what was asked. */
function find(list: Listing, answer: (query: Query) => { readonly [name: string]: Value | undefined } | undefined) {
  const answers = new Answers();
  const asked: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    for (const query of sitesPart.questions(list, answers)) {
      if (answers.has(query)) continue;
      const told = answer(query);
      asked.push(`${query.resource} ${query.subject} ${Object.values(query.params).join(' ')}`.trim());
      answers.add(query, (told ? known(told) : absent('no')) as Observation);
    }
  }
  const { entries, remarks } = sitesPart.describe(list, answers);
  return {
    asked,
    remarks: remarks.map(({ text, about }) => `${text}: ${about.join(', ')}`),
    entries: entries.map(({ resource, subject, params, expects, ways }) => ({
      what: `${resource} ${subject}`,
      expects,
      params: params ?? {},
      ways: (ways ?? []).map((way) => Object.values(way).join(' ')),
    })),
  };
}

const certificate = {
  fingerprint: 'AA',
  names: ['git.example.org', 'www.example.org'],
  issuer: "Let's Encrypt",
  trusted: true,
  lifetime: 90 * day,
  remaining: 60 * day,
};
const names = ['git.example.org', 'www.example.org'].map(
  (name) => ({ server: 'nginx', name, ports: [80, 443] }) as const,
);

t.test('two names on one certificate, reached by everybody', async (t) => {
  const found = find(listing([socket(443, 'nginx'), socket(80, 'nginx')], names), ({ resource, subject }) => {
    if (resource === 'certificate') return subject.endsWith(':80') ? undefined : certificate;
    if (subject.startsWith('https:')) return { status: 200 };
    const host = subject.slice('http://'.length, -1);
    return { status: 301, location: `https://${host}/?from=1` };
  });
  t.same(found.entries, [
    ...names.map(({ name }) => ({
      what: `http http://${name}/`,
      expects: { status: 301, location: { 'have-prefix': `https://${name}/` } },
      params: {},
      ways: ['runner', 'target', 'target 127.0.0.1:80'],
    })),
    ...names.map(({ name }) => ({
      what: `http https://${name}/`,
      expects: { status: 200 },
      params: {},
      ways: ['runner', 'target', 'target 127.0.0.1:443'],
    })),
    {
      what: 'certificate git.example.org',
      expects: {
        issuer: "Let's Encrypt",
        trusted: true,
        covers: ['git.example.org', 'www.example.org'],
        remaining: { ge: '14d' },
      },
      params: {},
      ways: ['runner', 'target', 'target 127.0.0.1:443'],
    },
  ]);
  t.same(found.remarks, []);
});

t.test('public DNS leads to another machine: only what shows the same certificate counts', async (t) => {
  const found = find(listing([socket(443, 'nginx')], names.slice(0, 1)), ({ resource, params }) => {
    if (resource === 'http') return { status: 200 };
    const direct = params['connect-to'] !== undefined;
    return { ...certificate, fingerprint: direct ? 'AA' : params.from === 'target' ? 'BB' : 'CC' };
  });
  t.same(
    found.entries.map(({ what, ways }) => [what, ways]),
    [
      ['http https://git.example.org/', ['target 127.0.0.1:443']],
      ['certificate git.example.org', ['target 127.0.0.1:443']],
    ],
  );
});

t.test('the plain port is another program on the address that the name leads to', async (t) => {
  const sockets = [socket(443, 'nginx'), socket(80, 'nginx', { address: '::1', servesV4: false, loopback: true })];
  const found = find(listing(sockets, names), ({ resource, subject, params }) => {
    if (resource === 'certificate') return subject.includes(':80') ? undefined : certificate;
    const sure = subject.startsWith('http://[::1]') || params['connect-to'] !== undefined;
    return sure || subject.startsWith('https:') ? { status: 200 } : undefined;
  });
  const plain = found.entries.filter(({ what }) => what.startsWith('http http://'));
  t.same(
    plain.map(({ ways }) => ways),
    names.map(() => ['target [::1]:80']),
  );
});

t.test('lighttpd is no Apache httpd', async (t) => {
  const names = [{ server: 'apache', name: 'www.example.org', ports: [] }] as const;
  const sockets = [socket(8081, 'lighttpd'), socket(8082, 'httpd'), socket(8083, '.httpd-wrapped')];
  const found = find(listing(sockets, names), ({ resource }) => (resource === 'http' ? { status: 200 } : undefined));
  t.same(
    found.entries.map(({ what }) => what),
    ['http http://127.0.0.1:8081/', 'http http://www.example.org:8082/', 'http http://www.example.org:8083/'],
  );
});

t.test('what is not to be trusted, has ended, ends soon, is for others, fails', async (t) => {
  const bad: { readonly [name: string]: object } = {
    'ended.example.org': { remaining: -day, names: ['ended.example.org'] },
    'soon.example.org': { remaining: day, names: ['soon.example.org'] },
    'other.example.org': { names: ['else.example.org'] },
    'fails.example.org': { names: ['*.example.org'], issuer: 'minica root ca 1a2b3c' },
  };
  const sites = Object.keys(bad).map((name) => ({ server: 'nginx', name, ports: [] }) as const);
  const found = find(listing([socket(443, 'nginx')], sites), ({ resource, subject }) => {
    if (resource === 'http') return { status: subject.includes('fails') ? 502 : 401 };
    return { ...certificate, fingerprint: subject, trusted: false, ...bad[subject] };
  });
  const http = found.entries.filter(({ what }) => what.startsWith('http'));
  t.same(
    http.map(({ what, expects, params }) => [what, expects, params]),
    ['ended', 'soon', 'other'].map((name) => [
      `http https://${name}.example.org/`,
      { status: 401 },
      { insecure: true },
    ]),
  );
  const expects = (name: string) =>
    found.entries.find(({ what }) => what === `certificate ${name}.example.org`)?.expects;
  t.same(expects('ended'), { issuer: "Let's Encrypt", covers: ['ended.example.org'] });
  t.same(expects('other'), { issuer: "Let's Encrypt", remaining: { ge: '14d' } });
  t.same(expects('fails'), {
    issuer: { 'have-prefix': 'minica root ca' },
    covers: ['fails.example.org'],
    remaining: { ge: '14d' },
  });
  t.same(found.remarks, [
    'Answer with a server error (5xx), so not asserted: https://fails.example.org/',
    'Have ended: ended.example.org',
    'End soon, so that no bound is asserted: soon.example.org',
    'Are for other names than the one they are shown for: other.example.org',
    'None is trusted by the machine that nixspec ran on: give `ca:`, and take `insecure` away: ',
  ]);
});

t.test('redirects: what changes and what is secret is left out', async (t) => {
  const expects = (location: string) => {
    const list = listing([socket(80, 'nginx')]);
    const found = find(list, ({ resource }) => (resource === 'http' ? { status: 302, location } : undefined));
    return found.entries.map((entry) => entry.expects);
  };
  t.same(expects('/login'), [{ status: 302, location: '/login' }]);
  t.same(expects('https://sso.example.org/x?state=1#y'), [
    { status: 302, location: { 'have-prefix': 'https://sso.example.org/x' } },
  ]);
  t.same(expects('https://user:word@example.org/'), [{ status: 302 }]);
});

t.test('ports are asked in their own words, or not at all', async (t) => {
  const local = { address: '127.0.0.1', loopback: true, servesV6: false };
  const found = find(
    listing([
      socket(22, 'sshd'),
      socket(25, 'smtpd'),
      socket(853, 'unbound'),
      socket(3000, 'forgejo', local),
      socket(8080, 'systemd', { ...local, holders: [{ name: 'systemd', pid: 1 }], madeBy: 'proxy.socket' }),
      socket(9000, 'app', { address: '::1', loopback: true, servesV4: false }),
      socket(9001, 'app', { address: '192.0.2.1' }),
    ]),
    ({ resource, subject, params }) => {
      if (resource === 'certificate' && params.starttls)
        return { ...certificate, names: ['x.example.org', 'mail.example.org'] };
      if (resource === 'certificate' && subject.endsWith(':853')) return { ...certificate, names: [] };
      return resource === 'http' && subject === 'http://127.0.0.1:3000/' ? { status: 200 } : undefined;
    },
  );
  t.same(found.asked, [
    'certificate 127.0.0.1:25 target smtp',
    'certificate 127.0.0.1:853 target',
    'certificate 127.0.0.1:3000 target',
    'http http://127.0.0.1:3000/ target',
    'certificate [::1]:9000 target',
    'http http://[::1]:9000/ target',
    'certificate 192.0.2.1:9001 target',
    'http http://192.0.2.1:9001/ target',
    'certificate mail.example.org:25 runner smtp',
    'certificate mail.example.org:25 target smtp',
    'certificate mail.example.org:25 target 127.0.0.1:25 smtp',
  ]);
  t.same(
    found.entries.map(({ what, params }) => [what, params]),
    [
      ['http http://127.0.0.1:3000/', {}],
      ['certificate mail.example.org:25', { starttls: 'smtp' }],
      ['certificate 127.0.0.1:853', {}],
    ],
  );
});
