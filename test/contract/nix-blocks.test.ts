import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { writeFiles } from '../fixture/check-spec.js';

/** Each block of Nix in the documentation is a module, and what it sets below `nixspec.vm` is an option of nix/vm. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const judge = fileURLToPath(new URL('nix-blocks.nix', import.meta.url));
const hasNix = spawnSync('nix-instantiate', ['--version']).status === 0;
const skip = !hasNix && 'there is no nix-instantiate here';

const pages = ['README.md', ...listPages('docs'), ...listPages('docs/vm')];
const blocks = pages.flatMap((page) => findBlocks(page));

t.test('there are some', async (t) => {
  t.ok(blocks.length >= 12, `${blocks.length} blocks`);
});

t.test('each is right', { skip }, async (t) => {
  for (const { page, line, block } of blocks) {
    const { status, stderr } = evaluate(writeFiles(t.testdir(), { 'block.nix': block }));
    t.equal(status, 0, `${page}, line ${line}\n${stderr}`);
  }
});

t.test('what is not right is found', { skip }, async (t) => {
  const wrong = [
    ['{ nixspec.vm.acme.order = "pebble"; }', /there is no option nixspec\.vm\.acme\.order/],
    ['{ nixspec.vm.acme.orders = "certbot"; }', /nixspec\.vm\.acme\.orders/],
    ['{ virtualisation.vmVariant.nixspec.vm.names = "a"; }', /nixspec\.vm\.names/],
    ['{ nixspec.vm.names = [ ] }', /syntax error/],
  ] as const;
  for (const [block, message] of wrong) {
    const { status, stderr } = evaluate(writeFiles(t.testdir(), { 'block.nix': `${block}\n` }));
    t.not(status, 0, block);
    t.match(stderr, message, block);
  }
});

function evaluate(block: string) {
  const args = ['--eval', '--strict', '--json', judge, '--arg', 'block', block];
  return spawnSync('nix-instantiate', args, { encoding: 'utf8', timeout: 60_000 });
}

function listPages(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}

function findBlocks(page: string): { page: string; line: number; block: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```nix\n(.*?)^```/gms)].map(({ 1: block = '', index }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    block,
  }));
}
