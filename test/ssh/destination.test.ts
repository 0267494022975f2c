import t from 'tap';
import { parseDestination, showHostPort } from '../../src/ssh/destination.js';

t.test('destinations', async (t) => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['web', { host: 'web' }],
    ['root@web', { host: 'web', user: 'root' }],
    ['root@web:2222', { host: 'web', user: 'root', port: 2222 }],
    ['ssh://root@web:2222', { host: 'web', user: 'root', port: 2222 }],
    ['ssh://web/', { host: 'web' }],
    ['[::1]:2222', { host: '::1', port: 2222 }],
    ['root@[fe80::1]', { host: 'fe80::1', user: 'root' }],
    ['fe80::1', { host: 'fe80::1' }],
    ['me@corp.example@web', { host: 'web', user: 'me@corp.example' }],
    ['', undefined],
    ['web:port', undefined],
    ['web:0', undefined],
    ['web:70000', undefined],
    ['-oProxyCommand=evil', undefined],
    ['-l@web', undefined],
  ];
  for (const [written, expected] of cases) t.same(parseDestination(written), expected, written);
});

t.test('host and port', async (t) => {
  t.equal(showHostPort('web', 22), 'web:22');
  t.equal(showHostPort('::1', 22), '[::1]:22');
});
