import { startDeadline } from './deadline.js';
import { Unreachable } from './error.js';
import type { Network, Observation, Query } from './model.js';
import { absent, unknown } from './resource.js';

/**
 * The far end was there and did not do what the protocol asks: no TLS on that port, an endless redirect, a refused
 * STARTTLS. That is an answer, and it is no good one.
 */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

/** Seconds that the collector adds to a conversation's own limit, so that the conversation tells what silence means. */
const grace = 5;

/** The limit of a network probe whose conversation keeps to `seconds` by itself. */
export function limitOf(query: Query, seconds: number): number {
  return (query.timeout ?? seconds) + grace;
}

interface Conversation<R> {
  readonly network: Network;
  readonly signal: AbortSignal;
  readonly seconds: number;
  talk(signal: AbortSignal): Promise<Observation<R>>;
  /** Whether the way to the far end still works; asked when a conversation broke off. */
  reconnect(signal: AbortSignal): Promise<{ destroy(): unknown }>;
}

/**
 * Holds a conversation and tells what its failure means. Nobody there, silence, and nonsense are answers: *absent*. What
 * says nothing about the far end (the SSH server does not forward, the connection to the target is lost) is *unknown*.
 */
export async function converse<R>(conversation: Conversation<R>): Promise<Observation<R>> {
  const deadline = startDeadline(conversation.seconds, conversation.signal);
  try {
    return await Promise.race([conversation.talk(deadline.signal), deadline.rejection]);
  } catch (error) {
    if (conversation.signal.aborted) throw error;
    if (deadline.isOver()) return absent(`no answer within ${conversation.seconds} s`);
    if (brokeOff(error)) {
      await checkWay(conversation, deadline.signal, error);
      return absent(`the connection was closed without an answer (${messageOf(error)})`);
    }
    if (error instanceof BadAnswer) return absent(error.message);
    return explainUnreachable(error);
  } finally {
    deadline.clear();
  }
}

/** @throws what is neither an answer nor a missing right */
export function explainUnreachable(error: unknown): Observation<never> {
  if (!(error instanceof Unreachable)) throw error;
  if (error.reason !== 'forbidden') return absent(error.message);
  return unknown(`${error.message}; allow it there (AllowTcpForwarding yes) or give \`from: runner\``);
}

/** Of a stream through SSH one cannot tell who closed it, the far end or the end of the SSH connection. */
async function checkWay<R>(conversation: Conversation<R>, signal: AbortSignal, cause: unknown): Promise<void> {
  if (conversation.network.from === 'runner') return;
  try {
    (await conversation.reconnect(signal)).destroy();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw new Error('the connection to the target was lost', { cause });
  }
}

const brokenCodes = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];

function brokeOff(error: unknown): boolean {
  return error instanceof Error && brokenCodes.includes((error as NodeJS.ErrnoException).code ?? '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
