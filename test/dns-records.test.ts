import t from 'tap';
import { findRecords, recordTypes, showCode } from '../src/dns-records.js';

function show(type: string, data: unknown, decodedType = type): string | undefined {
  return findRecords([{ type: decodedType, name: 'a.example', ttl: 60, data }], 'a.example', type)[0]?.text;
}

t.test('records as text', async (t) => {
  const bytes = Buffer.from('00ff', 'hex');
  const records: readonly (readonly [string, unknown, string])[] = [
    ['A', '192.0.2.1', '192.0.2.1'],
    ['CNAME', 'b.example.', 'b.example'],
    ['NS', '.', '.'],
    ['TXT', [Buffer.from('two'), Buffer.from(' parts')], 'two parts'],
    ['MX', { preference: 10, exchange: 'mail.example' }, '10 mail.example'],
    ['SRV', { priority: 0, weight: 1, port: 993, target: 'mail.example' }, '0 1 993 mail.example'],
    ['CAA', { flags: 0, tag: 'issue', value: 'letsencrypt.org' }, '0 issue letsencrypt.org'],
    ['SSHFP', { algorithm: 4, hash: 2, fingerprint: 'ab12' }, '4 2 AB12'],
    ['TLSA', { usage: 3, selector: 1, matchingType: 1, certificate: bytes }, '3 1 1 00FF'],
    ['DS', { keyTag: 1, algorithm: 13, digestType: 2, digest: bytes }, '1 13 2 00FF'],
    ['DNSKEY', { flags: 257, algorithm: 15, key: bytes }, '257 3 15 AP8='],
    [
      'NAPTR',
      { order: 1, preference: 2, flags: 'u', services: 'E2U+sip', regexp: '', replacement: '.' },
      '1 2 "u" "E2U+sip" "" .',
    ],
    ['NSEC', { nextDomain: 'b.example', rrtypes: ['A', 'NS'] }, 'b.example A NS'],
  ];
  for (const [type, data, text] of records) {
    t.equal(show(type, data), text, type);
    t.ok(recordTypes.includes(type), type);
  }
});

t.test('HTTPS and URI records', async (t) => {
  const parameters = [
    '0001 0006 0268 3202 6833', // alpn=h2,h3
    '0003 0002 01bb', // port=443
    '0004 0008 c0000201 c0000202', // ipv4hint
    '0006 0010 20010db8000000000000000000000001', // ipv6hint
    '0002 0000', // no-default-alpn
    '0000 0004 0001 0003', // mandatory
    'ff00 0001 aa',
  ];
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
  t.equal(
    show('HTTPS', hex(`0001 00 ${parameters.join('')}`), 'UNKNOWN_65'),
    '1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 no-default-alpn mandatory=alpn,port key65280=aa',
  );
  t.equal(show('SVCB', hex('0000 0361626307 6578616d706c65 00'), 'UNKNOWN_64'), '0 abc.example');
  t.throws(() => show('SVCB', hex('0000 05 6162'), 'UNKNOWN_64'));
  t.equal(show('URI', hex('000a 0001 68747470733a2f2f78'), 'UNKNOWN_256'), '10 1 "https://x"');
});

t.test('only records of the name and of its aliases', async (t) => {
  const answers = [
    { type: 'A', name: 'end.example', ttl: 30, data: '192.0.2.1' },
    { type: 'CNAME', name: 'middle.example', ttl: 60, data: 'END.example' },
    { type: 'CNAME', name: 'A.example', ttl: 60, data: 'middle.example' },
    { type: 'CNAME', name: 'end.example', ttl: 60, data: 'a.example' },
    { type: 'A', name: 'stranger.example', ttl: 1, data: '203.0.113.1' },
    { type: 'AAAA', name: 'end.example', ttl: 1, data: '::1' },
  ];
  t.same(findRecords(answers, 'a.example', 'A'), [{ text: '192.0.2.1', ttl: 30 }]);
  t.same(findRecords(answers, 'a.example', 'CNAME'), [{ text: 'middle.example', ttl: 60 }]);
});

t.test('codes', async (t) => {
  const option = (extendedRcode: number) => [{ type: 'OPT', name: '.', extendedRcode }];
  t.equal(showCode('NXDOMAIN', []), 'NXDOMAIN');
  t.equal(showCode('NOERROR', option(0)), 'NOERROR');
  t.equal(showCode('NOERROR', option(1)), 'BADVERS');
});
