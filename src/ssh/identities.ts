import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { type AgentKey, listAgentKeys } from './agent.js';
import type { SshConfig } from './config.js';
import { inspectKeyFile, type KeyFile, readPublicKey } from './private-key.js';
import { isCertificate, isSecurityKey, showKey } from './public-key.js';

/** Something to log in with: a key that the agent signs with, or one in a file. */
export interface Identity {
  /** For people: `ssh-ed25519 SHA256:… (~/.ssh/id_ed25519)`. */
  readonly label: string;
  /** Undefined for a file that shows it only once it is opened. */
  readonly publicKey?: Buffer;
  /** The agent's socket; undefined where the file itself signs. */
  readonly agent?: string;
  readonly file?: KeyFile & { readonly path: string };
}

export interface Identities {
  /** In the order in which ssh tries them. */
  readonly usable: readonly Identity[];
  /** What was looked at and cannot be used, for the message of a failed login. */
  readonly problems: readonly string[];
  /** What only the system's ssh can log in with. */
  readonly certificates: readonly string[];
  readonly securityKeys: readonly string[];
}

/** More would only lead to "too many authentication failures". */
const mostKeys = 32;

/**
 * Finds the keys for a host in ssh's own order: named keys that the agent holds, the agent's other keys (unless
 * `IdentitiesOnly`), and the key files that the agent does not hold. Nothing is decrypted and nobody asked.
 */
export async function findIdentities(config: SshConfig): Promise<Identities> {
  const problems: string[] = [];
  const [files, held] = await Promise.all([
    Promise.all(config.identityFiles.map((path) => lookAtFile(path, problems))),
    config.agent === undefined ? [] : listHeldKeys(config.agent, problems),
  ]);
  const named = files.flat();
  const isHeld = ({ publicKey }: FoundFile) => held.find((key) => publicKey && key.publicKey.equals(publicKey));
  const agent = config.agent ?? '';
  const first = named.flatMap((found) => {
    const key = isHeld(found);
    return key ? [identityOfAgent(agent, key, found.path)] : [];
  });
  const isNamed = (key: AgentKey) => named.some(({ publicKey }) => publicKey?.equals(key.publicKey));
  const others = config.identitiesOnly ? [] : held.filter((key) => !isNamed(key));
  const rest = named.filter((found) => !isHeld(found)).flatMap((found) => identityOfFile(found, problems));
  const all = [...first, ...others.map((key) => identityOfAgent(agent, key)), ...rest];
  const is = (test: (key: Buffer) => boolean) => (identity: Identity) =>
    !!identity.publicKey && test(identity.publicKey);
  return {
    usable: all.filter((identity) => !is(isCertificate)(identity) && !is(isSecurityKey)(identity)).slice(0, mostKeys),
    problems,
    certificates: [
      ...named.flatMap(({ certificate }) => certificate ?? []),
      ...all.filter(is(isCertificate)).map(({ label }) => label),
    ],
    securityKeys: all.filter(is(isSecurityKey)).map(({ label }) => label),
  };
}

interface FoundFile {
  readonly path: string;
  readonly key: KeyFile;
  readonly publicKey?: Buffer;
  readonly certificate?: string;
}

async function lookAtFile(path: string, problems: string[]): Promise<FoundFile[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') problems.push(`${showPath(path)} cannot be read (${error.code})`);
    else if (!isDefault(path)) problems.push(`${showPath(path)} does not exist`);
    return undefined;
  });
  if (text === undefined) return [];
  const key = inspectKeyFile(text);
  if (!key) {
    problems.push(`${showPath(path)} holds no key`);
    return [];
  }
  const publicKey = key.publicKey ?? readPublicKey(await readFile(`${path}.pub`, 'utf8').catch(() => ''));
  const certificate = await findCertificate(path);
  return [{ path, key, ...(publicKey && { publicKey }), ...(certificate !== undefined && { certificate }) }];
}

/** ssh looks there by itself, without `CertificateFile`. */
async function findCertificate(path: string): Promise<string | undefined> {
  const certificate = `${path.replace(/\.pub$/, '')}-cert.pub`;
  return access(certificate).then(
    () => showPath(certificate),
    () => undefined,
  );
}

async function listHeldKeys(agent: string, problems: string[]): Promise<AgentKey[]> {
  try {
    return await listAgentKeys(agent);
  } catch (error) {
    problems.push(`the agent at ${agent} gave no keys (${error instanceof Error ? error.message : String(error)})`);
    return [];
  }
}

function identityOfAgent(agent: string, key: AgentKey, path?: string): Identity {
  const name = path === undefined ? key.comment || 'no comment' : showPath(path);
  return { label: `${showKey(key.publicKey)} (agent: ${name})`, publicKey: key.publicKey, agent };
}

function identityOfFile({ path, key, publicKey }: FoundFile, problems: string[]): Identity[] {
  if (key.kind === 'public') {
    problems.push(`${showPath(path)} is a public key, and no agent holds its private key`);
    return [];
  }
  const label = publicKey ? `${showKey(publicKey)} (${showPath(path)})` : showPath(path);
  return [{ label, ...(publicKey && { publicKey }), file: { ...key, path } }];
}

/** Names that ssh tries without being told; that one of them is missing is nothing to tell. */
function isDefault(path: string): boolean {
  return /\/\.ssh\/id_(rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)$/.test(path);
}

function showPath(path: string): string {
  return path.startsWith(`${homedir()}/`) ? `~${path.slice(homedir().length)}` : path;
}
