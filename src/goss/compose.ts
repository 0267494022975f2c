import { positionOf } from '../spec/mistake.js';
import { type Block, type BlockLine, BlockMap, blockMap, writeYaml } from '../spec/yaml-writer.js';
import type { Draft, Want } from './draft.js';
import type { GossFile } from './gossfile.js';
import type { Remark } from './remarks.js';
import { gapMark, holeMark, markEnd, variableStart } from './template-run.js';
import { type Hole, variableName } from './template-value.js';
import type { Translation } from './translate.js';

export interface Target {
  readonly name: string;
  /** Undefined: the machine that nixspec runs on. */
  readonly ssh?: string;
}

/** A spec to be, as data: what stands at its top, and its entries. */
export interface Composition {
  /** In the order in which they stand under each resource type. */
  readonly drafts: readonly Draft[];
  readonly root: BlockMap;
  readonly header: readonly string[];
  readonly remarks: readonly Remark[];
}

/** Puts the entries together as a spec. Pure. */
export function composeSpec(
  translation: Translation,
  files: readonly GossFile[],
  targets: readonly Target[],
): Composition {
  const names = new Names(files, findNames(translation.drafts), translation.findings.wants);
  const merged = separate(translation.drafts, names);
  const sections = composeSections(merged.drafts);
  const vars = names.listVars();
  const rest = translation.rest.map((line) => names.plain(line));
  const lines: BlockLine[] = [
    { key: 'version', value: 1 },
    { key: 'targets', value: composeTargets(targets) },
    ...(vars.length > 0 ? [{ key: 'vars', value: new BlockMap(vars) }] : []),
    ...composeDefaults(merged.drafts),
    ...sections.map((line) => names.finish(line)),
  ];
  return {
    drafts: merged.drafts,
    root: new BlockMap(lines, rest),
    header: translation.header.map((line) => names.plain(line)),
    remarks: [...translation.findings.remarks, ...merged.remarks, ...names.remarks].sort(byPlace),
  };
}

/** As YAML. */
export function showSpec({ root, header }: Composition): string {
  return writeYaml(root, header);
}

function composeTargets(targets: readonly Target[]): BlockMap {
  const chosen = targets.length > 0 ? targets : [{ name: 'here' }];
  return new BlockMap(
    chosen.map(({ name, ssh }: Target) => ({
      key: name,
      value: blockMap(ssh === undefined ? { local: true } : { ssh }),
      ...(targets.length === 0 && { behind: 'another machine: { ssh: root@web.example.org }' }),
    })),
  );
}

/** What Goss does everywhere, and nixspec only if asked: it looks from the machine itself, at links, behind redirects. */
const defaults: { readonly [resource: string]: { readonly [key: string]: Block } } = {
  file: { follow: false },
  http: { from: 'target', 'follow-redirects': true },
  addr: { from: 'target' },
  dns: { from: 'target' },
};

function composeDefaults(drafts: readonly Draft[]): BlockLine[] {
  const used = Object.entries(defaults).filter(([name]) => drafts.some(({ resource }) => resource === name));
  const lines = used.map(([name, values]) => [name, blockMap(values)] as const);
  return lines.length === 0 ? [] : [{ key: 'defaults', value: blockMap(lines) }];
}

function composeSections(drafts: readonly Draft[]): BlockLine[] {
  const sections = new Map<string, Draft[]>();
  for (const draft of drafts) sections.set(draft.resource, [...(sections.get(draft.resource) ?? []), draft]);
  return [...sections].map(([key, some]) => ({
    key,
    space: true,
    before: some[0]?.above ?? [],
    value: new BlockMap(some.map((draft, at) => composeEntry(draft, at === 0))),
  }));
}

function composeEntry({ subject, lines, before, behind, trailing, above }: Draft, isFirst: boolean): BlockLine {
  return {
    key: subject,
    value: new BlockMap(lines, trailing),
    before: [...(isFirst ? [] : above), ...before],
    ...(behind !== undefined && { behind }),
  };
}

/** In YAML a subject stands once under its type: a second entry about it gets its name by a variable. */
function separate(drafts: readonly Draft[], names: Names): { drafts: Draft[]; remarks: Remark[] } {
  const seen = new Map<string, Draft>();
  const remarks: Remark[] = [];
  const kept = drafts.flatMap((draft) => {
    const key = JSON.stringify([draft.resource, draft.subject]);
    const first = seen.get(key);
    if (!first) {
      seen.set(key, draft);
      return [draft];
    }
    if (textOf(first) === textOf(draft)) {
      const text = `${draft.resource} ${draft.subject} is there twice, and once here`;
      remarks.push({ kind: 'note', position: draft.position, text: names.plain(text) });
      return [];
    }
    return [{ ...draft, subject: names.nameSubject(draft), subjectBefore: draft.subject }];
  });
  return { drafts: kept, remarks };
}

function textOf({ lines }: Draft): string {
  return JSON.stringify(lines.map(({ key, value }) => [key, value]));
}

const mark = new RegExp(`${holeMark}([^${markEnd}]*)${markEnd}|${gapMark}${markEnd}`, 'g');

/** The variables that entries use; comments do not count. */
function findNames(drafts: readonly Draft[]): ReadonlySet<string> {
  const text = JSON.stringify(drafts.map(({ subject, lines }) => [subject, lines.map(({ value }) => value)]));
  return new Set([...text.matchAll(mark)].flatMap(([, name]) => name ?? []));
}

/** Variables of the spec: those of the templates, and those that tell subjects apart. */
class Names {
  readonly remarks: Remark[] = [];
  private readonly vars = new Map<string, BlockLine>();

  constructor(
    private readonly files: readonly GossFile[],
    private readonly used: ReadonlySet<string>,
    private readonly wants: readonly Want[],
  ) {}

  nameSubject({ id, subject, resource }: Draft): string {
    const wish = id.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^[^A-Za-z_]+|-+$/g, '') || resource;
    const name = this.findFree(wish);
    this.vars.set(name, { key: name, value: this.text(subject) });
    return `${variableStart}${name}}`;
  }

  private findFree(wish: string): string {
    let name = wish;
    for (let number = 2; this.vars.has(name); number += 1) name = `${wish}-${number}`;
    return name;
  }

  listVars(): readonly BlockLine[] {
    for (const { hole, file, start } of this.listHoles()) this.define(hole, file, start);
    return [...this.vars.values()];
  }

  private listHoles() {
    return this.files.flatMap((file) => file.rendered.holes.map(({ hole, start }) => ({ hole, file, start })));
  }

  /** A variable that has no value yet gets one that the spec can be checked with. */
  private define(hole: Hole, file: GossFile, start: number): void {
    const name = variableName(hole);
    if (this.vars.has(name) || name.startsWith('env.') || !this.used.has(name)) return;
    if (hole.value !== undefined) {
      this.vars.set(name, { key: name, value: hole.value });
      return;
    }
    const written = hole.name.startsWith('env.') ? `the environment variable ${name}` : `.Vars.${hole.name}`;
    const text = `the value of ${written} is not known: give --vars, or set the variable ${name} of the spec`;
    this.remarks.push({ kind: 'lost', position: positionOf({ file: file.source, start }), text });
    this.vars.set(name, { key: name, value: this.placeholder(name), behind: 'not known' });
  }

  private placeholder(name: string): Block {
    const want = this.wants.find(({ source }) => this.text(source) === `\${${name}}`);
    const values: { readonly [kind: string]: Block } = {
      number: 0,
      percentage: '0%',
      boolean: true,
      mode: '0000',
      filetype: 'file',
      list: [],
      addresses: [],
    };
    if (typeof want?.as === 'object') return want.as.example;
    return (want && values[want.as]) ?? 'unknown';
  }

  finish(line: BlockLine): BlockLine {
    return {
      ...line,
      key: this.text(line.key),
      value: this.block(line.value),
      ...(line.before && { before: line.before.map((comment) => this.plain(comment)) }),
      ...(line.behind !== undefined && { behind: this.plain(line.behind) }),
    };
  }

  private block(block: Block): Block {
    if (typeof block === 'string') return this.text(block);
    if (block instanceof BlockMap) {
      return new BlockMap(
        block.lines.map((line) => this.finish(line)),
        block.trailing.map((comment) => this.plain(comment)),
      );
    }
    return Array.isArray(block) ? block.map((item) => this.block(item)) : block;
  }

  /** Text of the gossfile is text; what the template left open is a variable. */
  private text(text: string): string {
    return this.fill(text.replaceAll('${', () => '$${'));
  }

  /** For comments, in which nothing is a variable. */
  plain(text: string): string {
    return this.fill(text);
  }

  private fill(text: string): string {
    return text
      .replace(mark, (_, name: string | undefined) => (name === undefined ? '{{ … }}' : `\${${name}}`))
      .replaceAll(variableStart, '${');
  }
}

function byPlace({ position: a }: Remark, { position: b }: Remark): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : 0;
}
