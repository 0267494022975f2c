import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { NixspecError } from '../error.js';
import type { SshTarget, Target } from '../model.js';
import type { TransportOptions } from '../transport.js';

/** What ssh_config(5) says about one host, all of it resolved and expanded. */
export interface SshConfig {
  /** As the user wrote it: the `Host` that sections are chosen by. */
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** The agent's socket; undefined where there is none, or it must not be asked. */
  readonly agent?: string;
  /** `ProxyJump` as written. */
  readonly jump?: string;
  readonly knownHostsFiles: readonly string[];
  readonly hostKeyAlias?: string;
  readonly strictHostKeyChecking: string;
  /** Seconds. */
  readonly connectTimeout: number;
  readonly aliveInterval: number;
  readonly aliveCountMax: number;
  readonly family: 0 | 4 | 6;
  readonly bindAddress?: string;
  /** What else `ssh -G` printed, by lower-case keyword; undefined where there is no `ssh`. */
  readonly resolved?: ReadonlyMap<string, readonly string[]>;
}

/** Where to look, and with which file. */
export interface ConfigQuestion extends SshTarget {
  /** For messages. */
  readonly target: string;
  readonly signal: AbortSignal;
}

const defaultPort = 22;
/** Seconds; a network that drops packets would else hold a run up for two minutes. */
const defaultConnectTimeout = 10;
const defaultAliveInterval = 10;
const defaultAliveCountMax = 3;
const defaultIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** @throws NixspecError `usage` for a target without an address */
export function askAboutTarget(target: Target, { sshConfig, signal }: TransportOptions): ConfigQuestion {
  const { name, ssh } = target;
  if (!ssh) {
    const details = { operation: 'connect', target: name, hint: 'add `ssh: user@host` to the target' };
    throw new NixspecError('usage', `${name}: the spec does not say how to reach it`, details);
  }
  const config = ssh.config ?? sshConfig;
  return { ...ssh, ...(config !== undefined && { config }), target: name, signal };
}

/**
 * Lets the system's own `ssh -G` read the configuration: nothing else knows `Include`, `Match` and what comes first.
 * The npm packages for it were ruled out: those tried ignored `Include` and answered with a wrong port.
 *
 * @throws NixspecError `usage` where ssh finds a mistake in the configuration
 */
export async function resolveSshConfig(question: ConfigQuestion): Promise<SshConfig> {
  const printed = await askSsh(question);
  return readConfig(question, printed);
}

/** The part of ssh's command line that says which machine, and by which files; the same for `-G` and for connecting. */
export function sshArguments(address: SshTarget): string[] {
  const { config, port, user, identityFile, jump, knownHosts, host } = address;
  return [
    ...(config === undefined ? [] : ['-F', expandHome(config)]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
    ...(jump === undefined ? [] : ['-J', jump]),
    ...(knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile="${expandHome(knownHosts)}"`]),
    // Behind `--`, no name can become an option.
    '--',
    host,
  ];
}

/** @returns what `ssh -G` printed, or undefined where there is no `ssh` */
function askSsh(question: ConfigQuestion): Promise<string | undefined> {
  // `Match exec` runs commands of the user's, which may hang.
  const limits = { timeout: 10_000, maxBuffer: 1 << 20, signal: question.signal };
  return new Promise((resolve, reject) => {
    const child = execFile('ssh', ['-G', ...sshArguments(question)], limits, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') resolve(undefined);
      else reject(explainConfigFailure(question, error, stderr));
    });
    child.stdin?.end();
  });
}

function explainConfigFailure(question: ConfigQuestion, error: Error, stderr: string): NixspecError {
  const details = { operation: 'read ssh configuration', target: question.target, cause: error };
  if (question.signal.aborted) return new NixspecError('interrupted', 'interrupted', details);
  const said = stderr.trim().split(/\r?\n/).slice(-3).join('; ') || error.message;
  return new NixspecError('usage', `${question.target}: ssh cannot read its configuration: ${said}`, {
    ...details,
    hint: `try \`ssh -G ${question.host}\``,
  });
}

function readConfig(question: ConfigQuestion, printed: string | undefined): SshConfig {
  const resolved = printed === undefined ? undefined : readKeywords(printed);
  const all = (keyword: string) => resolved?.get(keyword) ?? [];
  const one = (keyword: string) => all(keyword).find((value) => value !== 'none' && value !== '');
  const host = one('hostname') ?? question.host;
  const port = Number(one('port') ?? question.port ?? defaultPort);
  const user = one('user') ?? question.user ?? userInfo().username;
  const hostKeyAlias = one('hostkeyalias');
  const tokens = { alias: question.host, host, port, user, hostKey: hostKeyAlias };
  const written = one('proxyjump') ?? (resolved ? undefined : question.jump);
  const jump = written && expandPath(written, tokens);
  const expand = (path: string) => expandPath(path, { ...tokens, ...(jump && { jump }) });
  const agent = readAgent(all('identityagent')[0], expand);
  const bindAddress = one('bindaddress');
  return {
    ...{ alias: question.host, host, port, user },
    identityFiles: identityFilesOf(question, resolved).map(expand),
    identitiesOnly: one('identitiesonly') === 'yes',
    ...(agent !== undefined && { agent }),
    ...(jump && { jump }),
    knownHostsFiles: knownHostsFilesOf(question, resolved).map(expand),
    ...(hostKeyAlias && { hostKeyAlias }),
    strictHostKeyChecking: one('stricthostkeychecking') ?? 'ask',
    connectTimeout: Number(one('connecttimeout')) || defaultConnectTimeout,
    aliveInterval: Number(one('serveraliveinterval')) || defaultAliveInterval,
    aliveCountMax: Number(one('serveralivecountmax')) || defaultAliveCountMax,
    family: { inet: 4 as const, inet6: 6 as const }[one('addressfamily') ?? ''] ?? 0,
    ...(bindAddress !== undefined && { bindAddress }),
    ...(resolved && { resolved }),
  };
}

function readKeywords(printed: string): Map<string, string[]> {
  const keywords = new Map<string, string[]>();
  for (const line of printed.split('\n')) {
    const [, keyword = '', value = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    const name = keyword.toLowerCase();
    keywords.set(name, [...(keywords.get(name) ?? []), value]);
  }
  return keywords;
}

function identityFilesOf(question: ConfigQuestion, resolved: SshConfig['resolved']): readonly string[] {
  const named = question.identityFile === undefined ? [] : [question.identityFile];
  const listed = resolved?.get('identityfile')?.filter((file) => file !== 'none') ?? [];
  // ssh only warns where the named file is missing, and goes on without it: it must be told later that it is.
  if (resolved) return [...new Set([...named, ...listed])];
  return named.length > 0 ? named : defaultIdentities.map((name) => `~/.ssh/${name}`);
}

/** `ssh -G` divides several files by spaces and quotes none, so that a spec's own file is taken from the spec. */
function knownHostsFilesOf(question: ConfigQuestion, resolved: SshConfig['resolved']): string[] {
  const printed = (keyword: string) =>
    (resolved?.get(keyword) ?? [])
      .flatMap((value) => value.split(' '))
      .filter((file) => file !== '' && file !== 'none');
  const ofUser = printed('userknownhostsfile');
  const ofSystem = printed('globalknownhostsfile');
  return [
    ...(question.knownHosts !== undefined ? [question.knownHosts] : resolved ? ofUser : ['~/.ssh/known_hosts']),
    ...(resolved ? ofSystem : ['/etc/ssh/ssh_known_hosts']),
  ];
}

function readAgent(written: string | undefined, expand: (path: string) => string): string | undefined {
  if (written === undefined || written === 'SSH_AUTH_SOCK') return process.env.SSH_AUTH_SOCK || undefined;
  if (written === 'none') return undefined;
  if (/^\$\w+$/.test(written)) return process.env[written.slice(1)] || undefined;
  return expand(written);
}

interface Tokens {
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly jump?: string;
  readonly hostKey: string | undefined;
}

/** What `ssh -G` leaves as it was written: `~`, `${NAME}` and the tokens of ssh_config(5). */
export function expandPath(written: string, tokens: Tokens): string {
  const { username, uid, homedir } = userInfo();
  const here = hostname();
  const { alias, host, port, user, jump = '' } = tokens;
  const values: { readonly [token: string]: string } = {
    '%': '%',
    d: homedir,
    h: host,
    i: String(uid),
    j: jump,
    k: tokens.hostKey ?? alias,
    L: here.split('.', 1)[0] ?? here,
    l: here,
    n: alias,
    p: String(port),
    r: user,
    u: username,
    C: createHash('sha1').update(`${here}${host}${port}${user}${jump}`).digest('hex'),
  };
  return expandHome(written)
    .replace(/\$\{(\w+)\}/g, (_, name: string) => process.env[name] ?? '')
    .replace(/%(.)/g, (all, token: string) => values[token] ?? all);
}

/** ssh takes the home folder of the user database, whatever `HOME` says. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? userInfo().homedir + path.slice(1) : path;
}
