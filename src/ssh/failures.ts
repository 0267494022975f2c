import { type ErrorCode, NixspecError, Unreachable } from '../error.js';
import type { SshConfig } from './config.js';
import { showHostPort } from './destination.js';
import type { HostKeyVerdict } from './known-hosts.js';
import { fingerprintOf, typeOfKey } from './public-key.js';

/** Which machine of which target; jump hosts have messages of their own. */
export interface Place {
  readonly target: string;
  readonly config: SshConfig;
  /** The target itself, not a machine on the way to it. */
  readonly isTarget: boolean;
}

/** `production (root@web.example.org:22)`. */
export function showPlace({ target, config, isTarget }: Place): string {
  const address = `${config.user}@${showHostPort(config.host, config.port)}`;
  return isTarget ? `${target} (${address})` : `${target}, jump host ${config.alias} (${address})`;
}

function fail(place: Place, code: ErrorCode, what: string, hint: string | undefined, cause?: unknown): NixspecError {
  const details = {
    operation: 'connect',
    target: place.target,
    ...(hint && { hint }),
    ...(cause !== undefined && { cause }),
  };
  return new NixspecError(code, `${showPlace(place)}: ${what}`, details);
}

export function interrupted(target: string): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'connect', target });
}

const codeOf: { readonly [reason in Unreachable['reason']]: ErrorCode } = {
  refused: 'connection-refused',
  'name-not-found': 'name-not-found',
  'no-route': 'connection-failed',
  'timed-out': 'connection-timed-out',
  forbidden: 'connection-failed',
};

const hintOf: { readonly [code in ErrorCode]?: string } = {
  'name-not-found': 'check the name under `ssh:`, your DNS, and `HostName` in ~/.ssh/config',
  'connection-refused':
    'the machine is there, but nothing listens on this port: is sshd running, and is it the right port?',
  'connection-timed-out':
    'is the machine up, and does a firewall let you in? ConnectTimeout in ~/.ssh/config changes how long is waited',
};

/** Why no connection could be made to a machine's SSH port. */
export function explainNoConnection(place: Place, error: Error): NixspecError {
  if (error instanceof NixspecError) return error;
  const isSilentDns = (error as NodeJS.ErrnoException).code === 'EAI_AGAIN';
  const code =
    error instanceof Unreachable ? codeOf[error.reason] : isSilentDns ? 'name-not-found' : 'connection-failed';
  const what = isSilentDns ? `no name server answered when asked for ${place.config.host}` : error.message;
  return fail(place, code, what, hintOf[code], error);
}

export function timedOut(place: Place, doing: string): NixspecError {
  const what = `no answer within ${place.config.connectTimeout} s ${doing}`;
  return fail(place, 'connection-timed-out', what, hintOf['connection-timed-out']);
}

/** The connection was there, and then it went wrong before it could be used. */
export function explainBrokenHandshake(place: Place, error: Error): NixspecError {
  const hint = /handshake|identification|header|greeting|ECONNRESET/i.test(error.message)
    ? 'is it really an SSH server that listens there? It may also be turning connections away (MaxStartups, fail2ban)'
    : undefined;
  return fail(place, 'connection-failed', `the SSH connection could not be set up: ${error.message}`, hint, error);
}

// ----------------------------------------------------------------------------------------------------- host keys

/** Why the key that a machine showed is not accepted; undefined where it is. */
export function explainHostKey(place: Place, verdict: HostKeyVerdict, key: Buffer): NixspecError | undefined {
  if (verdict.verdict === 'known') return undefined;
  const { config } = place;
  const shown = `${typeOfKey(key) ?? 'a key of unknown type'} ${fingerprintOf(key)}`;
  if (verdict.verdict === 'unknown') {
    const types = [...new Set(verdict.others.map(({ type }) => type))].join(', ');
    const others = types === '' ? '' : ` (only one of another type: ${types})`;
    const what = `its host key is not known${others}: it showed ${shown}`;
    return fail(place, 'host-key-unknown', what, hintForUnknown(config));
  }
  const { file, line, key: listed } = verdict.entry;
  if (verdict.verdict === 'revoked') {
    const what = `its host key is revoked by ${file}:${line}: ${shown}`;
    return fail(
      place,
      'host-key-changed',
      what,
      'the machine must get a new host key; do not connect until it has one',
    );
  }
  const what = `its host key has changed: it showed ${shown}, but ${file}:${line} has ${fingerprintOf(listed)}`;
  return fail(place, 'host-key-changed', what, hintForChanged(config, file, line));
}

function hintForUnknown(config: SshConfig): string {
  const file = config.knownHostsFiles[0] ?? '~/.ssh/known_hosts';
  const port = config.port === 22 ? '' : `-p ${config.port} `;
  const ways = `compare the fingerprint with the machine's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then \`ssh-keyscan ${port}${config.host} >> ${file}\` or connect once with \`ssh ${config.alias}\``;
  const alias = config.hostKeyAlias === undefined ? '' : `; it is looked up as ${config.hostKeyAlias} (HostKeyAlias)`;
  const lax = /^(no|off|false|accept-new)$/.test(config.strictHostKeyChecking)
    ? `; nixspec always verifies host keys, whatever StrictHostKeyChecking says`
    : '';
  return `${ways}${alias}${lax}`;
}

function hintForChanged(config: SshConfig, file: string, line: number): string {
  const name = config.hostKeyAlias ?? (config.port === 22 ? config.host : `[${config.host}]:${config.port}`);
  return `somebody may be listening in, or the machine was installed anew. If you are sure of that, remove line ${line} of ${file} (ssh-keygen -R '${name}' -f ${file}) and add the new key`;
}

// ------------------------------------------------------------------------------------------------ authentication

/** What was tried in order to log in, and what came of it. */
export interface LoginAttempt {
  /** Keys that were offered, as people see them. */
  readonly offered: readonly string[];
  /** Keys that could not be offered or used, with why. */
  readonly problems: readonly string[];
  /** What the server accepts: `publickey`, `password` …; empty where it did not say. */
  readonly methods: readonly string[];
  /** A key was right, and the server wants something else as well. */
  readonly partial: boolean;
}

export function explainFailedLogin(place: Place, attempt: LoginAttempt, cause?: Error): NixspecError {
  const { offered, problems, methods, partial } = attempt;
  const parts = [
    partial ? 'the key was accepted, but the server asks for more' : `${place.config.user} was not let in`,
    offered.length > 0 ? `offered ${offered.join(', ')}` : 'there was no key to offer',
    ...problems,
    ...(cause ? [cause.message] : []),
    ...(methods.length > 0 ? [`the server accepts ${methods.join(', ')}`] : []),
  ];
  const hint =
    methods.length > 0 && !methods.includes('publickey')
      ? 'this server lets nobody in by key; nixspec types no passwords: allow PubkeyAuthentication there'
      : `name the right key by \`identity-file\`, load it into the agent (ssh-add), or let ${place.config.user} in with yours (ssh-copy-id); \`ssh -v ${place.config.alias}\` tells more`;
  return fail(place, 'authentication-failed', parts.join('; '), hint, cause);
}

/** The server accepts the key, but nobody can open it. */
export function keyUnreadable(place: Place, label: string, why: string): NixspecError {
  const hint =
    'load the key into the agent (ssh-add), run nixspec at a terminal, or name another key by `identity-file`';
  return fail(place, 'key-unreadable', `the key ${label} cannot be used: ${why}`, hint);
}
