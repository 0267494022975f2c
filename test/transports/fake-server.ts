import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Connection, type ServerConfig } from 'ssh2';
import { convertPkcs8 } from '../../src/ssh/private-key.js';

const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;

/** A key as OpenSSH writes it, and its line in known_hosts. */
export function makeKeyPair() {
  const text = convertPkcs8(generateKeyPairSync('ed25519').privateKey.export(pkcs8).toString());
  const parsed = ssh2.utils.parseKey(text);
  if (parsed instanceof Error) throw parsed;
  return { text, publicKey: parsed.getPublicSSH(), line: `${parsed.type} ${parsed.getPublicSSH().toString('base64')}` };
}

/** For what a real server cannot be made to do. */
export interface FakeServer {
  readonly port: number;
  /** `ssh -F`: a host `fake`, its key known, and one key to log in with. */
  readonly config: string;
  readonly folder: string;
  readonly hostKey: ReturnType<typeof makeKeyPair>;
  /** The TCP connections, so that they can be cut, or held up. */
  readonly sockets: Socket[];
  close(): void;
}

interface FakeOptions {
  /** Called for each connection; without it any key is let in and nothing else is answered. */
  readonly accept?: (connection: Connection) => void;
  /** In place of an SSH server: what it does with a TCP connection. */
  readonly raw?: (socket: Socket) => void;
  readonly server?: Partial<ServerConfig>;
  /** Lines for `Host fake`. */
  readonly config?: string;
  /** In place of the server's own key. */
  readonly known?: string;
}

export async function startFakeServer(options: FakeOptions = {}): Promise<FakeServer> {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));
  const hostKey = makeKeyPair();
  writeFileSync(join(folder, 'id'), makeKeyPair().text, { mode: 0o600 });
  const sockets: Socket[] = [];
  const server = new ssh2.Server({ hostKeys: [hostKey.text], ...options.server }, (connection) => {
    connection.on('error', () => {});
    (options.accept ?? letIn)(connection);
  });
  const listener: NetServer = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    if (options.raw) options.raw(socket);
    else server.injectSocket(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const name = `[127.0.0.1]:${port}`;
  writeFileSync(join(folder, 'known_hosts'), options.known ?? `${name} ${hostKey.line}\n`);
  const config = join(folder, 'config');
  writeFileSync(config, `Host fake\n${options.config ?? ''}\n${settings(folder, port)}`);
  const close = () => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, config, folder, hostKey, sockets, close };
}

function settings(folder: string, port: number): string {
  return `  HostName 127.0.0.1
  Port ${port}
  User root
  IdentityAgent none
  IdentitiesOnly yes
  IdentityFile ${folder}/id
  UserKnownHostsFile ${folder}/known_hosts
  GlobalKnownHostsFile /dev/null
`;
}

export function letIn(connection: Connection): void {
  connection.on('authentication', (context) => context.accept());
}
