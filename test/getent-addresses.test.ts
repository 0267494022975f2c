import t from 'tap';
import { printAddresses, readAddresses } from '../src/getent-addresses.js';

const names = ['one.example', 'none.example', 'two.example'];

const recorded = `0.0.0.0         STREAM 0.0.0.0
0.0.0.0         DGRAM  
0.0.0.0         RAW    
203.0.113.2     STREAM one.example
203.0.113.2     DGRAM  
203.0.113.2     RAW    
203.0.113.10    STREAM 
203.0.113.10    DGRAM  
0.0.0.1         STREAM 0.0.0.1
0.0.0.2         STREAM 0.0.0.2
10.0.0.5        STREAM two.example
=getent 2
`;

t.test('which address is of which name', async (t) => {
  t.same(
    readAddresses('ahostsv4', names, recorded),
    new Map([
      ['one.example', ['203.0.113.10', '203.0.113.2']],
      ['none.example', []],
      ['two.example', ['10.0.0.5']],
    ]),
  );
  t.equal(
    printAddresses('ahostsv4', names.slice(0, 2)).raw,
    'getent ahostsv4 -- 0.0.0.0 one.example 0.0.0.1 none.example; x=$?; echo =getent $x',
  );
});

t.test('answers that prove nothing', async (t) => {
  t.equal(readAddresses('ahostsv4', names, recorded.replace('=getent 2', '=getent 127')), undefined, 'no getent');
  t.equal(readAddresses('ahostsv4', names, recorded.split('\n').slice(0, 8).join('\n')), undefined, 'cut off');
  // A name server that answers with the marks themselves cannot put its addresses under another name.
  const forged = recorded.replace('203.0.113.10    STREAM ', '0.0.0.1         STREAM 0.0.0.1');
  t.equal(readAddresses('ahostsv4', names, forged), undefined, 'forged');
});

t.test('what has no IPv6 address is shown with a mapped one', async (t) => {
  const mark = '2001:db8:ffff:ffff:ffff:ffff:0:0';
  const output = `2001:db8:ffff:ffff:ffff:ffff:: STREAM ${mark}\n::ffff:10.0.0.5 STREAM a\n=getent 0\n`;
  t.same(readAddresses('ahostsv6', ['a'], output), new Map([['a', []]]));
  t.same(readAddresses('ahostsv6', ['a'], output.replace('::ffff:10.0.0.5', 'fd00::5')), new Map([['a', ['fd00::5']]]));
});
