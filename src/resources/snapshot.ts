import type { NoReading, Observation, Probe, Query, ShellOutput } from '../model.js';
import {
  absent,
  absentReading,
  defineResource,
  known,
  type Property,
  type ReadingsOf,
  sameForAll,
  unknown,
  unknownReading,
} from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import {
  type Found,
  findBtrfsSnapshots,
  findZfsSnapshots,
  listSnapshots,
  readTold,
  type Snapshot,
  type Told,
} from '../snapshots.js';

const properties = {
  'newest-age': {
    type: 'duration',
    summary: 'How long ago the newest one was made',
    example: { lt: '26h' },
    volatile: true,
  },
  count: { type: 'number', least: 0, summary: 'Number of snapshots', example: { ge: 7 } },
  newest: {
    type: 'string',
    summary: 'Name of the newest one: of ZFS what stands behind the @, of btrfs its path in the file system',
    example: { 'have-prefix': 'autosnap_' },
    volatile: true,
  },
  names: {
    type: 'list',
    summary: 'Names of all, the oldest first',
    example: { 'contain-element': { 'match-regexp': 'monthly' } },
    volatile: true,
  },
  filesystem: {
    type: 'string',
    summary: 'What makes the snapshots',
    example: 'zfs',
    words: ['btrfs', 'zfs'],
  },
} as const satisfies { readonly [name: string]: Property };

type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'snapshot',
  summary: 'The snapshots of a file system',
  subject: {
    summary: 'Mount point, or data set of ZFS',
    example: '/home',
    pattern: /^(?!.*\/\/)(?!.*\/\.{1,2}(\/|$))(\/|[A-Za-z][A-Za-z0-9_.: -]*(\/[A-Za-z0-9_.: -]+)*$)/,
    mistake: 'expected a mount point (an absolute path without //, /./ and /../) or a data set such as tank/home',
    normalize: (written) => (written.length > 1 ? written.replace(/\/$/, '') : written),
  },
  params: {},
  properties,
  needs: ['btrfs (btrfs-progs), and root', 'zfs', 'awk, sed and xargs'],
  notes: `\
- Of btrfs: the snapshots of the subvolume that is mounted there, wherever in the file system they are kept. What was
  received from another machine is no snapshot of it.
- Of ZFS: the snapshots of the data set itself, not of those below it. A mount point stands for its data set.
- On a file system of another type there are no snapshots: absent, with the type as the reason.`,
  probes: (queries) => {
    const subjects = [...new Set(queries.map(({ subject }) => subject))];
    return chunkWords(subjects).map((chunk) =>
      lookAt(
        queries.filter(({ subject }) => chunk.includes(subject)),
        chunk,
      ),
    );
  },
});

function lookAt(queries: readonly Query[], subjects: readonly string[]): Probe<Readings> {
  return {
    kind: 'shell',
    answers: queries,
    script: listSnapshots(
      subjects.filter(isPath),
      subjects.filter((subject) => !isPath(subject)),
    ),
    exits: [0],
    limit: Math.max(30, ...queries.map(({ timeout }) => timeout ?? 0)),
    maxBytes: 32 * 1024 * 1024,
    slots: 'shared',
    parse: (output) => readAnswer(queries, output),
  };
}

function isPath(subject: string): boolean {
  return subject.startsWith('/');
}

function readAnswer(queries: readonly Query[], output: ShellOutput) {
  const told = readTold(output.stdout.toString('utf8'));
  if (!told) return sameForAll(queries, unknown('the snapshots were not told to their end'));
  return new Map(queries.map((query) => [query.id, observe(query.subject, told)]));
}

function observe(subject: string, told: Told): Observation<Readings> {
  if (!isPath(subject)) {
    const found = findZfsSnapshots(subject, told);
    // Without zfs nobody knows whether there is such a data set.
    return 'unknown' in found ? unknown(found.unknown) : describe('zfs', found, told.now);
  }
  const mount = told.mounts.get(subject);
  if (!mount) return absent(`nothing is mounted on ${subject}`);
  if (mount.filesystem === 'btrfs') return describe('btrfs', findBtrfsSnapshots(mount, told), told.now);
  if (mount.filesystem === 'zfs') return describe('zfs', findZfsSnapshots(mount.source, told), told.now);
  return absent(`a file system of type ${mount.filesystem} has no snapshots, only btrfs and ZFS have`);
}

function describe(filesystem: string, found: Found, now: number): Observation<Readings> {
  if ('absent' in found) return absent(found.absent);
  if ('unknown' in found) {
    const none = unknownReading(found.unknown);
    return known({ filesystem, count: none, newest: none, names: none, 'newest-age': none });
  }
  const { snapshots } = found;
  const newest = snapshots.at(-1);
  const none = absentReading('there is no snapshot');
  return known({
    filesystem,
    count: snapshots.length,
    names: snapshots.map(({ name }) => name),
    newest: newest?.name ?? none,
    'newest-age': newest ? ageOf(newest, now) : none,
  });
}

/** Both times are of the target's clock, which may have been set back in between. */
function ageOf({ name, time }: Snapshot, now: number): number | NoReading {
  if (time === undefined) return unknownReading(`when ${name} was made was not told`);
  if (now - time < -1) return unknownReading(`${name} was made later than now: was the clock set back?`);
  return Math.max(0, now - time);
}
