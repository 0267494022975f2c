import type { Query, Value } from '../model.js';
import { question } from './answers.js';
import { allowedUsage } from './bounds.js';
import type { Found, Part } from './finding.js';
import type { Listing } from './listing.js';

/** File systems that hold data: how full they are, and what may not be done on them. */
export const mountsPart: Part = {
  questions: (listing) => pointsOf(listing).map(askForMount),
  describe: (listing, answers) => {
    const entries: Found[] = [];
    const full: string[] = [];
    const measured = new Set<Value>();
    for (const point of pointsOf(listing)) {
      const query = askForMount(point);
      const [filesystem, usage, source] = ['filesystem', 'usage', 'source'].map((name) => answers.value(query, name));
      if (filesystem === undefined) continue;
      const expects: Record<string, Value> = { filesystem };
      const options = answers.value(query, 'options');
      const strict = Array.isArray(options) ? options.filter((option) => strictOptions.has(String(option))) : [];
      if (strict.length > 0) expects.options = { 'contain-elements': strict };
      const limit = typeof usage === 'number' ? allowedUsage(usage) : undefined;
      // Several mounts of one device (subvolumes, bind mounts) share its space: once is enough.
      const again = filesystem !== 'tmpfs' && source !== undefined && measured.has(source);
      if (limit !== undefined && !again) expects.usage = { le: limit };
      else if (typeof usage === 'number' && !again) full.push(point);
      if (source !== undefined) measured.add(source);
      entries.push({ group: 'mounts', resource: 'mount', subject: point, expects });
    }
    const remark = { group: 'mounts', text: 'Nearly full, so that no bound is asserted', about: full } as const;
    return { entries, remarks: full.length > 0 ? [remark] : [] };
  },
};

function askForMount(point: string): Query {
  return question('mount', point, ['filesystem', 'options', 'usage', 'source']);
}

const strictOptions: ReadonlySet<string> = new Set(['nodev', 'noexec', 'nosuid', 'ro']);

/** Views of the kernel, and what programs make for themselves. */
const passingTypes: ReadonlySet<string> = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fuse.gvfsd-fuse fuse.lxcfs fuse.portal ' +
    'fusectl hugetlbfs mqueue nsfs proc pstore ramfs rpc_pipefs securityfs squashfs sysfs tracefs'
  ).split(' '),
);

/** Folders whose mounts belong to systemd, or to containers that come and go. */
const passingFolders =
  /^\/(proc|sys|dev|run|tmp|var\/tmp|snap|var\/lib\/(docker|containers|containerd|kubelet|lxcfs|machines)|var\/snap)(\/|$)/;

/** `/nix/store` is the same file system as the one around it, mounted read-only on every NixOS. */
function pointsOf({ basics }: Listing): readonly string[] {
  return (
    (basics?.mounts ?? [])
      // The root of a container, seen from outside it, lies over another one.
      .filter(({ point, filesystem }) => filesystem !== 'overlay' || point === '/')
      .filter(({ point, filesystem }) => !passingTypes.has(filesystem) && !passingFolders.test(point))
      .map(({ point }) => point)
      .filter((point) => point !== '/nix/store' && !/\/\/|\/\.{1,2}(\/|$)/.test(point))
      .sort()
  );
}
