import { nearest } from '../spec/mistake.js';
import { pairsOf, valueAt } from '../spec/node.js';
import { translateAddr } from './addr.js';
import { type EntryWork, finishDraft, hasAssertion, translateAttributes } from './attributes.js';
import { Comments } from './comments.js';
import { translateDns } from './dns.js';
import { type Draft, DraftLines, excerpt, type Findings, sayOfGoss } from './draft.js';
import { type GossType, gossTypes } from './goss-types.js';
import { type GossEntry, type GossFile, hasGap, positionIn } from './gossfile.js';
import { translateHttp } from './http.js';
import { translateMatching } from './matching.js';
import type { Suite } from './read.js';
import { translateService } from './service.js';
import { NotCarried } from './site.js';
import { translateSubject } from './subject.js';
import { anyMark } from './template-run.js';

/** What became of a suite, before it is put together. */
export interface Translation {
  readonly drafts: readonly Draft[];
  readonly header: readonly string[];
  /** Comments whose place is gone, and what could not be carried over at all. */
  readonly rest: readonly string[];
  readonly findings: Findings;
}

/** Turns what Goss would run into entries of a spec. Pure. */
export function translateSuite(suite: Suite): Translation {
  const findings: Findings = { remarks: [...suite.remarks], wants: [] };
  const comments = new Map(suite.files.map((file) => [file, new Comments(file)]));
  const translator = new Translator(comments, findings);
  for (const entry of suite.entries) translator.add(entry);
  const rest = [...comments.values()].flatMap((one) => one.takeRest());
  return {
    drafts: translator.drafts,
    header: [...comments.values()].flatMap(({ header }) => header),
    rest: [...translator.lost, ...rest],
    findings,
  };
}

class Translator {
  readonly drafts: Draft[] = [];
  /** What could not be carried over, until the next entry takes it as a comment. */
  lost: string[] = [];
  private readonly told = new Set<string>();

  constructor(
    private readonly comments: ReadonlyMap<GossFile, Comments>,
    private readonly findings: Findings,
  ) {}

  add(entry: GossEntry): void {
    const comments = this.comments.get(entry.file);
    const type = Object.hasOwn(gossTypes, entry.type) ? gossTypes[entry.type] : undefined;
    if (!comments) throw new TypeError(`${entry.file.name} was not read`);
    const lines = new DraftLines(entry, comments, this.findings);
    const mistake = findMistake(entry, type);
    if (!type || mistake !== undefined) this.lose(lines, mistake ?? '');
    else this.translate(entry, type, lines, comments);
  }

  private translate(entry: GossEntry, type: GossType, lines: DraftLines, comments: Comments): void {
    const { key } = entry.pair;
    const above = this.takeAbove(entry, type, comments);
    const own = comments.take(key.start);
    const before = this.findings.remarks.length;
    try {
      const made = translateEntry(entry, type, lines);
      const [first, ...others] = made;
      if (!first) throw new NotCarried('nothing of it is left that could be asserted');
      const said = [...this.lost, ...own.before, ...first.before];
      this.lost = [];
      this.drafts.push(
        { ...first, above, before: said, ...(own.behind !== undefined && { behind: own.behind }) },
        ...others,
      );
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      this.lost.push(...above);
      const isTold = this.findings.remarks.slice(before).some(({ kind }) => kind === 'lost');
      this.lose(lines, error.message, own.before, isTold);
    }
  }

  /** The comments above a section, and what is true of all that stands in it. */
  private takeAbove(entry: GossEntry, type: GossType, comments: Comments): string[] {
    const { before, behind } = comments.take(entry.section.key.start);
    const said = [...before, ...(behind === undefined ? [] : [behind])];
    const is6 = /^(tcp|udp)6:/.test(entry.id);
    if (type.differs === undefined || is6 || this.told.has(entry.type)) return said;
    this.told.add(entry.type);
    const position = positionIn(entry.file, entry.section.key.start);
    this.findings.remarks.push({ kind: 'differs', position, text: `${entry.type}: ${type.differs}` });
    return [...said, sayOfGoss(type.differs)];
  }

  /** A whole resource. */
  private lose(lines: DraftLines, reason: string, before: readonly string[] = [], isTold = false): void {
    const { entry, position, label } = lines;
    if (!isTold) this.findings.remarks.push({ kind: 'lost', position, text: `${label}: ${reason}` });
    const { key, value } = entry.pair;
    this.lost.push(...before, `not carried over: ${label}: ${reason}`, ...excerpt(entry, key, value));
  }
}

/** Why a resource cannot be carried over at all. */
function findMistake({ type: name, id, pair }: GossEntry, type: GossType | undefined): string | undefined {
  if (name === 'registry') return 'the registry of Windows';
  if (!type) {
    const near = nearest(name, Object.keys(gossTypes));
    return `Goss knows no section ${name}, and passes over it${near === undefined ? '' : ` (${near}?)`}`;
  }
  if (hasGap(pair.key) || hasGap(pair.value)) {
    if (hasGap(pair.key) || pair.value.kind !== 'map') return 'it depends on what could not be worked out';
  }
  if (pair.value.kind !== 'map') return 'it is no mapping, which Goss refuses';
  if (id === '') return 'it has no name';
  return undefined;
}

/** @throws NotCarried */
function translateEntry(entry: GossEntry, type: GossType, lines: DraftLines): Draft[] {
  const { value } = entry.pair;
  const named = pairsOf(value).find(({ key }) => key.source === type.name);
  const other = named?.value.kind === 'scalar' && named.value.value !== null ? named.value.source : '';
  const differs = other !== '' && other !== entry.id;
  if (differs && !valueAt(value, 'title')) lines.add('title', entry.id, named?.key);
  const note = (text: string) => lines.remark('note', entry.pair.key, text);
  const subject = translateSubject(entry.type, differs ? other : entry.id, note);
  const pairs = pairsOf(value).filter((pair) => pair !== named);
  const work = { entry, type, lines, subject, pairs };
  if (entry.type === 'service') return translateService(work);
  if (entry.type === 'dns') return translateDns(work);
  const done = translatePlain(work);
  if (anyMark.test(done.subject)) lines.wants(done.subject, { example: type.example });
  return hasAssertion(lines, type) ? [finishDraft(done)] : [];
}

function translatePlain(work: EntryWork): EntryWork {
  const { entry, lines, subject } = work;
  if (entry.type === 'http') return translateHttp(work);
  if (entry.type === 'port' && subject.startsWith('udp')) {
    const text = 'Goss takes any UDP socket for a listening one; nixspec one without a peer';
    lines.remark('differs', entry.pair.key, text);
  }
  if (entry.type === 'matching') translateMatching(work);
  else if (entry.type === 'addr') translateAddr(work);
  else translateAttributes(work);
  return work;
}
