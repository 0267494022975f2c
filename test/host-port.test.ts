import t from 'tap';
import { readPlace, showPlace } from '../src/host-port.js';
import { readNameServer, showNameServer } from '../src/name-server.js';
import { reverseName } from '../src/reverse-name.js';

t.test('places', async (t) => {
  const places: readonly (readonly [string, ReturnType<typeof readPlace>])[] = [
    ['a.example:443', { host: 'a.example', port: 443 }],
    ['a.example', { host: 'a.example', port: 1 }],
    ['[::1]:443', { host: '::1', port: 443 }],
    ['[::1]', { host: '::1', port: 1 }],
    ['2001:db8::1', { host: '2001:db8::1', port: 1 }],
    ['müller.example:80', { host: 'xn--mller-kva.example', port: 80 }],
    ['a:0', undefined],
    ['a:65536', undefined],
    ['[a]:1', undefined],
    ['a b:1', undefined],
    ['', undefined],
  ];
  for (const [text, place] of places) t.same(readPlace(text, 1), place, text);
  t.equal(readPlace('a'), undefined);
  t.equal(showPlace({ host: '::1', port: 53 }), '[::1]:53');
});

t.test('name servers', async (t) => {
  const servers: readonly (readonly [string, ReturnType<typeof readNameServer>, string])[] = [
    ['9.9.9.9', { way: 'udp', place: { host: '9.9.9.9', port: 53 } }, '9.9.9.9:53'],
    ['[fd00::1]:5353', { way: 'udp', place: { host: 'fd00::1', port: 5353 } }, '[fd00::1]:5353'],
    ['tls://9.9.9.9', { way: 'tls', place: { host: '9.9.9.9', port: 853 } }, 'tls://9.9.9.9:853'],
    ['tls://9.9.9.9:1#a.b', { way: 'tls', place: { host: '9.9.9.9', port: 1 }, name: 'a.b' }, 'tls://9.9.9.9:1'],
    ['tls://a.b', { way: 'tls', place: { host: 'a.b', port: 853 }, name: 'a.b' }, 'tls://a.b:853'],
    [
      'https://[::1]:8443/q?x',
      { way: 'https', place: { host: '::1', port: 8443 }, name: '::1', path: '/q?x' },
      'https://[::1]:8443',
    ],
  ];
  for (const [text, server, shown] of servers) {
    t.same(readNameServer(text), server, text);
    if (server) t.equal(showNameServer(server), shown);
  }
  for (const text of ['tls://', 'https://', 'a b', '9.9.9.9:x']) t.equal(readNameServer(text), undefined, text);
});

t.test('names of addresses', async (t) => {
  t.equal(reverseName('192.0.2.1'), '1.2.0.192.in-addr.arpa');
  t.equal(
    reverseName('2001:db8::567:89ab'),
    'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
  );
  t.equal(reverseName('::'), `${'0.'.repeat(32)}ip6.arpa`);
});
