import type { Pair, SpecNode } from '../spec/node.js';
import { type BlockLine, blockMap } from '../spec/yaml-writer.js';
import { type EntryWork, finishDraft, hasAssertion, translateAttributes } from './attributes.js';
import type { Draft } from './draft.js';
import { translateExpectation } from './expectation.js';
import { acceptedBooleans } from './gate.js';
import { NotCarried, toBlock } from './site.js';
import { anyMark, variableStart } from './template-run.js';

const recordTypes = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SRV', 'SSHFP', 'TXT'];

/** `MX:example.org` takes the name apart; without a type Goss asks for addresses of both families. @throws NotCarried */
export function translateDns(work: EntryWork): Draft[] {
  const [, prefix, name = ''] = /^(?:([A-Z]+):)?(.+)$/s.exec(work.subject) ?? [];
  const server = work.pairs.find(({ key }) => key.source === 'server')?.value;
  const hasServer = server?.kind === 'scalar' && server.source !== '' && server.value !== null;
  if (prefix !== undefined && !hasServer) {
    throw new NotCarried('without a server Goss asks for addresses, whatever the type: give a server');
  }
  if (prefix !== undefined && !recordTypes.includes(prefix)) {
    throw new NotCarried(`Goss knows no ${prefix} records, and asks for addresses`);
  }
  const named: EntryWork = { ...work, subject: name };
  if (prefix !== undefined) return translateType(named, prefix);
  if (isRefused(work.pairs)) return hasServer ? askForBoth(named) : askGetent(named);
  return translateAddresses(named);
}

/** It is expected to have no addresses at all. */
function isRefused(pairs: readonly Pair[]): boolean {
  const gate = pairs.find(({ key }) => key.source === 'resolvable' || key.source === 'resolveable');
  const accepted = gate && acceptedBooleans(gate.value);
  return accepted?.length === 1 && accepted[0] === false;
}

function translateType(work: EntryWork, type: string): Draft[] {
  const { lines } = work;
  if (type !== 'A') lines.add('type', type);
  const hasNames = ['CNAME', 'NS', 'PTR', 'MX', 'SRV'].includes(type);
  translateAttributes(work, {
    server: (pair) => addServer(pair, work),
    addrs: ({ key, value }) => addAnswers(key, hasNames ? cutDots(value) : value, work),
  });
  return hasAssertion(lines, work.type) ? [finishDraft(work)] : [];
}

function addServer({ key, value }: Pair, { lines }: EntryWork): void {
  if (value.kind === 'scalar' && value.value !== null && value.source !== '') lines.add('server', value.source, key);
}

function addAnswers(key: SpecNode, value: SpecNode, { lines }: EntryWork): void {
  lines.add('answers', toBlock(translateExpectation(value, lines.site('list'))), key);
}

/** Names end in a dot for Goss, and not here. */
function cutDots(node: SpecNode): SpecNode {
  if (node.kind === 'list') return { ...node, items: node.items.map(cutDots) };
  if (node.kind === 'map')
    return { ...node, pairs: node.pairs.map(({ key, value }) => ({ key, value: cutDots(value) })) };
  if (typeof node.value !== 'string' || !node.value.endsWith('.')) return node;
  const text = node.value.replace(/\\?\.$/, '');
  return { ...node, value: text, source: text };
}

/** Only one family can be asked for at once: where addresses of both are expected, there are two entries. */
function translateAddresses(work: EntryWork): Draft[] {
  const { lines, entry, pairs } = work;
  const addrs = pairs.find(({ key }) => key.source === 'addrs')?.value;
  const words = addrs ? textsOf(addrs) : [];
  const six = words.filter((word) => word.includes(':'));
  if (six.length > 0 && six.length === words.length) return translateType(work, 'AAAA');
  if (six.length > 0 && addrs) return splitFamilies(work, addrs);
  if (words.length === 0) {
    lines.remarkAll(
      'note',
      entry.pair.key,
      'Goss also takes IPv6 addresses here; nixspec asks for one type of record, A',
    );
  }
  return translateType(work, 'A');
}

function splitFamilies(work: EntryWork, addrs: SpecNode): Draft[] {
  if (addrs.kind !== 'list')
    throw new NotCarried('addresses of both families are expected: nixspec asks for one at a time');
  const [four, six] = [false, true].map(
    (wanted): SpecNode => ({
      ...addrs,
      items: addrs.items.filter((item) => textsOf(item).some((word) => word.includes(':')) === wanted),
    }),
  );
  if (!four || !six) return [];
  const pairs = work.pairs.map((pair) => (pair.value === addrs ? { ...pair, value: four } : pair));
  const first = translateType({ ...work, pairs }, 'A');
  const second = toBlock(translateExpectation(six, work.lines.site('list')));
  return first.flatMap((draft) => [
    draft,
    { ...draft, before: [], trailing: [], lines: otherFamily(draft.lines, second) },
  ]);
}

function otherFamily(lines: readonly BlockLine[], answers: BlockLine['value']): readonly BlockLine[] {
  const shared = lines.filter(({ key }) => key !== 'answers' && key !== 'resolvable');
  return [
    { key: 'type', value: 'AAAA' },
    ...shared.map(({ key, value }) => ({ key, value })),
    { key: 'answers', value: answers },
  ];
}

/** That a name has no addresses is said of both families. */
function askForBoth(work: EntryWork): Draft[] {
  const { lines } = work;
  lines.add('for-each', blockMap({ family: ['A', 'AAAA'] }));
  lines.add('type', `${variableStart}family}`);
  translateAttributes(work, { server: (pair) => addServer(pair, work) });
  return [finishDraft(work)];
}

/** What a program of the target gets: no addresses at all. getent(1): 2 where a key was not found. */
function askGetent(work: EntryWork): Draft[] {
  const { subject } = work;
  const quoted =
    /^[\w.:-]+$/.test(subject) || anyMark.test(subject) ? subject : `'${subject.replaceAll("'", "'\\''")}'`;
  translateAttributes(work);
  const draft = finishDraft({ ...work, subject: `getent ahosts ${quoted}` }, 'command');
  const asked = draft.lines.map((line) =>
    line.key === 'resolvable' ? { ...line, key: 'exit-status', value: 2 } : line,
  );
  return [{ ...draft, lines: asked.filter(({ key }) => key !== 'server') }];
}

function textsOf(node: SpecNode): readonly string[] {
  if (node.kind === 'scalar') return typeof node.value === 'string' ? [node.value] : [];
  return (node.kind === 'list' ? node.items : node.pairs.map(({ value }) => value)).flatMap(textsOf);
}
