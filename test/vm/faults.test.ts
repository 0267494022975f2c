import t from 'tap';
import { makeBench } from './fake/fake-machine.js';

/** Faults of a start script, of QEMU, and of the machine in it: exit code, message, time, and that nothing is left. */
interface Fault {
  readonly name: string;
  readonly script: string;
  readonly vm?: string;
  readonly entries?: string;
  readonly status: number;
  readonly says: RegExp;
  readonly out?: RegExp;
  /** Seconds in which it must be over. */
  readonly within: number;
}

/** An assertion in whose middle something happens to the machine. */
const inMidst = (what: string) => `command:
  "echo ${what} >$(dirname $(command -v systemctl))/../do; sleep 30": { exit-status: 0, timeout: 40s }
`;

const faults: readonly Fault[] = [
  {
    name: 'the start script fails',
    script: 'echo "cannot make the disk image" >&2; exit 3',
    status: 69,
    says: /^error\[vm-boot-failed\]: vm: QEMU did not start: the start script ended with exit status 3\ncannot make the disk image\n$/,
    within: 3,
  },
  {
    name: 'QEMU is missing',
    script: 'exec qemu-system-none "$@"',
    status: 69,
    says: /exit status 127\n.*qemu-system-none: not found\nhint: the start script, or what it starts \(QEMU\), is not there\n$/,
    within: 3,
  },
  {
    name: 'QEMU does not take its arguments, the processor is another',
    script: 'echo "Exec format error" >&2; exit 126',
    status: 69,
    says: /hint: the start script, or what it starts, is for another processor than this machine has\n$/,
    within: 3,
  },
  {
    name: 'no room for the disk image',
    script: 'echo "qemu-img: /x/disk.qcow2: No space left on device" >&2; exit 1',
    status: 69,
    says: /hint: there is no room for the VM's disk in \/tmp\/nf-\S+: make some, or set TMPDIR to a folder that has it\n$/,
    within: 3,
  },
  {
    name: 'nothing answers at the port of SSH',
    script: 'fake deaf "$@"',
    vm: 'timeout: 3s',
    status: 69,
    says: /the VM did not come up: it did not answer by SSH within 3 s\nthe end of its serial console:\n {2}fake machine, mode deaf\nhint: `vm: \{ timeout: … \}` gives it longer\n$/,
    within: 6,
  },
  ...(
    [
      ['panics', 'the kernel panicked: VFS: Unable to mount root fs on unknown-block\\(0,0\\)'],
      ['emergency', 'it is in emergency mode'],
      ['stage-1', 'the first stage of the boot failed'],
    ] as const
  ).map(([mode, why]) => ({
    name: `found at once: ${why}`,
    script: `fake ${mode} "$@"`,
    vm: 'timeout: 60s',
    status: 69,
    says: new RegExp(`the VM did not come up: ${why}\\nthe end of its serial console:\\n`),
    within: 5,
  })),
  {
    name: 'what the console says is harmless',
    script: 'fake hostile "$@"',
    vm: 'timeout: 2s',
    status: 69,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there is none is what is asked
    says: /^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]*failed: evil\\u0007\.service\n[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]*\\u202etxt[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]*$/,
    within: 5,
  },
  {
    name: 'the host key is not the one that it was given',
    script: 'fake other-host-key "$@"',
    vm: 'timeout: 60s',
    status: 69,
    says: /^error\[host-key-changed\]: vm \(root@127\.0\.0\.1:\d+\): its host key has changed: .*\nhint: a VM gets its host key, .*nix\/vm\.nix/,
    within: 5,
  },
  {
    name: 'the key that may log in is not taken',
    script: 'fake no-login "$@"',
    vm: 'timeout: 60s',
    status: 69,
    says: /^error\[authentication-failed\]: .*\nhint: a VM gets its host key, and the key that may log in,/,
    within: 6,
  },
  {
    name: 'it does not settle',
    script: 'fake never-settles "$@"',
    vm: 'timeout: 4s',
    status: 69,
    says: /SSH answers, but it did not settle within 4 s\nstill being started: postgresql\.service, multi-user\.target\nfailed: acme-order\.service\n/,
    within: 8,
  },
  {
    name: 'degraded is an answer',
    script: 'fake degraded "$@"',
    status: 0,
    says: /^vm: it has booted, but not all is well \(degraded\): acme-order\.service failed\n$/,
    out: /vm: 1 passed/,
    within: 6,
  },
  ...(
    [
      ['guest-shutdown', 'it powered itself off'],
      ['guest-panic', 'its kernel panicked'],
      ['reset', 'it rebooted'],
      ['crash', 'QEMU was killed'],
      ['full', 'there is no room left on this machine for the disk of the VM'],
      ['broken', 'the disk of the VM cannot be written to: Input/output error'],
    ] as const
  ).map(([what, why]) => ({
    name: `in the midst of a verification: ${why}`,
    script: 'fake good "$@"',
    entries: inMidst(what),
    status: 69,
    says: new RegExp(`^error\\[connection-lost\\]: vm: the VM was lost while it was verified: ${why}\\n$`),
    out: /1 unknown/,
    within: 12,
  })),
  {
    name: 'QEMU is started without exec, beside another program',
    script: `sleep 300 &\n(fake good "$@")`,
    status: 0,
    says: /^$/,
    out: /vm: 1 passed/,
    within: 15,
  },
];

for (const fault of faults) {
  t.test(fault.name, { timeout: 120_000 }, async (t) => {
    const bench = makeBench(t, fault.script, fault.vm, fault.entries);
    const began = performance.now();
    const { status, err, out } = await bench.run('verify', 'vm', '--no-save', '--no-inventory').ended;
    const seconds = (performance.now() - began) / 1000;
    t.equal(status, fault.status, err);
    t.match(err, fault.says);
    t.match(out, fault.out ?? /^$/);
    t.ok(seconds < fault.within, `${seconds} s`);
    t.same(await bench.leftovers(), []);
  });
}
