import { NixspecError } from '../error.js';
import type { Snapshot } from '../switch-model.js';
import type { Stage } from './plan.js';

/** The copies that the spec asks for. @throws NixspecError `snapshot-failed`: nothing was touched */
export async function takeCopies({ plan, machine, record, signal }: Stage): Promise<readonly Snapshot[]> {
  const taken: Snapshot[] = [];
  for (const entry of plan.snapshots) {
    const made = await record.step(
      `copy ${entry.name}`,
      () => machine.snapshot(plan.id, entry, signal),
      (result) => (result.status === 'taken' ? `copied ${entry.name} to ${result.made}` : undefined),
    );
    if (made.status === 'failed') {
      const message = `${plan.target}: not switched: the copy of ${entry.name} failed: ${made.reason}`;
      const hint = taken.length > 0 ? `those made before stay: ${taken.map(({ name }) => name).join(', ')}` : undefined;
      throw new NixspecError('snapshot-failed', message, { operation: 'switch', ...(hint && { hint }) });
    }
    const { name, kind, source } = entry;
    taken.push({ entry: name, kind, source, name: made.made, restore: made.restore });
  }
  return taken;
}
