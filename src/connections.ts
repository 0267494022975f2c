import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { CommandInput, Io } from './command.js';
import type { Target } from './model.js';
import type { Progress } from './progress.js';
import type { Transport } from './transport.js';
import type { VmOptions } from './vm/boot.js';

interface Connection {
  readonly target: Target;
  readonly transport: Promise<Transport>;
}

/** The connections of one command: opened side by side, as early as a target is known, and left together. */
export class Connections {
  private readonly byName = new Map<string, Connection>();
  private readonly leaving: Promise<void>[] = [];
  /** Machines that were lost while they were asked. What they had answered by then was kept. */
  readonly lost: Error[] = [];

  constructor(
    private readonly options: CommandInput['options'],
    private readonly progress: Progress,
    private readonly io: Io,
  ) {}

  /**
   * Begins to connect to targets. What was begun at a first glance of the spec is kept where the spec as a whole says the
   * same of the target, else left. Failures are kept for whoever asks for the connection.
   */
  open(targets: readonly Target[]): void {
    const wanted = targets.filter((target) => !isDeepStrictEqual(this.byName.get(target.name)?.target, target));
    const vms = wanted.filter(isVm);
    const openVm = vms.length > 0 ? this.openVms(vms) : undefined;
    for (const target of wanted) {
      const begun = this.byName.get(target.name);
      if (begun) this.leaving.push(leave(begun));
      const transport = openVm && isVm(target) ? openVm(target) : this.connectTo(target);
      transport.catch(() => {});
      this.byName.set(target.name, { target, transport });
    }
  }

  /** @throws NixspecError with a code for each way in which a connection fails */
  get({ name }: Target): Promise<Transport> {
    const connection = this.byName.get(name);
    if (!connection) throw new TypeError(`${name} was not opened`);
    return connection.transport;
  }

  /** Leaves all of them, also those that are still being opened. Never throws. */
  async close(): Promise<void> {
    await Promise.all([...this.leaving, ...[...this.byName.values()].map(leave)]);
  }

  /** Several VMs are on one network, and each waits for all. */
  private openVms(targets: readonly Target[]): (target: Target) => Promise<Transport> {
    const opened = import('./vm/together.js').then(async ({ openTogether }) =>
      openTogether(
        await Promise.all(targets.map(async (target) => ({ target, options: await this.vmOptions(target) }))),
      ),
    );
    return async (target) => {
      const transport = (await opened).get(target.name);
      if (!transport) throw new TypeError(`${target.name} was not opened`);
      return transport;
    };
  }

  /** What it takes to build, boot and reach the VM of a target. */
  async vmOptions(target: Target): Promise<VmOptions> {
    const { folderOf } = await import('./prepare.js');
    return {
      folder: resolve(folderOf({ options: this.options })),
      signal: this.io.signal,
      show: (stage) => this.progress.show(target.name, stage),
      say: this.progress.say,
      lose: (error) => void this.lost.push(error),
      connect: (reached) => this.connectTo(reached),
    };
  }

  private async connectTo(target: Target): Promise<Transport> {
    const { sshConfig } = this.options;
    const { isTerminal, signal } = this.io;
    const { openTransport } = await import('./transport.js');
    if (!target.vm) this.progress.show(target.name, 'connecting');
    return openTransport(applyOptions(target, this.options), {
      notice: this.progress.say,
      signal,
      ...(typeof sshConfig === 'string' && { sshConfig }),
      ...(isTerminal.in && isTerminal.err && { askPassphrase }),
    });
  }
}

/** Not one that runs already and is reached by SSH. */
function isVm({ vm, ssh }: Target): boolean {
  return vm !== undefined && ssh === undefined;
}

function leave({ transport }: Connection): Promise<void> {
  return transport.then((opened) => opened.close()).catch(() => {});
}

async function askPassphrase(prompt: string): Promise<string> {
  return (await import('./ask.js')).askSecret(prompt);
}

function applyOptions(target: Target, { transport }: CommandInput['options']): Target {
  return transport === 'ssh2' || transport === 'openssh' ? { ...target, transport } : target;
}
