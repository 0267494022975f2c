import { basename, dirname, join, relative, resolve } from 'node:path';
import { NixspecError } from '../error.js';
import type { Problem } from '../model.js';
import type { ProblemCode } from '../problem.js';
import { findFiles } from '../spec/include.js';
import { findLines, mistakeAt, nearest } from '../spec/mistake.js';
import { type SpecFile, type SpecNode, valueAt } from '../spec/node.js';
import { loadText } from '../spec/text-file.js';
import { gossTypes } from './goss-types.js';
import { type GossEntry, type GossFile, hasGap, positionIn, readGossFile, sectionsOf } from './gossfile.js';
import type { Remark } from './remarks.js';
import { isTrueNode } from './scalar.js';
import type { TemplateData } from './template-run.js';
import { NotPlain, TemplateError } from './template-value.js';
import { mergeVars, readVars, type Vars } from './vars.js';

/** All that was read, with what Goss itself would run of it. */
export interface Suite {
  readonly files: readonly GossFile[];
  readonly entries: readonly GossEntry[];
  readonly remarks: readonly Remark[];
  readonly problems: readonly Problem[];
}

export interface ReadSettings {
  readonly env: NodeJS.ProcessEnv;
  readonly vars: Vars;
  readonly stdin: AsyncIterable<Buffer | string>;
}

/** Goss's own limit. */
const deepestInclude = 50;
const mostFiles = 1000;

/** Reads gossfiles and what they include. It never throws for what is in a file. */
export async function readSuite(paths: readonly string[], settings: ReadSettings): Promise<Suite> {
  const reader = new SuiteReader(settings);
  for (const path of paths) {
    await reader.add(path === '-' ? { path: '', name: '<stdin>' } : { path: resolve(path), name: path }, 0);
  }
  return reader.finish();
}

/** Reads the files of `--vars` and the text of `--vars-inline`. @throws NixspecError */
export async function loadVars(paths: readonly string[], inline: unknown): Promise<Vars> {
  const files: Vars[] = [];
  for (const path of paths) {
    const loaded = await loadText(resolve(path), process.stdin);
    if (!('text' in loaded)) throw unreadable(`${path} ${loaded.message}`);
    files.push(checkVars(readVars(path, loaded.text)));
  }
  return mergeVars(files, typeof inline !== 'string' ? {} : checkVars(readVars('--vars-inline', inline)));
}

function checkVars({ vars, problems: [problem] }: ReturnType<typeof readVars>): Vars {
  if (!problem) return vars;
  const { file, line, column } = problem.position;
  throw unreadable(`${file}:${line}:${column}: ${problem.message}`);
}

function unreadable(message: string): NixspecError {
  return new NixspecError('spec-unreadable', message, { operation: 'read variables' });
}

interface Unread {
  readonly path: string;
  readonly name: string;
}

class SuiteReader {
  private readonly files: GossFile[] = [];
  private readonly entries = new Map<string, GossEntry>();
  private readonly remarks: Remark[] = [];
  private readonly problems: Problem[] = [];

  constructor(private readonly settings: ReadSettings) {}

  finish(): Suite {
    return {
      files: this.files,
      entries: [...this.entries.values()],
      remarks: this.remarks,
      problems: this.problems,
    };
  }

  /** @param depth how many files include it */
  async add(unread: Unread, depth: number): Promise<void> {
    const file = await this.read(unread);
    if (!file) return;
    this.files.push(file);
    this.takeEntries(file);
    const included = sectionsOf(file).find(({ key }) => key.source === 'gossfile');
    const pairs = included?.value.kind === 'map' ? [...included.value.pairs] : [];
    // By name, as Goss does it: the order decides which of two duplicates counts.
    for (const pair of pairs.sort((a, b) => (a.key.source < b.key.source ? -1 : 1))) {
      await this.follow(file, pair.key, pair.value, depth);
    }
  }

  private async read(unread: Unread): Promise<GossFile | undefined> {
    const loaded = await loadText(unread.path, this.settings.stdin);
    const folder = unread.path === '' ? resolve('.') : dirname(unread.path);
    if (!('text' in loaded)) {
      this.tell(loaded.code, `${basename(unread.name)} ${loaded.message}`, { ...unread, folder, text: '', lines: [0] });
      return undefined;
    }
    const data: TemplateData = { vars: this.settings.vars, env: this.settings.env };
    const source: SpecFile = { ...unread, folder, text: loaded.text, lines: findLines(loaded.text) };
    try {
      const { file, problems, remarks } = readGossFile({ ...unread, folder }, loaded.text, data);
      this.problems.push(...problems);
      this.remarks.push(...remarks);
      if (file.isNoMapping && problems.length === 0) this.tell('wrong-type', 'a gossfile is a mapping', source);
      else if (!file.file.root && problems.length === 0) {
        const position = { file: unread.name, line: 1, column: 1 };
        this.remarks.push({ kind: 'note', position, text: 'the gossfile is empty' });
      }
      return file.file.root && problems.length === 0 ? file : undefined;
    } catch (error) {
      if (error instanceof TemplateError)
        this.tell('bad-value', `the template: ${error.message}`, source, error.offset);
      else if (error instanceof NotPlain) this.tell('too-large', `the template: ${error.message}`, source);
      else throw error;
      return undefined;
    }
  }

  private tell(code: ProblemCode, message: string, file: SpecFile, offset = 0): void {
    const { source, ...problem } = mistakeAt(code, message, { file, start: offset, end: offset + 1 });
    this.problems.push(file.text === '' || source === undefined ? problem : { ...problem, source });
  }

  private takeEntries(file: GossFile): void {
    for (const section of sectionsOf(file)) {
      if (section.key.source === 'gossfile') continue;
      if (isStrange(section.key.source)) {
        const text = `Goss passes over the section ${section.key.source}, which it does not know`;
        this.remarks.push({ kind: 'note', position: positionIn(file, section.key.start), text });
        continue;
      }
      const pairs = section.value.kind === 'map' ? section.value.pairs : [];
      for (const pair of pairs) {
        const entry: GossEntry = { type: section.key.source, id: pair.key.source, pair, section, file };
        this.put(entry);
      }
      if (pairs.length === 0) this.tellSection(file, section.key.start, section.key.source, section.value);
    }
  }

  /** A duplicate replaces what was there, whole. */
  private put(entry: GossEntry): void {
    const key = JSON.stringify([entry.type, entry.id]);
    const before = this.entries.get(key);
    if (before && (before.file.path !== entry.file.path || before.file.path === '')) {
      const place = positionIn(entry.file, entry.pair.key.start);
      const text = `${entry.type} ${entry.id} stands in ${place.file}:${place.line} too, which replaces it, as in Goss`;
      this.remarks.push({ kind: 'note', position: positionIn(before.file, before.pair.key.start), text });
    }
    this.entries.delete(key);
    this.entries.set(key, entry);
  }

  private tellSection(file: GossFile, start: number, name: string, value: SpecNode): void {
    const empty = value.kind === 'map' || (value.kind === 'scalar' && value.value === null);
    this.remarks.push({
      kind: empty ? 'note' : 'lost',
      position: positionIn(file, start),
      text: empty ? `the section ${name} is empty` : `the section ${name} is no mapping, which Goss refuses`,
    });
  }

  private async follow(from: GossFile, key: { source: string; start: number }, value: SpecNode, depth: number) {
    const position = positionIn(from, key.start);
    const told = (kind: Remark['kind'], text: string) => void this.remarks.push({ kind, position, text });
    if (isTrueNode(valueAt(value, 'skip')))
      return told('note', `gossfile ${key.source} is skipped, and so not included`);
    const named = valueAt(value, 'file');
    const pattern = named?.kind === 'scalar' && named.source !== '' ? named.source : key.source;
    if (hasGap(value) || pattern.includes('\uE0F0')) {
      return told('lost', `gossfile ${key.source}: its name depends on what is not known`);
    }
    if (depth + 1 >= deepestInclude || this.files.length >= mostFiles) {
      return this.tell(
        'include-cycle',
        `includes go more than ${deepestInclude} deep`,
        from.source,
        from.rendered.sourceOf(key.start),
      );
    }
    const paths = await findFiles(pattern, { folder: from.folder, path: from.path }, { dot: true });
    if (paths.length === 0) {
      return this.tell(
        'include-not-found',
        `no file matches ${JSON.stringify(pattern)}`,
        from.source,
        from.rendered.sourceOf(key.start),
      );
    }
    for (const path of paths) await this.add({ path, name: nameBeside(from, path) }, depth + 1);
  }
}

/** Not even a slip of the pen: a place for anchors, say. */
function isStrange(section: string): boolean {
  const known = [...Object.keys(gossTypes), 'registry'];
  return !known.includes(section) && nearest(section, known) === undefined;
}

/** An included file as people know it: beside the name of the file that includes it. */
function nameBeside(from: GossFile, path: string): string {
  const folder = from.path === '' ? '.' : dirname(from.name);
  return join(folder, relative(from.folder, path));
}
