import t from 'tap';
import { askForPackages, comparePackages, readPackages } from '../../src/inventory/packages.js';
import type { InventoryPackages } from '../../src/inventory-model.js';
import { readSections } from '../../src/shell/sections.js';

function read(printed: string, exit = 0, said = '') {
  const stdout = Buffer.from(`${printed}=packages ${exit}\n`);
  return readPackages(readSections({ stdout, stderr: Buffer.from(`${said}\n=packages ${exit}\n`) }));
}

function closure(...names: readonly string[]): string {
  return `=nix\n${names.map((name) => `00000000000000000000000000000000-${name}\n`).join('')}=end\n`;
}

t.test('a closure', async (t) => {
  t.same(
    read(
      closure(
        'openssl-3.0.9',
        'openssl-3.0.14',
        'openssl-3.0.14-bin',
        'python3.12-requests-2.32.3',
        'python3-3.12.7',
        'perl5.40.0-URI-5.21',
        'etc-nginx.conf',
        'unit-nginx.service',
        'nixos-system-web-26.05.20261120',
        'initrd-linux-6.12.58',
        'linux-6.12.58',
        'source',
      ),
    ),
    {
      status: 'known',
      value: {
        manager: 'nix',
        list: [
          { name: 'linux', versions: ['6.12.58'] },
          { name: 'openssl', versions: ['3.0.14', '3.0.9'] },
          { name: 'perl-URI', versions: ['5.21'] },
          { name: 'python-requests', versions: ['2.32.3'] },
          { name: 'python3', versions: ['3.12.7'] },
        ],
      },
    },
  );
});

t.test('dpkg', async (t) => {
  t.same(read('=dpkg\nlibc6\tamd64\tii \t2.41-12\nlibc6\ti386\tii \t2.41-12\ngone\tall\trc \t1.0\n=end\n'), {
    status: 'known',
    value: { manager: 'dpkg', list: [{ name: 'libc6', versions: ['2.41-12'] }] },
  });
});

t.test('could not look', async (t) => {
  for (const [name, found, reason] of [
    ['cut', readPackages(new Map()), 'the package manager was not run to its end'],
    [
      'none',
      read('', 127, 'there is neither a NixOS system nor dpkg-query, and no other package manager is read'),
      'the package manager gave no answer: there is neither a NixOS system nor dpkg-query, and no other package manager is read',
    ],
    ['it hangs', read('=nix\n', 137), 'the package manager gave no answer within 10 s'],
    ['half', read('=nix\n00000000000000000000000000000000-a-1\n'), 'the list of packages is not whole'],
    [
      'without Nix',
      read(closure('a-1').replace('nix', 'listing')),
      'nix-store is missing: nobody can tell what the running system uses',
    ],
  ] as const) {
    t.same(found, { status: 'unknown', reason }, name);
  }
});

t.test('comparing', async (t) => {
  const list = (manager: 'nix' | 'dpkg', versions: string): InventoryPackages => ({
    manager,
    list: versions === '-' ? [] : [{ name: 'a', versions: versions.split(' ') }],
  });
  for (const [manager, before, after, kind] of [
    ['nix', '1.0', '1.0', undefined],
    ['nix', '1.9', '1.10', 'up'],
    ['nix', '1.10', '1.9', 'down'],
    ['nix', '2.0pre1', '2.0', 'up'],
    ['nix', '-', '1.0', 'added'],
    ['nix', '1.0', '-', 'removed'],
    ['nix', '3.0 1.0', '3.1 1.0', 'up'],
    ['nix', '3.0 1.1', '3.0 1.0', 'down'],
    ['nix', '3.0', '3.0 1.0', 'changed'],
    ['nix', '3.0 1.0', '3.0', 'changed'],
    ['nix', '1.0', '1-0', 'changed'],
    ['dpkg', '1.0', '1.0~rc1', 'down'],
    ['dpkg', '1:1.0', '2.0', 'down'],
    ['dpkg', '1.0-1', '1.0-1+deb13u1', 'up'],
  ] as const) {
    const changes = comparePackages(list(manager, before), list(manager, after));
    const words = {
      ...(before !== '-' && { before: before.replace(' ', ', ') }),
      ...(after !== '-' && { after: after.replace(' ', ', ') }),
    };
    t.same(
      changes,
      kind === undefined ? [] : [{ section: 'packages', kind, subject: 'a', ...words }],
      `${manager}: ${before} and ${after}`,
    );
  }
});

t.test('the hashes of store paths do not cross the network', async (t) => {
  t.match(askForPackages.raw, /sed 's\|\^\/nix\/store\//);
});
