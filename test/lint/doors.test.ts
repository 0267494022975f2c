import t from 'tap';
import { doorOf, meansTarget } from '../../src/lint/doors.js';
import type { Entry, Target, Value } from '../../src/model.js';

function entry(resource: string, subject: string, params: { readonly [name: string]: Value } = {}): Entry {
  const options = { tags: [], severity: 'error', within: 0, every: 1 } as const;
  return { resource, subject, params, options, expectations: [], position: { file: '', line: 1, column: 1 } };
}

t.test('where an entry connects to', async (t) => {
  const rows: readonly (readonly [Entry, string | undefined])[] = [
    [entry('http', 'https://a.example.org/x'), 'a.example.org:443'],
    [entry('http', 'http://a.example.org/'), 'a.example.org:80'],
    [entry('http', 'http://[::1]:8080/'), '::1:8080'],
    [entry('http', 'https://a.example.org/', { 'connect-to': '127.0.0.1:8443' }), '127.0.0.1:8443'],
    [entry('http', 'https://a.example.org/', { 'connect-to': '127.0.0.1' }), '127.0.0.1:443'],
    [entry('certificate', 'a.example.org'), 'a.example.org:443'],
    [entry('certificate', 'a.example.org:993'), 'a.example.org:993'],
    [entry('certificate', 'a.example.org', { starttls: 'smtp' }), undefined],
    [entry('certificate', '/var/lib/a.pem'), undefined],
    [entry('addr', 'tcp://a.example.org:25'), 'a.example.org:25'],
    [entry('addr', 'udp://a.example.org:53'), undefined],
    [entry('unit', 'a.example.org:443'), undefined],
  ];
  for (const [one, place] of rows) {
    const door = doorOf(one);
    t.equal(door && `${door.host}:${door.port}`, place, `${one.resource} ${one.subject}`);
  }
});

t.test('whether that is the target', async (t) => {
  const ssh = (host: string): Target => ({ name: 'a', ssh: { host }, from: 'runner' });
  const vm: Target = { name: 'vm', vm: {}, from: 'target' };
  const local: Target = { name: 'here', local: true, from: 'runner' };
  const rows: readonly (readonly [Target, Entry, boolean])[] = [
    [ssh('web.example.org'), entry('http', 'https://web.example.org/'), true],
    [ssh('web.example.org'), entry('http', 'https://git.example.org/'), true],
    [ssh('web.example.org'), entry('http', 'https://example.org/'), true],
    [ssh('web.example.org'), entry('http', 'https://api.example.com/'), false],
    [ssh('web.example.co.uk'), entry('http', 'https://api.other.co.uk/'), false],
    [ssh('web.example.co.uk'), entry('http', 'https://git.example.co.uk/'), true],
    [ssh('web'), entry('http', 'https://git.example.org/'), false],
    [ssh('192.0.2.1'), entry('http', 'https://192.0.2.2/'), false],
    [ssh('192.0.2.1'), entry('http', 'https://192.0.2.1/'), true],
    [ssh('web.example.org'), entry('http', 'http://localhost/'), false],
    [ssh('web.example.org'), entry('http', 'http://localhost/', { from: 'target' }), true],
    [vm, entry('http', 'https://api.example.com/'), true],
    [vm, entry('http', 'https://api.example.com/', { from: 'runner' }), false],
    [vm, entry('http', 'https://192.0.2.1/'), false],
    [vm, entry('addr', 'tcp://db.example.org:5432'), false],
    [local, entry('http', 'http://127.0.0.1/'), true],
    [local, entry('http', 'https://example.org/'), false],
  ];
  for (const [target, one, means] of rows) {
    const door = doorOf(one);
    t.equal(door && meansTarget(door, target), means, `${target.ssh?.host ?? target.name}: ${one.subject}`);
  }
});
