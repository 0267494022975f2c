import { link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NixspecError } from '../error.js';
import type { Script, Target } from '../model.js';
import type { Transport } from '../transport.js';
import { readAccess } from '../vm/access.js';
import { type BootedVm, bootBuilt, type VmOptions } from '../vm/boot.js';
import type { BuiltVm } from '../vm/build.js';
import { stopMachine } from '../vm/stop.js';
import { makeWorkspace, type Workspace } from '../vm/workspace.js';
import { type Answer, ask } from './ask.js';

/** Seconds that a machine has to answer by SSH again after a switch: with KVM, and emulated. */
const returnLimits = { accelerated: 90, emulated: 300 } as const;

/** A VM of a rehearsal: its connection may be lost and is then made anew, its disk outlives it. */
export class RehearsalMachine {
  private gone = false;

  private constructor(
    private readonly target: Target,
    private readonly options: VmOptions,
    private readonly booted: BootedVm,
    private current: Transport,
  ) {
    void booted.machine.exited.then(() => {
      this.gone = true;
    });
  }

  /**
   * @param workspace with the disk that another machine has left; without it the disk is new
   * @throws NixspecError `vm-boot-failed`, and nothing is left of the machine
   */
  static async boot(target: Target, built: BuiltVm, options: VmOptions, workspace?: Workspace) {
    const booted = await bootBuilt(target, built, options, { kept: false, ...(workspace && { workspace }) });
    return new RehearsalMachine(target, options, booted, booted.transport);
  }

  get transport(): Transport {
    const { accelerated } = this.booted.machine;
    const { current } = this;
    return {
      name: current.name,
      vm: this.booted.vm,
      reached: `${current.reached}, a VM ${accelerated ? 'with' : 'without'} KVM`,
      run: (program, signal) => current.run(program, signal),
      connect: (host, port, signal) => current.connect(host, port, signal),
      close: () => current.close(),
    };
  }

  get accelerated(): boolean {
    return this.booted.machine.accelerated;
  }

  /** Runs a short program; where the connection is lost or hangs, once more over a new one. @throws NixspecError */
  async ask(script: Script, seconds: number): Promise<Answer> {
    const { signal } = this.options;
    const answer = await ask(this.current, script, seconds, signal);
    if (signal.aborted) throw interrupted(this.target);
    if (answer.exit !== undefined) return answer;
    await this.reconnect();
    return ask(this.current, script, seconds, signal);
  }

  /** Leaves the connection and makes a new one. @throws NixspecError `connection-lost` where nothing answers any more */
  async reconnect(): Promise<void> {
    const { signal, show, connect } = this.options;
    await this.current.close();
    const reached = await readAccess(this.booted.machine.workspace.folder, this.target);
    const limit = returnLimits[this.accelerated ? 'accelerated' : 'emulated'];
    let why = '';
    for (const end = performance.now() + limit * 1000; performance.now() < end; ) {
      if (this.gone) throw lost(this.target, 'QEMU ended');
      show('waiting until it answers by SSH again');
      try {
        this.current = await connect(reached);
        return;
      } catch (error) {
        if (signal.aborted || !(error instanceof NixspecError)) throw error;
        why = error.message;
      }
      await sleep(500, undefined, { signal }).catch(() => {});
    }
    throw lost(this.target, `no answer by SSH for ${limit} s: ${why}`);
  }

  /**
   * Shuts the machine down, and keeps its disks for the next one: they have a second name before the machine's folder is
   * removed, whoever removes it.
   * @returns a workspace with the disks, for the next machine; and whether the machine went down in an orderly way
   */
  async stopAndKeepDisk(): Promise<{ readonly workspace: Workspace; readonly orderly: boolean }> {
    const { folder: old } = this.booted.machine.workspace;
    const workspace = await makeWorkspace({
      target: this.target.name,
      kept: false,
      specFolder: this.options.folder,
    });
    try {
      // Beside the disk: further ones (`virtualisation.emptyDiskImages`) and what the firmware remembers.
      for (const place of ['.', 'tmp']) {
        const names = (await readdir(join(old, place))).filter((name) => /\.(qcow2|fd)$/.test(name));
        for (const name of names) await link(join(old, place, name), join(workspace.folder, place, name));
      }
      return { workspace, orderly: await this.stop() };
    } catch (error) {
      await rm(workspace.folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** At once where nixspec was interrupted, else in an orderly way. Never throws. @returns whether it was one */
  async stop(): Promise<boolean> {
    const { signal, show } = this.options;
    show('shutting down');
    const orderly = await stopMachine(this.booted.machine, this.current, signal);
    await this.current.close();
    return orderly;
  }
}

function lost({ name }: Target, why: string): NixspecError {
  return new NixspecError('connection-lost', `${name}: the VM was lost: ${why}`, {
    operation: 'rehearse',
    target: name,
  });
}

function interrupted(target: Target): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'rehearse', target: target.name });
}
