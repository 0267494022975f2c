import type { Pair, SpecNode } from '../spec/node.js';
import type { Block } from '../spec/yaml-writer.js';
import { type EntryWork, translateAttributes } from './attributes.js';
import { translateExpectation } from './expectation.js';
import { isTrueNode, readGoScalar } from './scalar.js';
import { AssertsNothing, blockOf, type Kind, NotCarried, type Site, toBlock } from './site.js';
import { anyMark } from './template-run.js';

/** A value of the gossfile itself: nixspec judges it by its own type, so that this decides how Goss is understood. */
export function translateMatching(work: EntryWork): void {
  const { lines, pairs } = work;
  const find = (name: string) => pairs.find(({ key }) => key.source === name);
  const content = find('content');
  const reader = isTrueNode(find('as-reader')?.value);
  if (!content) throw new NotCarried('it has no content');
  translateAttributes(work, {
    content: () => {},
    'as-reader': () => {},
    matches: (pair) => {
      const { kind, block, matches } = judge(content.value, pair, reader, work);
      lines.add('content', block, content.key);
      if (kind === 'text' && !reader && pair.value.kind === 'list') {
        lines.remark('differs', pair.key, 'Goss refuses a list for a text without as-reader');
      }
      if (/:\s*"-?\d+(\.\d+)?"/.test(String(block)) && usesJson(pair.value)) {
        lines.remark('differs', pair.key, 'Goss takes "15" for 15 in JSON; nixspec does not');
      }
      lines.add('matches', matches, pair.key);
    },
  });
}

interface Judged {
  readonly kind: Kind;
  readonly block: Block;
  readonly matches: Block;
}

/** A number that is matched as a text is given as one. */
function judge(content: SpecNode, { value }: Pair, reader: boolean, { lines }: EntryWork): Judged {
  const kind = reader ? 'text' : kindOf(content);
  const attempt = (tried: Kind, block: Block): Judged => {
    const site: Site = { ...lines.site(tried), isOwn: true };
    return { kind: tried, block, matches: toBlock(translateExpectation(value, site)) };
  };
  if (content.kind === 'scalar' && anyMark.test(content.source)) lines.wants(content.source, kind);
  const asText = content.kind === 'scalar' ? String(readGoScalar(content) ?? '') : undefined;
  if (reader) {
    if (asText === undefined) throw new NotCarried('as-reader of a list or mapping cannot be said');
    return attempt('text', asText);
  }
  const block = content.kind === 'scalar' ? readGoScalar(content) : blockOf(content);
  try {
    return attempt(kind, block);
  } catch (error) {
    if (kind !== 'number' || asText === undefined || error instanceof AssertsNothing) throw error;
    return attempt('text', asText);
  }
}

/** As nixspec takes it. */
function kindOf(content: SpecNode): Kind {
  if (content.kind === 'list') {
    return content.items.every((item) => item.kind === 'scalar' && item.value !== null) ? 'list' : 'json';
  }
  if (content.kind === 'map') return 'json';
  if (typeof content.value === 'string') return 'text';
  return typeof content.value === 'number' ? 'number' : 'json';
}

function usesJson(node: SpecNode): boolean {
  if (node.kind === 'scalar') return false;
  if (node.kind === 'list') return node.items.some(usesJson);
  return node.pairs.some(({ key, value }) => key.source === 'gjson' || usesJson(value));
}
