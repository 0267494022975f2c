import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { checkSpec, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const included = 'version: 1\n';
const folders = ['docs', 'docs/vm'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
);
const pages = ['README.md', 'CHANGELOG.md', 'specs/README.md', 'test/lab/README.md', ...folders];

for (const page of pages.filter((page) => page.endsWith('.md'))) {
  const text = readFileSync(join(root, page), 'utf8');

  t.test(`${page}: links lead somewhere`, async (t) => {
    for (const link of findLinks(text)) {
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? join(root, page) : join(root, dirname(page), path);
      if (!t.ok(existsSync(file), link) || anchor === undefined) continue;
      t.ok(findAnchors(readFileSync(file, 'utf8')).includes(anchor), `${link} has its heading`);
    }
  });

  t.test(`${page}: what it shows of the language is right`, async (t) => {
    for (const { line, block } of findBlocks(text)) {
      const files = { 'nixspec.yaml': complete(block), 'common.yaml': included, 'services/web.yaml': included };
      const { problems } = await checkSpec(writeFiles(t.testdir(), files));
      const mistakes = problems.filter(({ severity }) => severity === 'error');
      t.strictSame(mistakes.map(sayProblem), [], `line ${line}`);
    }
  });
}

/** Links to other places of the repository, in Markdown and in the HTML within it. */
function findLinks(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)|(?:src|href)="([^"]+)"/g)];
  return links.map(([, markdown, html]) => markdown ?? html ?? '').filter((link) => !/^[a-z]+:/.test(link));
}

/** Headings as GitHub names them. */
function findAnchors(text: string): string[] {
  const headings = text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function findBlocks(text: string): { line: number; block: string }[] {
  return [...text.matchAll(/^```ya?ml\n(.*?)^```/gms)].map(({ 1: block = '', index }) => ({
    line: text.slice(0, index).split('\n').length + 1,
    block,
  }));
}

/** A whole spec stands for itself; of a part the rest is made up. */
function complete(block: string): string {
  if (/^version:/m.test(block)) return block;
  const entries = /^unit:/m.test(block) ? '' : 'unit: { nginx: { active: true } }\n';
  if (/^targets:/m.test(block)) return `version: 1\n${block}${entries}`;
  return specOf(block);
}
