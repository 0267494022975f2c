import type { Io } from '../command.js';
import type { Connections } from '../connections.js';
import { exitCodes } from '../error.js';
import type { Progress } from '../progress.js';
import { loadResources, resourceNames } from '../resource.js';
import { pairsOf } from '../spec/node.js';
import { printable } from '../terminal.js';
import { type Discovery, discoverMachine } from './ask-machine.js';
import { isBare } from './bare-sections.js';
import { type Composed, unseenOf } from './compose.js';
import { endsOf } from './ends.js';
import { groups, resourceOf } from './groups.js';
import type { Request } from './request.js';
import { saveSpec } from './save.js';
import { showRemark } from './text.js';

/** Looks at all targets side by side; a spec of some of them would be a wrong one, so that all must be reached. */
export async function discoverTargets(
  { targets }: Request,
  connections: Connections,
  progress: Progress,
  io: Io,
): Promise<ReadonlyMap<string, Discovery>> {
  const resources = await loadResources(groups.map(resourceOf));
  const found = await Promise.all(
    targets.map(async (target): Promise<[string, Discovery]> => {
      const ends = endsOf(target, await connections.get(target));
      return [
        target.name,
        await discoverMachine(ends, resources, io.signal, (stage) => progress.show(target.name, stage)),
      ];
    }),
  );
  return new Map(found);
}

/** Prints or saves it, and tells on standard error what could not be seen. Gives the exit code. */
export async function deliver(
  request: Request,
  discoveries: ReadonlyMap<string, Discovery>,
  composed: Composed | undefined,
  io: Io,
): Promise<number> {
  for (const text of unseenOf(discoveries)) io.err(`not seen: ${printable(text)}\n`);
  const nothing = [...discoveries.values()].every(({ entries }) => entries.length === 0);
  if (!composed) {
    io.err(nothing ? 'nothing could be found\n' : `${request.file ?? 'the spec'} covers all that was found\n`);
    return nothing ? exitCodes.unknown : exitCodes.passed;
  }
  if (request.file === undefined) {
    io.out(composed.text);
    return exitCodes.passed;
  }
  await saveSpec(request.file, composed.text, request.draft?.source.files[0]?.text);
  tellSaved(request.file, request, composed, io);
  return exitCodes.passed;
}

function tellSaved(file: string, { draft, targets }: Request, { merged, stuck }: Composed, io: Io): void {
  const written = merged.entries.filter(({ resource }) => !stuck.includes(resource));
  const counts = [...new Set(written.map(({ resource }) => resource))].map(
    (resource) => `${written.filter((entry) => entry.resource === resource).length} ${resource}`,
  );
  io.err(`${printable(file)}: ${draft ? 'added' : 'written,'} ${counts.join(', ')}; all of it passes\n`);
  for (const { resource, subject } of draft ? written : [])
    io.err(`  + ${printable(`${resource} ${subject}`.trim())}\n`);
  // A whole spec has them as comments.
  for (const remark of draft ? merged.remarks : [])
    io.err(`note: ${resourceOf(remark.group)}: ${showRemark(remark)}\n`);
  const bare = pairsOf(draft?.source.files[0]?.root)
    .filter((pair) => isBare(pair) && resourceNames().includes(pair.key.source))
    .map(({ key }) => key.source)
    .filter((name) => !written.some(({ resource }) => resource === name));
  if (bare.length > 0) io.err(`still empty, which is a mistake in a spec: ${bare.join(', ')}\n`);
  if (stuck.length > 0) io.err(`nothing could be added to ${stuck.join(', ')}: an alias stands there\n`);
  const others = [...(draft?.targets.keys() ?? [])].filter((name) => !targets.some((target) => target.name === name));
  if (others.length > 0 && written.some(({ body }) => body.only === undefined))
    io.err(
      `what was added holds for ${others.join(', ')} too: discover them together to have the differences written\n`,
    );
}
