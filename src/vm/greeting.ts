import { connect } from 'node:net';

/**
 * Whether an SSH server says its name at a port of this machine, within some seconds. QEMU takes connections there long
 * before the machine has a network: those hang, or are reset. So it is looked at cheaply, again and again, and SSH itself
 * begins when somebody answers.
 */
export function greets(port: number, seconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const stream = connect(port, '127.0.0.1');
    const leave = () => void stream.destroy();
    let said = '';
    stream.setTimeout(seconds * 1000, leave);
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      // A server may say other lines first (RFC 4253, 4.2).
      if (/^SSH-/m.test(said) || said.length > 8192) leave();
    });
    stream.on('close', () => {
      signal.removeEventListener('abort', leave);
      resolve(/^SSH-/m.test(said));
    });
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
}
