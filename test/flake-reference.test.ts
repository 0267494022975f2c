import t from 'tap';
import { readFlakeReference, writeFlakeReference } from '../src/flake-reference.js';

t.test('a flake and the host in it', async (t) => {
  const table: readonly (readonly [text: string, read: object | undefined])[] = [
    ['', { flake: '.' }],
    ['.', { flake: '.' }],
    ['#web', { flake: '.', host: 'web' }],
    ['.#web', { flake: '.', host: 'web' }],
    ['.#web.example.org', { flake: '.', host: 'web.example.org' }],
    ['.#"web.example.org"', { flake: '.', host: 'web.example.org' }],
    ['.#nixosConfigurations.web', { flake: '.', host: 'web' }],
    ['.#nixosConfigurations."web.example.org"', { flake: '.', host: 'web.example.org' }],
    ['github:me/conf?dir=nixos#web', { flake: 'github:me/conf?dir=nixos', host: 'web' }],
    ['.#nixosConfigurations.web.config.system.build.vm', undefined],
    ['.#nixosConfigurations."a"."b"', undefined],
    ['.#we"b', undefined],
  ];
  for (const [text, read] of table) t.strictSame(readFlakeReference(text), read, text);
});

t.test('as it is written', async (t) => {
  t.equal(writeFlakeReference({ flake: '.' }), '.');
  t.equal(writeFlakeReference({ flake: '.', host: 'web.example.org' }), '.#web.example.org');
  t.equal(writeFlakeReference({ flake: '.', host: 'a b' }), '.#"a b"');
});
