import type { CommandInput, Io } from '../command.js';
import type { Target } from '../model.js';
import type { Prepared, PreparedSpec } from '../prepare.js';
import type { Progress } from '../progress.js';
import type { Transport } from '../transport.js';
import type { Reaching } from './machine.js';

/**
 * How a switch reaches its target: each time by a connection of its own. A passphrase is asked for once, not for each of
 * them.
 */
export function reachTarget(
  prepared: PreparedSpec,
  { target, plan }: Prepared,
  { options }: Pick<CommandInput, 'options'>,
  progress: Progress,
  io: Io,
): Reaching {
  const told = new Set<string>();
  // The same is said of each connection.
  const notice = (text: string) => {
    if (!told.has(text)) progress.say(text);
    told.add(text);
  };
  const passphrases = new Map<string, Promise<string>>();
  const askPassphrase = (prompt: string) => {
    const answer = passphrases.get(prompt) ?? import('../ask.js').then(({ askSecret }) => askSecret(prompt));
    passphrases.set(prompt, answer);
    return answer;
  };
  return {
    name: target.name,
    async connect(signal) {
      const { openTransport } = await import('../transport.js');
      return openTransport(applyOptions(target, options), {
        ...{ notice, signal },
        ...(typeof options.sshConfig === 'string' && { sshConfig: options.sshConfig }),
        ...(io.isTerminal.in && io.isTerminal.err && { askPassphrase }),
      });
    },
    async verify(transport: Transport, stage: string, signal: AbortSignal) {
      const { runTarget } = await import('../verification.js');
      const inventory = options.inventory !== false;
      return runTarget(prepared, { target, plan }, transport, progress, { ...io, signal }, { inventory, stage });
    },
  };
}

function applyOptions(target: Target, { transport }: CommandInput['options']): Target {
  return transport === 'ssh2' || transport === 'openssh' ? { ...target, transport } : target;
}
