import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { nixspec, start } from '../fixture/nixspec.js';
import { build, findVmLab, type VmLab } from '../lab/vm-lab.js';

/** What `vm:` says, by the real Nix: what cannot be built is only evaluated; two VMs are booted at the end. */
const lab = findVmLab();
const skip = 'skip' in lab && lab.skip;

/** Hosts that the lab's flake has not: of another platform, with a build that takes its time. */
const flakeOf = ({ flake }: VmLab) => `{
  outputs = _: let lab = builtins.getFlake "path:${flake}"; in {
    nixosConfigurations.arm = lab.nixosConfigurations.demo.extendModules {
      modules = [ { nixpkgs.hostPlatform = "aarch64-linux"; } ];
    };
    nixosConfigurations."slow.example" = lab.nixosConfigurations.demo.extendModules {
      modules = [ { environment.etc.slow.source = derivation {
        name = "slow-1.0"; system = "x86_64-linux"; builder = "/bin/sh"; now = builtins.currentTime;
        args = [ "-c" "/bin/sleep 7531 & /bin/sleep 7531" ];
      }; } ];
    };
  };
}
`;

/** A folder that is a Git repository with a flake that Git does not know yet, and a spec of targets by name. */
function makeFolder(t: Test, lab: VmLab, targets: { readonly [name: string]: string }): string {
  const folder = t.testdir({ 'flake.nix': flakeOf(lab), conf: { 'nixspec.yaml': '' } });
  execFileSync('git', ['init', '--quiet', folder]);
  const lines = Object.entries(targets).map(([name, vm]) => `  ${name}: { vm: ${vm} }\n`);
  writeFileSync(
    join(folder, 'conf/nixspec.yaml'),
    `version: 1\ntargets:\n${lines.join('')}unit: { nginx: { active: true } }\n`,
  );
  return folder;
}

t.test('what cannot be built is told in a few words', { skip }, async (t) => {
  if ('skip' in lab) return;
  const folder = makeFolder(t, lab, {
    several: '{ flake: .. }',
    arm: '{ flake: .. }',
    unknown: '{ flake: "..#amr" }',
    other: `{ flake: "${lab.flake}#zzzzzz" }`,
    evaluation: `{ flake: "${lab.flake}#broken-evaluation" }`,
    build: `{ flake: "${lab.flake}#broken-build" }`,
    emulated: '{ flake: "..#arm", system: aarch64-linux }',
    toplevel: `{ flake: ${lab.flake}, attribute: nixosConfigurations.demo.config.system.build.toplevel }`,
    attribute: `{ flake: ${lab.flake}, attribute: nixosConfigurations.demo }`,
    file: '{ file: nixspec.yaml }',
  });
  const verify = async (target: string) => {
    const { status, err } = await nixspec(['verify', target], {
      cwd: join(folder, 'conf'),
      env: { ...lab.environment, NIX_PATH: '' },
    });
    return `${status} ${err
      .replaceAll(folder, 'HERE')
      .replaceAll(lab.flake, 'LAB')
      .replace(/[a-z0-9]{32}-/g, '…-')}`;
  };
  t.match(await verify('arm'), /^69 error\[vm-build-failed\]: .*flake\.nix.*\nhint: .*`git add` it\n$/);
  execFileSync('git', ['-C', folder, 'add', 'flake.nix', 'conf']);
  const table: readonly (readonly [target: string, said: string | RegExp])[] = [
    [
      'several',
      '64 error[usage]: several: the flake .. has several hosts: arm, slow.example\nhint: say which, for example vm: { flake: "..#arm" }\n',
    ],
    [
      'arm',
      '64 error[usage]: arm: the flake .. has several hosts: arm, slow.example\nhint: say which, for example vm: { flake: "..#arm" }, which is called like the target\n',
    ],
    [
      'unknown',
      '64 error[usage]: unknown: the flake .. has no host "amr"; it has arm, slow.example\nhint: did you mean vm: { flake: "..#arm" }?\n',
    ],
    ['other', /^64 error\[usage\]: other: the flake LAB has no host "zzzzzz"; it has broken-build, .*, web\n$/],
    [
      'evaluation',
      "69 error[vm-build-failed]: evaluation: the configuration cannot be evaluated: Failed assertions:\n- services.forgejo needs a database\nhint: NIX_CONFIG='show-trace = true' in the environment shows where it comes from\n",
    ],
    [
      'build',
      '69 error[vm-build-failed]: build: the VM was not built: forgejo-9.0.3 does not build: its builder failed with exit code 2; the end of its log:\n' +
        '  unpacking source archive\n  building\n  models/user.go:42:13: undefined: OwnerColumn\n  make: *** [Makefile:7: forgejo] Error 1\n' +
        'hint: all that it said: nix log /nix/store/…-forgejo-9.0.3.drv\n',
    ],
    [
      'emulated',
      /^64 emulated: built for aarch64-linux, the host's own, and emulated here \(x86_64-linux\)\n(.*\n)?error\[usage\]: emulated: the VM's start script is for aarch64-linux; this machine is x86_64-linux\n/,
    ],
    [
      'toplevel',
      /^69 error\[vm-build-failed\]: toplevel: the VM was not built: \/nix\/store\/…-nixos-system-\S+ has no bin\/run-…-vm\nhint: it must be the VM of a NixOS host: …config\.system\.build\.vm\n$/,
    ],
    [
      'attribute',
      '64 error[usage]: attribute: nixosConfigurations.demo is nothing that can be built\nhint: a VM of a host is …config.system.build.vm\n',
    ],
    [
      'file',
      /^69 .*Nix search path.*\nhint: NIX_PATH says where it is, for example NIX_PATH=nixpkgs=channel:nixos-26\.05\n$/,
    ],
  ];
  for (const [target, said] of table) {
    const found = await verify(target);
    if (typeof said === 'string') t.equal(found, said, target);
    else t.match(found, said, target);
  }
});

t.test('an interruption while it builds', { skip }, async (t) => {
  if ('skip' in lab) return;
  const folder = makeFolder(t, lab, { vm: '{ flake: "..#slow.example" }' });
  execFileSync('git', ['-C', folder, 'add', 'flake.nix']);
  const builders = () =>
    execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line === '/bin/sleep 7531');
  const running = start(['verify', 'vm'], { cwd: join(folder, 'conf'), env: lab.environment });
  for (let look = 0; look < 600 && builders().length < 2; look += 1) await sleep(50);
  t.equal(builders().length, 2, 'it is being built');
  const begun = performance.now();
  running.kill('SIGINT');
  const { status, err } = await running.ended;
  t.equal(status, 130);
  t.match(err, 'error[interrupted]: interrupted\n');
  t.ok(performance.now() - begun < 3000, `${Math.round(performance.now() - begun)} ms`);
  t.strictSame(builders(), [], 'nothing goes on');
});

/** An ext4 file system that has what the lab's machines take for their root. */
function makeDisk(folder: string): string {
  mkdirSync(join(folder, 'disk/root/var/lib/seeded'), { recursive: true });
  mkdirSync(join(folder, 'disk/.work'));
  writeFileSync(join(folder, 'disk/root/var/lib/seeded/greeting'), 'from the disk\n');
  const image = join(folder, 'state.img');
  execFileSync('mkfs.ext4', ['-q', '-L', 'nixos', '-d', join(folder, 'disk'), image, '256M']);
  return image;
}

const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

t.test(
  'two VMs: of another platform with all that can be given to it, and one that was built elsewhere',
  { skip },
  async (t) => {
    if ('skip' in lab) return;
    const folder = makeFolder(t, lab, {});
    execFileSync('git', ['-C', folder, 'add', 'flake.nix']);
    const image = makeDisk(folder);
    const before = hashOf(image);
    const runner = createServer((stream) => stream.end()).listen(0, '127.0.0.1');
    t.teardown(() => runner.close());
    await new Promise((resolve) => runner.once('listening', resolve));
    // Not restricted by itself: nixspec sees to that.
    const script = `${build(
      lab,
      `(flake.nixosConfigurations.demo.extendModules {
    modules = [ { virtualisation.vmVariant.imports = [ "\${flake}/hosts/credentials.nix" ]; } ];
  }).config.system.build.vm`,
    )}/bin/run-demo-vm`;
    writeFileSync(join(folder, 'staging.nix'), '{ environment.etc."staging".text = "from a module\\n"; }\n');
    writeFileSync(
      join(folder, 'nixspec.yaml'),
      `version: 1
targets:
  vm: { vm: { flake: ".#arm", cores: 1, memory: 512MiB, modules: [staging.nix], seed: state.img } }
  elsewhere: { vm: { command: "${script}" } }
unit: { nginx: { active: true } }
file:
  /etc/staging: { only: [vm], contents: [from a module] }
  /var/lib/seeded/greeting: { only: [vm], contents: [from the disk] }
addr:
  tcp://10.0.2.2:${(runner.address() as AddressInfo).port}: { from: target, reachable: false }
`,
    );
    const verify = (target: string, ...more: string[]) =>
      nixspec(['verify', target, ...more], { cwd: folder, env: lab.environment });

    const first = await verify('vm', '--report', 'json=run.json', '--report', 'lines');
    t.equal(first.status, 0, `${first.out}${first.err}`);
    t.match(
      first.err,
      'vm: built for x86_64-linux, as this machine is; the host itself is aarch64-linux, which is not tried\n',
    );
    t.match(first.out, /x86_64-linux in place of aarch64-linux\n/);
    const [run] = (JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { runs: { vm: object }[] }).runs;
    t.match(run?.vm, { runner: 'x86_64-linux', system: 'x86_64-linux', configured: 'aarch64-linux' });
    t.equal(hashOf(image), before, 'the disk image is as it was');

    const second = await verify('elsewhere', '--compare-with', 'vm');
    t.equal(second.status, 0, `${second.out}${second.err}`);
    t.notMatch(second.out, /rebooted/);
  },
);
