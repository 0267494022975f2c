import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { pinSource } from '../../src/rehearse/pin-flake.js';

const revision = 'b'.repeat(40);

// What `nix flake metadata --json` calls `resolved`.
for (const [name, source, url] of [
  ['GitHub', { type: 'github', owner: 'me', repo: 'config' }, `github:me/config/${revision}`],
  [
    'GitHub, with a branch: the commit takes its place',
    { type: 'github', owner: 'me', repo: 'config', ref: 'main' },
    `github:me/config/${revision}`,
  ],
  [
    'a folder of a GitLab of one’s own',
    { type: 'gitlab', owner: 'me', repo: 'config', host: 'git.example.org', dir: 'nix/hosts' },
    `gitlab:me/config/${revision}?host=git.example.org&dir=nix/hosts`,
  ],
  ['SourceHut', { type: 'sourcehut', owner: '~me', repo: 'config' }, `sourcehut:~me/config/${revision}`],
  [
    'a repository of this machine',
    { type: 'git', url: 'file:///home/me/config' },
    `git+file:///home/me/config?rev=${revision}`,
  ],
  [
    'a folder of it',
    { type: 'git', url: 'file:///home/me/config', dir: 'hosts' },
    `git+file:///home/me/config?rev=${revision}&dir=hosts`,
  ],
  [
    'another machine’s, any branch',
    { type: 'git', url: 'ssh://git@git.example.org/config' },
    `git+ssh://git@git.example.org/config?allRefs=1&rev=${revision}`,
  ],
  [
    'another machine’s, a branch',
    { type: 'git', url: 'https://git.example.org/config', ref: 'refs/heads/main', submodules: true },
    `git+https://git.example.org/config?ref=refs/heads/main&rev=${revision}&submodules=1`,
  ],
  ['an archive has no history', { type: 'tarball', url: 'https://example.org/x.tar.gz' }, undefined],
  ['a folder has none of its own', { type: 'path', path: '/srv/config' }, undefined],
] as const) {
  t.test(name, async (t) => t.equal(pinSource(source, revision), url));
}

t.test('git knows the folder of a `path:` flake', async (t) => {
  const { pinFolder } = await import('../../src/rehearse/pin-flake.js');
  const top = t.testdir({ hosts: {} });
  t.equal(await pinFolder({ type: 'path', path: '/' }, revision), undefined, 'no repository');
  execFileSync('git', ['init', '--quiet', top]);
  t.equal(await pinFolder({ type: 'path', path: top }, revision), `git+file://${top}?rev=${revision}`);
  const inside = `git+file://${top}?rev=${revision}&dir=hosts`;
  t.equal(await pinFolder({ type: 'path', path: join(top, 'hosts') }, revision), inside);
});
