import type { Duplex } from 'node:stream';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import { askAboutTarget, type ConfigQuestion, resolveSshConfig, type SshConfig, sshArguments } from '../ssh/config.js';
import { showHostPort } from '../ssh/destination.js';
import { interrupted, type Place, showPlace } from '../ssh/failures.js';
import { type Master, MasterFailed, startMaster } from '../ssh/master.js';
import type { MuxChannel } from '../ssh/mux-channel.js';
import { MuxConnection } from '../ssh/mux-connection.js';
import { explainSshStderr } from '../ssh/ssh-stderr.js';
import { runInShell, type StartedShell, startCommand } from '../started-shell.js';
import type { RunningProgram, Transport, TransportOptions } from '../transport.js';

/** Seconds that logging in may take, beyond making the connection, where nobody is asked anything. */
const loginLimit = 60;
/** With a person at the keyboard, the server's own limit (LoginGraceTime) ends it. */
const loginLimitWithPerson = 600;

interface Session {
  readonly place: Place;
  readonly master: Master;
  readonly connection: MuxConnection;
}

/**
 * Connects with the system's ssh: a master connection of its own, shared with nobody, spoken to in proxy mode. It reads
 * the configuration, verifies the host key and logs in as it always does, with all that ssh2 has not.
 *
 * @throws NixspecError
 */
export async function openOpenssh(target: Target, options: TransportOptions): Promise<Transport> {
  const question = askAboutTarget(target, options);
  const config = await resolveSshConfig(question);
  if (!config.resolved) throw sshMissing(target);
  const place = { target: target.name, config, isTarget: true };
  const master = await logIn(place, question, options);
  try {
    const session = { place, master, connection: await MuxConnection.open(master.socket) };
    return toTransport(session, target);
  } catch (cause) {
    master.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    const details = { operation: 'connect', target: target.name, cause, hint: 'OpenSSH 7.4 or newer is needed here' };
    throw new NixspecError('connection-failed', `${showPlace(place)}: ${why}`, details);
  }
}

function sshMissing(target: Target): NixspecError {
  return new NixspecError('ssh-missing', `${target.name}: this target needs the system's ssh, and there is none here`, {
    ...{ operation: 'connect', target: target.name },
    hint: 'install OpenSSH, or use `transport: ssh2` where no certificate, ProxyCommand or security token is needed',
  });
}

async function logIn(place: Place, question: ConfigQuestion, options: TransportOptions): Promise<Master> {
  const interactive = options.askPassphrase !== undefined;
  const limit = place.config.connectTimeout + (interactive ? loginLimitWithPerson : loginLimit);
  try {
    const settings = settingsFor(place.config, interactive).flatMap((setting) => ['-o', setting]);
    return await startMaster([...settings, ...sshArguments(question)], { interactive, limit, signal: options.signal });
  } catch (error) {
    if (options.signal.aborted) throw interrupted(place.target);
    if (!(error instanceof MasterFailed)) throw error;
    const { code, said, hint } = explainSshStderr(error.stderr);
    const details = { operation: 'connect', target: place.target, cause: error, ...(hint !== undefined && { hint }) };
    throw new NixspecError(code, `${showPlace(place)}: ssh says: ${said}`, details);
  }
}

/** What must hold whatever the user's configuration says: options of the command line come first. */
function settingsFor(config: SshConfig, interactive: boolean): string[] {
  return [
    'StrictHostKeyChecking=yes',
    `BatchMode=${interactive ? 'no' : 'yes'}`,
    'ControlPersist=no',
    'RemoteCommand=none',
    'PermitLocalCommand=no',
    // Another forwarding of the user's may fail, or be in use, and none is wanted here.
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'ForwardX11=no',
    'Tunnel=no',
    'UpdateHostKeys=no',
    'VisualHostKey=no',
    'LogLevel=INFO',
    `ConnectTimeout=${config.connectTimeout}`,
    `ServerAliveInterval=${config.aliveInterval}`,
    `ServerAliveCountMax=${config.aliveCountMax}`,
  ];
}

// ----------------------------------------------------------------------------------------------------- transport

function toTransport(session: Session, target: Target): Transport {
  const { user, host, port } = session.place.config;
  return {
    name: 'openssh',
    reached: `${user}@${showHostPort(host, port)} by openssh`,
    run: (program, signal) => run(session, target, program, signal),
    connect: (toHost, toPort, signal) => openForward(session, toHost, toPort, signal),
    close: async () => {
      session.connection.close();
      session.master.close();
    },
  };
}

function run(session: Session, target: Target, program: string, signal: AbortSignal): RunningProgram {
  const sudo = target.sudo === true;
  const command = startCommand(Buffer.byteLength(program), sudo);
  return runInShell(startShell(session, command.raw), program, {
    ...{ where: showPlace(session.place), target: target.name, sudo, signal },
    whyLost: async () => (await session.master.awaitEnd()) ?? 'the server closed the channel',
  });
}

async function startShell({ connection, master, place }: Session, command: string): Promise<StartedShell> {
  try {
    return toShell(await connection.exec(command));
  } catch (cause) {
    if ((await master.awaitEnd()) !== undefined) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const details = { operation: 'run program', target: place.target, cause };
    const message = `${showPlace(place)}: the server runs no programs for this user: ${why}`;
    throw new NixspecError('shell-unusable', message, details);
  }
}

function toShell(channel: MuxChannel): StartedShell {
  const exited = new Promise<number | undefined>((resolve) => {
    channel.errors.once('close', () => resolve(channel.exit));
  });
  return { input: channel, output: channel, errors: channel.errors, exited, abandon: () => channel.destroy() };
}

async function openForward({ connection }: Session, host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  const opening = connection.connectTcp(host, port);
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      opening.then((channel) => channel.destroy()).catch(() => {});
      reject(signal.reason);
    };
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    const channel = await Promise.race([opening, aborted]);
    channel.once('close', () => signal.removeEventListener('abort', abort));
    return channel;
  } catch (error) {
    signal.removeEventListener('abort', abort);
    throw error;
  }
}
