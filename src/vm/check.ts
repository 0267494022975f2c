import { stat } from 'node:fs/promises';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import { isOwn, locate, readVmSettings, type VmSettings } from './settings.js';

/**
 * The settings of a VM that may be built: the files that they name are there, and it cannot reach production with
 * production's secrets unless the user insists. Builds nothing and asks nobody, so that `plan` can tell it too.
 *
 * @param folder what relative paths mean, absolute: that of the spec
 * @throws NixspecError `usage`, `vm-refused`
 */
export async function checkVm(target: Target, folder: string): Promise<VmSettings> {
  const settings = readVmSettings(target.vm ?? {}, folder);
  refuseReach(target, settings);
  for (const [key, path] of filesOf(settings, folder)) {
    const status = await stat(path).catch(() => undefined);
    if (!status) throw mistake(target, key, `${path} does not exist`, 'paths are relative to the folder of the spec');
    if (key === 'command' && !status.isFile()) {
      throw mistake(
        target,
        key,
        `${path} is no file`,
        "it is a VM's start script, for example ./result/bin/run-web-vm",
      );
    }
    if (key === 'command' && (status.mode & 0o111) === 0) {
      throw mistake(
        target,
        key,
        `${path} is not executable`,
        "it is a VM's start script, for example ./result/bin/run-web-vm",
      );
    }
    if (key === 'seed' && settings.seed?.kind === 'disk' && !status.isFile()) {
      throw mistake(target, key, `${path} is no disk image`, 'a folder of files needs another name');
    }
  }
  return settings;
}

function filesOf(
  { flake, command, file, modules, seed }: VmSettings,
  folder: string,
): readonly (readonly [key: string, path: string])[] {
  // Only what begins like a path is one; `conf` is a name of Nix's registry.
  const [local] = /^[.~/][^#?]*/.exec(flake ?? '') ?? [];
  return [
    ...(local === undefined ? [] : [['flake', locate(local, folder)] as const]),
    ...(command === undefined ? [] : [['command', command] as const]),
    ...(file === undefined ? [] : [['file', file] as const]),
    ...modules.map((path) => ['modules', path] as const),
    ...(seed === undefined ? [] : [['seed', seed.path] as const]),
  ];
}

/**
 * An open network and secrets that may be real: such a VM takes production's place in its tunnels, sends its mail, prunes its
 * backups. Of a VM that is not built with nixspec's module nobody knows what its secrets are.
 */
function refuseReach(target: Target, settings: VmSettings): void {
  const { network, secrets, reachProduction } = settings;
  if (network !== 'open' || reachProduction) return;
  const [own] = (['command', 'attribute'] as const).filter((key) => settings[key] !== undefined);
  if (!isOwn(settings) && secrets === 'dummy') return;
  const why =
    own === undefined
      ? 'its secrets are those of the configuration (`secrets: none`)'
      : `it is built without nixspec's module (\`${own}\`), so that nobody knows whether its secrets are production's`;
  throw new NixspecError(
    'vm-refused',
    `${target.name}: this VM could reach production with production's secrets: its network is open, and ${why}`,
    {
      operation: 'check VM',
      target: target.name,
      hint: `leave \`network: open\` out${own === undefined ? ', or `secrets: none`' : ''}; where it is meant, vm: { …, reach-production: true } insists`,
    },
  );
}

function mistake(target: Target, key: string, why: string, hint: string): NixspecError {
  const place = target.position;
  const where = place === undefined ? '' : ` (${place.file}:${place.line}:${place.column})`;
  return new NixspecError('usage', `${target.name}${where}: \`${key}\` of \`vm\`: ${why}`, {
    operation: 'check VM',
    target: target.name,
    hint,
  });
}
