import { connect, type Socket } from 'node:net';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel, ConnectConfig } from 'ssh2';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import { type Algorithms, chooseAlgorithms } from '../ssh/algorithms.js';
import { ChannelSocket } from '../ssh/channel-socket.js';
import { askAboutTarget, type SshConfig } from '../ssh/config.js';
import { Deadline } from '../ssh/deadline.js';
import { showHostPort } from '../ssh/destination.js';
import {
  explainBrokenHandshake,
  explainHostKey,
  explainNoConnection,
  interrupted,
  type Place,
  showPlace,
  timedOut,
} from '../ssh/failures.js';
import { findIdentities } from '../ssh/identities.js';
import { resolveRoute } from '../ssh/jump.js';
import { KeySigner, type SshLibrary } from '../ssh/key-signer.js';
import { findKnownHosts, judgeHostKey, orderHostKeyAlgorithms, readKnownHosts } from '../ssh/known-hosts.js';
import { Login } from '../ssh/login.js';
import { type HopFacts, hostNameOf, whyOpenssh } from '../ssh/openssh-reasons.js';
import { runInShell, type StartedShell, startCommand } from '../started-shell.js';
import type { RunningProgram, Transport, TransportOptions } from '../transport.js';
import { explainOpenFailure, explainSocketError } from '../unreachable.js';

type Library = typeof import('ssh2');

/** One machine on the way: the target is the last. */
interface Hop extends HopFacts {
  readonly place: Place;
  readonly algorithms: Algorithms;
}

/** A connection that is logged in. */
interface Session {
  readonly hop: Hop;
  readonly client: Client;
  /** Why the connection is gone; undefined while it stands. */
  whyLost(): string | undefined;
  close(): void;
}

const closedEarly = 'Connection lost before handshake';

/** ssh2 lacks what is needed here; the message goes behind "because". */
class BeyondSsh2 extends Error {}

/**
 * Connects with ssh2, or with the system's ssh where only that will do.
 * @throws NixspecError
 */
export async function openSsh(target: Target, options: TransportOptions): Promise<Transport> {
  if (target.transport === 'openssh') return openWithSystemSsh(target, options);
  // Loading ssh2 takes 40 ms, in which `ssh -G` answers, the keys are read and the TCP connection is made.
  const route = await resolveRoute(askAboutTarget(target, options));
  if (!route[0]?.resolved)
    options.notice(`${target.name}: there is no \`ssh\` here, so that ~/.ssh/config is not read`);
  const places = route.map((config, at) => ({ target: target.name, config, isTarget: at === route.length - 1 }));
  const socket = openFirstSocket(places[0], options.signal);
  // Loading it holds up everything else for 30 ms, in which the server makes its greeting.
  const library = import('ssh2').then((module) => module.default);
  library.catch(() => {});
  try {
    const hops = await Promise.all(places.map(gatherFacts));
    if (target.transport !== 'ssh2') refuseWhatSsh2Lacks(hops);
    return toTransport(target, await connectAll(await library, hops, socket, options));
  } catch (error) {
    void socket.then((opened) => opened.destroy()).catch(() => {});
    if (!(error instanceof BeyondSsh2)) throw error;
    if (target.transport === 'ssh2') throw explainLack(target, error);
    options.notice(`${target.name}: using the system's ssh, because ${error.message}`);
    return openWithSystemSsh(target, options);
  }
}

function explainLack(target: Target, error: BeyondSsh2): NixspecError {
  return new NixspecError('connection-failed', `${target.name}: ${error.message}`, {
    ...{ operation: 'connect', target: target.name, cause: error },
    hint: "leave out `transport: ssh2`: then nixspec uses the system's ssh by itself",
  });
}

async function openWithSystemSsh(target: Target, options: TransportOptions): Promise<Transport> {
  return (await import('./openssh.js')).openOpenssh(target, options);
}

async function gatherFacts(place: Place): Promise<Hop> {
  const { config } = place;
  const [identities, knownHosts] = await Promise.all([findIdentities(config), readKnownHosts(config.knownHostsFiles)]);
  return { place, config, identities, knownHosts, algorithms: chooseAlgorithms(config) };
}

function refuseWhatSsh2Lacks(hops: readonly Hop[]): void {
  for (const hop of hops) {
    const why = whyOpenssh(hop);
    if (why !== undefined) throw new BeyondSsh2(why);
    const lacking = Object.entries(hop.algorithms).find(([, names]) => names.length === 0);
    if (lacking) throw new BeyondSsh2(`ssh2 has none of the algorithms that ${hop.config.alias} is limited to`);
  }
}

// ---------------------------------------------------------------------------------------------------- connecting

/** Starts at once; who awaits it last learns what became of it. */
function openFirstSocket(place: Place | undefined, signal: AbortSignal): Promise<Socket> {
  if (!place) throw new TypeError('a route has at least one machine');
  const socket = openSocket(place, signal);
  socket.catch(() => {});
  return socket;
}

function openSocket(place: Place, signal: AbortSignal): Promise<Socket> {
  const { host, port, family, bindAddress, connectTimeout } = place.config;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host, port, family, noDelay: true },
      ...(bindAddress !== undefined && { localAddress: bindAddress }),
      // Node gives each address 250 ms, which a slow link does not make.
      autoSelectFamilyAttemptTimeout: 1_000,
    });
    const end = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const abort = () => end(interrupted(place.target));
    const timer = setTimeout(() => end(timedOut(place, 'when connecting')), connectTimeout * 1_000);
    signal.addEventListener('abort', abort, { once: true });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
    // Stays for the life of the socket, which may die before ssh2 listens.
    socket.on('error', (error) => end(explainNoConnection(place, explainSocketError(error, host, port))));
    socket.once('close', settle);
    if (signal.aborted) abort();
  });
}

/** Logs in to one machine after the other, each through the one before. */
async function connectAll(library: Library, hops: readonly Hop[], first: Promise<Socket>, options: TransportOptions) {
  const sessions: Session[] = [];
  try {
    for (const hop of hops) {
      const before = sessions.at(-1);
      const socket = before ? await openThrough(before, hop, options.signal) : await first;
      sessions.push(await logIn(library, hop, socket, options));
    }
    return sessions;
  } catch (error) {
    closeAll(sessions);
    throw error;
  }
}

async function openThrough(before: Session, { place }: Hop, signal: AbortSignal): Promise<Duplex> {
  try {
    return await openForward(before, place.config.host, place.config.port, signal);
  } catch (error) {
    if (signal.aborted) throw interrupted(place.target);
    throw explainNoConnection(place, error instanceof Error ? error : new Error(String(error)));
  }
}

function logIn(library: Library, hop: Hop, socket: Duplex, options: TransportOptions): Promise<Session> {
  const { place, config } = hop;
  return new Promise((resolve, reject) => {
    const client = new library.Client();
    let refusal: Error | undefined;
    let lost: string | undefined;
    const fail = (error: Error) => {
      settle();
      lost ??= error.message;
      socket.destroy();
      reject(refusal ?? error);
    };
    const deadline = new Deadline(config.connectTimeout, () => fail(timedOut(place, 'while setting up SSH')));
    const signer = new KeySigner(library as unknown as SshLibrary, deadline, options.askPassphrase);
    const login = new Login({ library: library as unknown as SshLibrary, place, identities: hop.identities, signer });
    const abort = () => fail(interrupted(place.target));
    const settle = () => {
      deadline.clear();
      options.signal.removeEventListener('abort', abort);
    };
    options.signal.addEventListener('abort', abort, { once: true });
    client.on('error', (error: Error & { level?: string }) => {
      // A key that cannot sign is one key less; ssh2 goes on with the next.
      if (error.level === 'agent') return;
      lost ??= error.message;
      fail(explainFailure(hop, error, login));
    });
    client.on('close', () => {
      lost ??= 'the server closed it';
      fail(explainFailure(hop, new Error('the server closed the connection'), login));
    });
    client.on('ready', () => {
      settle();
      resolve({ hop, client, whyLost: () => lost, close: () => void socket.destroy() });
    });
    const verify = (key: Buffer): boolean => {
      refusal = explainHostKey(place, judgeHostKey(hop.knownHosts, hostNameOf(config), key), key);
      return refusal === undefined;
    };
    try {
      client.connect(connectOptions(hop, socket, login, verify));
      login.signAtOnce(client);
    } catch (error) {
      fail(explainFailure(hop, error instanceof Error ? error : new Error(String(error)), login));
    }
    if (options.signal.aborted) abort();
    // It may have been closed while ssh2 was being loaded, of which ssh2 would never hear.
    if (socket.destroyed || socket.readableEnded) fail(explainFailure(hop, new Error(closedEarly), login));
  });
}

function connectOptions(hop: Hop, socket: Duplex, login: Login, hostVerifier: (key: Buffer) => boolean): ConnectConfig {
  const { config, knownHosts, algorithms } = hop;
  const known = findKnownHosts(knownHosts, hostNameOf(config));
  // No compression: it saves a tenth of a second on slow links, but ssh2 then trips over a lost connection.
  const wanted = { ...algorithms, serverHostKey: orderHostKeyAlgorithms(algorithms.serverHostKey, known) };
  return {
    ...{ sock: socket, username: config.user, hostVerifier },
    // ssh2's types name each algorithm; it refuses those it does not have by itself.
    algorithms: wanted as unknown as NonNullable<ConnectConfig['algorithms']>,
    authHandler: login.chooseMethod as unknown as NonNullable<ConnectConfig['authHandler']>,
    // A deadline of our own stands still while somebody types a passphrase.
    readyTimeout: 0,
    keepaliveInterval: config.aliveInterval * 1_000,
    keepaliveCountMax: config.aliveCountMax,
  };
}

function explainFailure({ place }: Hop, error: Error & { level?: string }, login: Login): Error {
  if (/no matching (key exchange|host key|C->S|S->C)|unsupported algorithm/i.test(error.message)) {
    const what = error.message.replace(/^Handshake failed: /, '');
    return new BeyondSsh2(`ssh2 and ${place.config.alias} have nothing in common: ${what}`);
  }
  if (error.level !== 'client-authentication' && !/authentication failures/i.test(error.message)) {
    return explainBrokenHandshake(place, error);
  }
  const kerberos = place.config.resolved?.get('gssapiauthentication')?.[0] === 'yes';
  if (kerberos && login.methods.includes('gssapi-with-mic')) {
    return new BeyondSsh2(`${place.config.alias} accepts no key of yours, but Kerberos (GSSAPI)`);
  }
  return login.explainFailure(error);
}

// ----------------------------------------------------------------------------------------------------- transport

function toTransport(target: Target, sessions: readonly Session[]): Transport {
  const session = sessions.at(-1);
  if (!session) throw new TypeError('a route has at least one machine');
  return {
    name: 'ssh2',
    reached: describeRoute(sessions.map(({ hop }) => hop.config)),
    run: (program, signal) => run(session, target, program, signal),
    connect: (host, port, signal) => openForward(session, host, port, signal),
    // No goodbye: the server notices by itself, and a round trip is saved.
    close: async () => closeAll(sessions),
  };
}

/** `root@web.example.org:22 by ssh2 through bastion`. */
function describeRoute(route: readonly SshConfig[]): string {
  const { user, host, port } = route.at(-1) ?? { user: '', host: '', port: 0 };
  const through = route.slice(0, -1).map(({ alias }) => alias);
  return `${user}@${showHostPort(host, port)} by ssh2${through.length > 0 ? ` through ${through.join(', ')}` : ''}`;
}

function closeAll(sessions: readonly Session[]): void {
  for (const session of [...sessions].reverse()) session.close();
}

function run(session: Session, target: Target, program: string, signal: AbortSignal): RunningProgram {
  const sudo = target.sudo === true;
  const command = startCommand(Buffer.byteLength(program), sudo);
  const where = showPlace(session.hop.place);
  return runInShell(startShell(session, command.raw), program, {
    ...{ where, target: target.name, sudo, signal },
    whyLost: () => session.whyLost() ?? 'the server closed the channel',
  });
}

/**
 * The program is sent once the server has said yes to the command. Sending it along would save no round trip: OpenSSH's
 * server opens a session with a window of 0 bytes and widens it together with its yes.
 */
function startShell(session: Session, command: string): Promise<StartedShell> {
  const { client, hop, whyLost } = session;
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (!error) resolve(toShell(channel, whyLost));
      else if (whyLost() !== undefined) reject(error);
      else {
        const details = { operation: 'run program', target: hop.place.target, cause: error };
        const message = `${showPlace(hop.place)}: the server runs no programs for this user: ${error.message}`;
        reject(new NixspecError('shell-unusable', message, details));
      }
    });
  });
}

function toShell(channel: ClientChannel, whyLost: Session['whyLost']): StartedShell {
  const stream = new ChannelSocket(channel, whyLost);
  let exit: number | undefined;
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
  });
  // Of the two outputs this one is always read, so that it closes even where nobody reads the other.
  const exited = new Promise<number | undefined>((resolve) => channel.stderr.once('close', () => resolve(exit)));
  return { input: stream, output: stream, errors: channel.stderr, exited, abandon: () => stream.destroy() };
}

function openForward(session: Session, host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  const { client, whyLost } = session;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let stream: ChannelSocket | undefined;
    const abort = () => {
      stream?.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    client.forwardOut('127.0.0.1', 0, host, port, (error: (Error & { reason?: number }) | undefined, channel) => {
      if (!error) stream = new ChannelSocket(channel, whyLost);
      if (!stream || signal.aborted) {
        signal.removeEventListener('abort', abort);
        stream?.destroy();
        return reject(explainForward(error, host, port, whyLost()));
      }
      stream.once('close', () => signal.removeEventListener('abort', abort));
      resolve(stream);
    });
  });
}

function explainForward(error: (Error & { reason?: number }) | undefined, host: string, port: number, lost?: string) {
  if (lost !== undefined) return new Error(`the SSH connection was lost: ${lost}`);
  const text = error?.message.replace(/^\(SSH\) Channel open failure: /, '') ?? '';
  return explainOpenFailure(error?.reason, text, host, port);
}
