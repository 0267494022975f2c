import type { NixspecError } from '../error.js';
import { explainFailedLogin, keyUnreadable, type Place } from './failures.js';
import type { Identities, Identity } from './identities.js';
import type { Hash, KeySigner, ParsedKey, Signed, SshLibrary } from './key-signer.js';

interface LoginContext {
  readonly library: SshLibrary;
  readonly place: Place;
  readonly identities: Identities;
  readonly signer: KeySigner;
}

/** What ssh2's `authHandler` may answer with; false gives up. */
type NextMethod = (method: object | false) => void;

/**
 * Logs in with one key after the other, in ssh's order. A key that the agent holds, or that is encrypted, is shown to
 * ssh2 as an agent that holds this key alone: ssh2 offers the public key first and asks for a signature only where the
 * server wants it, so that nobody is asked for the passphrase of a key that is of no use, and a key that is wanted but
 * cannot be opened is told as just that.
 */
export class Login {
  /** What the server accepts, once it has said so. */
  methods: readonly string[] = [];
  private readonly offered: string[] = [];
  private readonly problems: string[] = [];
  private readonly waiting: Identity[];
  private partial = false;
  private unreadable: NixspecError | undefined;

  constructor(private readonly context: LoginContext) {
    this.waiting = [...context.identities.usable];
  }

  private get username(): string {
    return this.context.place.config.user;
  }

  /** ssh2's `authHandler`; `methods` is null until the server has named them. */
  readonly chooseMethod = (methods: readonly string[] | null, partial: boolean | null, next: NextMethod): void => {
    this.methods = methods ?? this.methods;
    this.partial = partial === true;
    const isOver = this.partial || (methods !== null && !methods.includes('publickey'));
    const identity = isOver ? undefined : this.waiting.shift();
    if (identity) this.tryKey(identity, methods, next);
    // ssh2 does not pass on what the server answers to an agent's key. What it accepts makes the message useful.
    else next(methods === null ? { type: 'none', username: this.username } : false);
  };

  explainFailure(cause: Error): NixspecError {
    if (this.unreadable) return this.unreadable;
    const { place, identities } = this.context;
    const { offered, methods, partial } = this;
    const problems = [...identities.problems, ...this.problems];
    const tooMany = /authentication failures/i.test(cause.message);
    if (tooMany) problems.push('the server lets no more keys be tried (set IdentitiesOnly and name one)');
    return explainFailedLogin(place, { offered, problems, methods, partial });
  }

  /**
   * Where a single open key is all there is, sends the signature at once instead of asking whether the key is welcome:
   * that saves a round trip. ssh2 has no option for it, so that its own method is wrapped where it is there; without it
   * everything still works. To be called right after `connect`.
   */
  signAtOnce(client: object): void {
    const protocol = (client as { readonly _protocol?: { authPK?: OfferKey } })._protocol;
    const [only, ...others] = this.context.identities.usable;
    if (!only?.file || only.file.encrypted || others.length > 0 || typeof protocol?.authPK !== 'function') return;
    const offer = protocol.authPK.bind(protocol);
    protocol.authPK = (user, key, algorithm, sign) => {
      const hash = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512', 'ssh-rsa': 'sha1' }[algorithm ?? ''];
      const signNow: SignWith = (data, done) =>
        this.sign(only, key, data, { ...(hash && { hash }) }, (_, signature) => {
          if (signature) done(signature);
          else offer(user, key, algorithm);
        });
      offer(user, key, algorithm, sign ?? signNow);
    };
  }

  private tryKey(identity: Identity, methods: readonly string[] | null, next: NextMethod): void {
    const { username } = this;
    if (identity.agent !== undefined || identity.file?.encrypted) {
      next({ type: 'agent', username, agent: this.makeAgent(identity) });
      return;
    }
    this.context.signer
      .open(identity)
      .then(
        (key) => {
          this.offered.push(identity.label);
          next({ type: 'publickey', username, key });
        },
        (error: Error) => {
          this.problems.push(`${identity.label} cannot be used: ${error.message}`);
          this.chooseMethod(methods, this.partial, next);
        },
      )
      .catch(ignoreDeadConnection);
  }

  private makeAgent(identity: Identity): object {
    const list = (done: (error: Error | null, keys?: ParsedKey[]) => void) => this.list(identity, done);
    const sign = (key: ParsedKey, data: Buffer, hash: Hash, done: Signed) => this.sign(identity, key, data, hash, done);
    class OneKeyAgent extends this.context.library.BaseAgent {
      getIdentities = list;
      sign = sign;
    }
    return new OneKeyAgent();
  }

  private list(identity: Identity, done: (error: Error | null, keys?: ParsedKey[]) => void): void {
    this.context.signer
      .publicKeyOf(identity)
      .then(
        (key) => {
          this.offered.push(identity.label);
          done(null, [key]);
        },
        (error: Error) => {
          this.problems.push(`${identity.label} cannot be used: ${error.message}`);
          done(error);
        },
      )
      .catch(ignoreDeadConnection);
  }

  private sign(identity: Identity, key: ParsedKey, data: Buffer, { hash }: Hash, done: Signed): void {
    this.context.signer
      .sign(identity, key, data, hash)
      .then(
        (signature) => done(null, signature),
        (error: Error) => {
          this.unreadable ??= keyUnreadable(this.context.place, identity.label, error.message);
          done(error);
        },
      )
      .catch(ignoreDeadConnection);
  }
}

type SignWith = (data: Buffer, done: (signature: Buffer) => void) => void;
type OfferKey = (user: string, key: ParsedKey, algorithm?: string, sign?: SignWith) => void;

/** ssh2 throws where the connection has died meanwhile, of which it tells by `close` as well. */
function ignoreDeadConnection(): void {}
