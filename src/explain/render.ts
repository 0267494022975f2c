import type { Paint } from '../terminal.js';
import { fillLines } from '../text.js';
import { type Kind, kinds, type Page, type Part, type Row } from './page.js';

interface Look {
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Lines longer than that are hard to read, shorter ones tear the tables apart. */
const widest = 100;
const narrowest = 40;
/** Names up to that wide stand beside what they mean, longer ones above it. */
const column = 24;

/** One page, or several of one name. Of many only what each is. */
export function renderPages(pages: readonly Page[], look: Look): string {
  if (pages.length > 5) return renderList(pages, look);
  return pages.map((page) => renderPage(page, look)).join('\n');
}

/** All that can be asked for, by kind; properties and keys are on the pages of what they belong to. */
export function renderTopics(pages: readonly Page[], look: Look): string {
  const shown: readonly Kind[] = kinds.filter((kind) => kind !== 'property' && kind !== 'parameter' && kind !== 'key');
  const groups = shown.map((kind) => {
    const own = pages.filter((page) => page.kind === kind);
    return `${look.paint('bold', titles[kind] ?? kind)}\n${renderList(own, look)}`;
  });
  const more = 'Of one property or key: `nixspec explain unit.enabled`, or just `enabled`.';
  return `${[...groups, fill(more, 0, look).join('\n')].join('\n')}\n`;
}

const titles: { readonly [kind in Kind]?: string } = {
  resource: 'Resource types',
  matcher: 'Matchers',
  keys: 'Keys and codes',
  value: 'Types of values',
  command: 'Commands',
  report: 'Reports',
  'exit code': 'Exit codes',
  mistake: 'Mistakes of a spec',
  'lint rule': 'Rules of lint',
  error: 'Errors',
};

function renderList(pages: readonly Page[], look: Look): string {
  const rows = pages.map(({ name, summary }) => ({ name, text: summary }));
  return `${rows.flatMap((row) => renderRow(row, look)).join('\n')}\n`;
}

function renderPage({ name, kind, summary, parts }: Page, look: Look): string {
  const head = `${look.paint('bold', name)}  ${look.paint('gray', kind)}`;
  const blocks = [[head, ...fill(`${summary}.`, 0, look)], ...parts.map((part) => renderPart(part, look))];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function renderPart(part: Part, look: Look): readonly string[] {
  if ('text' in part) return renderText(part.text, look);
  const rows = part.rows.flatMap((row) => renderRow(row, look));
  return part.title === undefined ? rows : [look.paint('bold', part.title), ...rows];
}

function renderRow({ name, text, more }: Row, look: Look): readonly string[] {
  const room = column - 4;
  const lines = fill(text, column, look);
  const under = more === undefined ? [] : fill(more, column, { ...look, paint: (_, one) => look.paint('gray', one) });
  const label = `  ${look.paint('cyan', name)}`;
  if (name.length > room) return [label, ...lines, ...under];
  const [first = '', ...rest] = lines;
  return [`${label}${' '.repeat(column - 2 - name.length)}${first.trimStart()}`, ...rest, ...under];
}

/** Markdown as the tables have it: paragraphs and lists. */
function renderText(text: string, look: Look): readonly string[] {
  const lines: string[] = [];
  for (const [at, block] of text.split(/\n{2,}/).entries()) {
    if (at > 0) lines.push('');
    const items = block.split(/\n(?=- )/);
    for (const item of items) {
      const [, dash = '', body = item] = /^(- )?([\s\S]*)$/.exec(item) ?? [];
      const [first = '', ...rest] = fill(body, dash.length, look);
      lines.push(`${dash}${first.trimStart()}`, ...rest);
    }
  }
  return lines;
}

/** Fills lines with words; what is in backticks is painted, and stays in them where there are no colours. */
function fill(text: string, indent: number, { paint, width }: Look): string[] {
  const room = Math.max(narrowest, Math.min(width, widest)) - indent;
  const lines = fillLines(text, room);
  const plain = paint('cyan', 'x') === 'x';
  let inCode = false;
  return lines.map((line) => {
    // Code may go on in the next line.
    const pieces = line.split('`').map((piece, at) => {
      if (at > 0) inCode = !inCode;
      return inCode && !plain && piece !== '' ? paint('cyan', piece) : piece;
    });
    const joined = pieces.join(plain ? '`' : '');
    return `${' '.repeat(indent)}${joined}`;
  });
}
