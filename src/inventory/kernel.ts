import type { InventoryChange, InventoryKernel, InventorySection } from '../inventory-model.js';
import { linksOfBoot, readRebootNeeded } from '../nixos.js';
import { type Section, section } from '../shell/sections.js';
import { sh } from '../shell/sh.js';
import { explainNoAnswer, known, unknown } from './bounded.js';

/** One line each, `name value`; the files of /proc are read by the shell itself. */
export const askForKernel = section(
  'kernel',
  sh`read -r release </proc/sys/kernel/osrelease && echo "running $release" &&
read -r boot </proc/sys/kernel/random/boot_id && echo "boot $boot"
[ ! -e /run/reboot-required ] || echo 'reboot needed'
if [ -e /run/current-system ]; then
  for modules in /run/current-system/kernel-modules/lib/modules/*; do
    [ ! -d "$modules" ] || echo "next $modules"
  done
  set -- ${linksOfBoot}
  for end in $(realpath -m -- "$@"); do echo "link $1 $end"; shift; done
fi; :`,
);

/** Reads what `askForKernel` printed. */
export function readKernel(sections: ReadonlyMap<string, Section>): InventorySection<InventoryKernel> {
  const section = sections.get('kernel');
  const reason = explainNoAnswer('/proc', section);
  if (reason !== undefined || !section) return unknown(reason ?? '/proc gave no answer');
  const words = new Map<string, string>();
  const links = new Map<string, string>();
  for (const line of section.lines) {
    const [name = '', value = '', end] = line.split(' ');
    if (name === 'link') links.set(value, end ?? '');
    else words.set(name, value);
  }
  const running = words.get('running');
  if (running === undefined) return unknown('/proc/sys/kernel/osrelease could not be read');
  const [next, boot] = [words.get('next')?.split('/').at(-1), words.get('boot')];
  const rebootNeeded = words.has('reboot') ? true : links.size > 0 ? readRebootNeeded(links) : undefined;
  return known({
    running,
    ...(next !== undefined && { next }),
    ...(typeof rebootNeeded === 'boolean' && { rebootNeeded }),
    ...(boot !== undefined && { boot }),
  });
}

/** @param sameMachine two machines were booted at two times */
export function compareKernels(
  before: InventoryKernel,
  after: InventoryKernel,
  sameMachine: boolean,
): InventoryChange[] {
  const about = { section: 'kernel' as const, subject: '' };
  const changes: InventoryChange[] = [];
  if (after.rebootNeeded === true && before.rebootNeeded !== true) {
    changes.push({ ...about, kind: 'reboot-needed', before: after.running, ...(after.next && { after: after.next }) });
  }
  if (before.running !== after.running) {
    changes.push({ ...about, kind: 'changed', before: before.running, after: after.running });
  }
  if (sameMachine && before.boot !== undefined && after.boot !== undefined && before.boot !== after.boot) {
    changes.push({ ...about, kind: 'rebooted' });
  }
  return changes;
}
