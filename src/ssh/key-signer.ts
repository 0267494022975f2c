import type { TransportOptions } from '../transport.js';
import type { Deadline } from './deadline.js';
import type { Identity } from './identities.js';
import { convertPkcs8 } from './private-key.js';

/** As much of ssh2 as logging in takes; the library itself stays in `transports/ssh.ts`. */
export interface SshLibrary {
  readonly BaseAgent: abstract new () => object;
  readonly OpenSSHAgent: new (
    path: string,
  ) => { sign(key: ParsedKey, data: Buffer, options: Hash, done: Signed): void };
  readonly utils: { parseKey(data: string | Buffer, passphrase?: string): ParsedKey | ParsedKey[] | Error };
}

export interface ParsedKey {
  isPrivateKey(): boolean;
  sign(data: Buffer, hash?: string): Buffer | Error;
}

export interface Hash {
  readonly hash?: string;
}

export type Signed = (error: Error | null | undefined, signature?: Buffer) => void;

const attemptsAtPassphrase = 3;

/** Opens keys and signs with them, by the agent or by the file, whichever has the private key. */
export class KeySigner {
  /** Opened once, however often they sign: a passphrase is asked for once. */
  private readonly opened = new Map<Identity, ParsedKey>();

  constructor(
    private readonly library: SshLibrary,
    private readonly deadline: Deadline,
    private readonly ask: TransportOptions['askPassphrase'],
  ) {}

  /** The key to offer. Only a file that does not show its public half must be opened for that. */
  async publicKeyOf(identity: Identity): Promise<ParsedKey> {
    return identity.publicKey ? this.parse(identity.publicKey) : this.open(identity);
  }

  /** @throws Error with why the key cannot sign, for people */
  async sign(identity: Identity, key: ParsedKey, data: Buffer, hash: string | undefined): Promise<Buffer> {
    if (identity.agent !== undefined) return this.signByAgent(identity.agent, key, data, hash);
    const opened = await this.open(identity);
    const signature = opened.sign(data, hash);
    if (signature instanceof Error) throw signature;
    return signature;
  }

  /** The agent may ask its user for a confirmation, which takes as long as it takes. */
  private signByAgent(path: string, key: ParsedKey, data: Buffer, hash: string | undefined): Promise<Buffer> {
    const signing = new Promise<Buffer>((resolve, reject) => {
      new this.library.OpenSSHAgent(path).sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
        if (signature) resolve(signature);
        else reject(new Error(`the agent did not sign (${error?.message ?? 'no signature'})`));
      });
    });
    return this.deadline.pauseFor(signing);
  }

  /** The private key of a file. @throws Error with why it cannot be had, for people */
  async open(identity: Identity): Promise<ParsedKey> {
    const before = this.opened.get(identity);
    if (before) return before;
    const { file } = identity;
    if (!file) throw new TypeError('only a key file can be opened');
    const key = file.encrypted ? await this.decrypt(file.text, file.path) : this.parse(convertPkcs8(file.text));
    if (!key.isPrivateKey()) throw new Error('the file holds no private key');
    this.opened.set(identity, key);
    return key;
  }

  private async decrypt(text: string, path: string): Promise<ParsedKey> {
    if (!this.ask) throw new Error('it is encrypted, and there is no terminal to ask for its passphrase');
    for (let attempt = 1; attempt <= attemptsAtPassphrase; attempt += 1) {
      const passphrase = await this.deadline.pauseFor(this.ask(`Passphrase for ${path}: `));
      try {
        return this.parse(convertPkcs8(text, passphrase), passphrase);
      } catch {
        // A wrong passphrase and a broken key look the same from here.
      }
    }
    throw new Error('none of the passphrases opened it');
  }

  private parse(data: string | Buffer, passphrase?: string): ParsedKey {
    const parsed = this.library.utils.parseKey(data, passphrase);
    const key = Array.isArray(parsed) ? parsed[0] : parsed;
    if (key instanceof Error) throw key;
    if (!key) throw new Error('the file holds no key');
    return key;
  }
}
