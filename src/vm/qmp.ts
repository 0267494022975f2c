import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** What QEMU says, beside answers: `SHUTDOWN`, `GUEST_PANICKED`, … */
export interface QmpEvent {
  readonly event: string;
  readonly data: { readonly [key: string]: unknown };
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The longest line that is read: `query-qmp-schema` apart, answers are some KiB. */
const longestLine = 1024 * 1024;

/** Milliseconds that QEMU has for its greeting. */
const greetingLimit = 5_000;

/**
 * QEMU's machine protocol (qemu-qmp-ref(7)): one JSON object a line, over a unix socket. Small enough that no library is
 * worth its weight; what is needed is a port, an orderly end, and why the machine stopped.
 */
export class Qmp {
  private readonly waiting: Waiting[] = [];
  private ended: Error | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly told: (event: QmpEvent) => void,
  ) {}

  /** @throws Error where the socket is not there (yet), or QEMU says nothing: it serves one at a time */
  static async open(path: string, told: (event: QmpEvent) => void): Promise<Qmp> {
    const socket = createConnection(path);
    socket.on('error', () => {});
    socket.setTimeout(greetingLimit, () => socket.destroy());
    await once(socket, 'connect');
    const qmp = new Qmp(socket, told);
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => qmp.read(line));
    // It tells the error of the socket once more.
    lines.on('error', () => {});
    socket.on('close', () => qmp.end(new Error('QEMU is gone')));
    await qmp.execute('qmp_capabilities');
    socket.setTimeout(0);
    return qmp;
  }

  /** @throws Error with QEMU's words, or when it is gone */
  execute(command: string, args?: { readonly [key: string]: unknown }): Promise<unknown> {
    if (this.ended) return Promise.reject(this.ended);
    this.socket.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }) })}\n`);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** A command of the human monitor. */
  async ask(line: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': line }));
  }

  close(): void {
    this.socket.destroy();
  }

  private read(line: string): void {
    if (line.length > longestLine) {
      this.close();
      return;
    }
    const message = parseObject(line);
    if (typeof message.event === 'string') {
      this.told({ event: message.event, data: (message.data ?? {}) as QmpEvent['data'] });
    } else if ('return' in message) this.waiting.shift()?.resolve(message.return);
    else if ('error' in message) this.waiting.shift()?.reject(new Error(describeError(message.error)));
  }

  private end(error: Error): void {
    this.ended = error;
    for (const one of this.waiting.splice(0)) one.reject(error);
  }
}

function parseObject(line: string): { readonly [key: string]: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as { readonly [key: string]: unknown }) : {};
  } catch {
    return {};
  }
}

function describeError(error: unknown): string {
  const { desc } = (error ?? {}) as { readonly desc?: unknown };
  return typeof desc === 'string' ? desc : 'QEMU refused';
}

/** The host's port that leads to the guest's port 22, of `info usernet`. */
export function findForwardedPort(usernet: string): number | undefined {
  const row = usernet.split('\n').find((line) => /TCP\[HOST_FORWARD\]/.test(line) && /\s22\s/.test(line));
  const [, port] = /HOST_FORWARD\]\s+\S+\s+\S+\s+(\d+)\s/.exec(row ?? '') ?? [];
  return port === undefined ? undefined : Number(port);
}
