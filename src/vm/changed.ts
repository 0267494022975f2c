import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import type { VmOptions } from './boot.js';
import { evaluateVm } from './build.js';
import type { KeptVm } from './kept.js';
import { findNetworkOf } from './private-network.js';
import { readVmSettings } from './settings.js';

/**
 * What is to be said where a kept VM is not what its configuration says by now. Nothing is built for that. Never throws.
 * @returns undefined where it still is, or nixspec was interrupted
 */
export async function hasChanged(
  { facts, folder }: KeptVm,
  target: Target,
  options: Pick<VmOptions, 'folder' | 'signal' | 'show'>,
): Promise<string | undefined> {
  const settings = readVmSettings(target.vm ?? {}, options.folder);
  const way = `\`nixspec vm stop ${target.name}\` ends it, and the next run builds a new one`;
  try {
    const network = await findNetworkOf(folder);
    const member = network && { network: { machine: target.name, facts: network.facts } };
    const now = await evaluateVm({ ...options, ...member, target: target.name, settings, show: () => {} });
    const isSame = facts === undefined || now === '' || facts.script === now || facts.script.startsWith(`${now}/`);
    return isSame ? undefined : `${target.name}: its configuration has changed since this VM was started: ${way}`;
  } catch (error) {
    if (options.signal.aborted || !(error instanceof NixspecError)) return undefined;
    return `${target.name}: whether its configuration has changed since this VM was started is not known: ${error.message.split('\n', 1)[0]}`;
  }
}
