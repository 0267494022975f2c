import { showPlace } from '../host-port.js';
import type { SshTarget, Target, Value } from '../model.js';
import { writeComment, writePair } from '../spec/spec-text.js';
import { printable } from '../terminal.js';
import type { Remark } from './finding.js';
import { type Group, groups, headingOf, resourceOf } from './groups.js';
import type { Merged, SpecEntry } from './merge.js';

/** A whole spec of what was found. */
export function writeSpec(targets: readonly Target[], merged: Merged, unseen: readonly string[]): string {
  const names = targets.map(({ name }) => name).join(' ');
  const head = [
    ...writeComment(
      `What holds on ${targets.map(({ name }) => name).join(' and ')}, as nixspec discover found it. Make it yours: delete what you do not care about, sharpen what you do. Then: nixspec verify ${names}`,
      0,
    ),
    ...(unseen.length > 0
      ? [
          '#',
          ...writeComment('What could not be seen:', 0),
          ...unseen.flatMap((text) => writeComment(printable(text), 0, '- ')),
        ]
      : []),
    'version: 1',
    'targets:',
    ...targets.flatMap((target) => writePair(target.name, describeTarget(target, merged.from), 2)),
  ];
  const sections = [...new Set(groups.map(resourceOf))].map((resource) => writeSection(resource, merged).join('\n'));
  return `${[head.join('\n'), ...sections.filter(Boolean)].join('\n\n')}\n`;
}

/** One resource type: its groups, each under its heading. */
export function writeSection(resource: string, { entries, remarks }: Pick<Merged, 'entries' | 'remarks'>): string[] {
  const own = groups.filter((group) => resourceOf(group) === resource);
  const parts = own.map((group) => ({
    group,
    entries: entries.filter((entry) => entry.group === group),
    remarks: remarks.filter((remark) => remark.group === group),
  }));
  const used = parts.filter((part) => part.entries.length > 0);
  const comments = (part: { group: Group; remarks: readonly Remark[] }, indent: number) => [
    ...writeComment(`${headingOf(part.group)}.`, indent),
    ...writeRemarks(part.remarks, indent),
  ];
  const loose = parts.filter((part) => part.entries.length === 0 && part.remarks.length > 0);
  const before = loose.flatMap((part) => writeRemarks(part.remarks, 0));
  const [first] = used;
  if (!first) return before;
  if (first.entries.some(({ subject }) => subject === '')) {
    return [...before, ...comments(first, 0), ...first.entries.flatMap(({ body }) => writePair(resource, body, 0))];
  }
  if (used.length === 1) return [...before, ...comments(first, 0), `${resource}:`, ...writeEntries(first.entries)];
  const blocks = used.map((part) => [...comments(part, 2), ...writeEntries(part.entries)].join('\n'));
  return [...before, `${resource}:`, blocks.join('\n\n')];
}

/** The entries as they stand inside their section. */
export function writeEntries(entries: readonly SpecEntry[], indent = 2): string[] {
  return entries.flatMap(({ subject, body }) => writePair(subject, body, indent));
}

function writeRemarks(remarks: readonly Remark[], indent: number): string[] {
  return remarks.flatMap((remark) => writeComment(showRemark(remark), indent));
}

export function showRemark({ text, about }: Remark): string {
  const some = about.slice(0, mostNamed).join(', ');
  const more = about.length > mostNamed ? ` and ${about.length - mostNamed} more` : '';
  return printable(about.length > 0 ? `${text}: ${some}${more}.` : `${text}.`);
}

const mostNamed = 20;

/** A target as a spec says it. */
export function describeTarget(
  { ssh, local, vm, sudo, transport, compareWith, from }: Target,
  chosen?: 'target',
): Value {
  const origin = chosen ?? from;
  return {
    ...(ssh && { ssh: describeSsh(ssh) }),
    ...(local && { local }),
    ...(vm && { vm }),
    ...(sudo && { sudo }),
    ...(transport && { transport }),
    ...(compareWith !== undefined && { 'compare-with': compareWith }),
    ...(origin !== (vm ? 'target' : 'runner') && { from: origin }),
  };
}

function describeSsh(ssh: SshTarget): Value {
  const { host, user, port, identityFile, knownHosts, config, jump } = ssh;
  if ([identityFile, knownHosts, config, jump].every((one) => one === undefined)) {
    const at = user === undefined ? '' : `${user}@`;
    return port === undefined ? `${at}${host}` : `ssh://${at}${showPlace({ host, port })}`;
  }
  return {
    host,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(identityFile !== undefined && { 'identity-file': identityFile }),
    ...(knownHosts !== undefined && { 'known-hosts': knownHosts }),
    ...(config !== undefined && { config }),
    ...(jump !== undefined && { jump }),
  };
}
