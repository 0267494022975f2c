import type { Observation, Query } from '../model.js';
import { absent, defineResource, known, sameForAll, unknown } from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import { readSections, type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';

/** `getent(1)`: 0 all were found, 2 some were not; both are answers. */
const answers = [0, 2];

export default defineResource({
  name: 'group',
  summary: 'A group, as the target looks it up (local files, LDAP and whatever else nsswitch names)',
  subject: {
    summary: 'Name of the group',
    example: 'wheel',
    pattern: /^[A-Za-z0-9_.][A-Za-z0-9_.@\\ -]*\$?$/,
    mistake: 'a group name is letters, digits and _ . @ -, and does not begin with -',
  },
  params: {},
  properties: {
    gid: { type: 'number', least: 0, summary: 'Number of the group', example: 998 },
    members: {
      type: 'list',
      summary: 'Users that the group itself lists, sorted; not those who merely have it as their primary group',
      example: ['alice', 'bob'],
    },
  },
  needs: ['getent'],
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: joinScripts(
        chunkWords([...new Set(queries.map((query) => query.subject))]).map((names) =>
          section('group', sh`getent group -- ${names}`),
        ),
      ),
      exits: [0],
      limit: Math.max(10, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 8 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, readSections(output).get('group')),
    },
  ],
});

function readAnswer(queries: readonly Query[], section: Section | undefined) {
  if (!section || !answers.includes(section.exit)) {
    return sameForAll(queries, unknown(`getent gave no answer: ${section?.said[0] ?? 'it was not run to its end'}`));
  }
  const entries = new Map(section.lines.map((line) => [line.slice(0, line.indexOf(':')), line.split(':')]));
  return new Map(queries.map((query) => [query.id, readGroup(query.subject, entries.get(query.subject))]));
}

/** A number is looked up as an id by getent, and its answer then has another name: hence the look by name. */
function readGroup(name: string, fields: readonly string[] | undefined): Observation<Readings> {
  if (!fields) return absent(`no group is called ${name}`);
  const [, , gid = '', members = ''] = fields;
  if (!/^\d+$/.test(gid)) return unknown(`getent answered with a broken line for ${name}`);
  return known({ gid: Number(gid), members: members.split(',').filter(Boolean).sort() });
}

interface Readings {
  readonly gid: number;
  readonly members: readonly string[];
}
