import { Unreachable } from './error.js';

type Reason = Unreachable['reason'];

const reasonOfCode: { readonly [code: string]: Reason } = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'name-not-found',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  EADDRNOTAVAIL: 'no-route',
  ETIMEDOUT: 'timed-out',
};

const wordsOf: { readonly [reason in Reason]: string } = {
  refused: 'connection refused',
  'name-not-found': 'no such name',
  'no-route': 'no route to host',
  'timed-out': 'connection timed out',
  forbidden: 'the SSH server does not forward connections',
};

/**
 * What a failed `net.connect` means. A name server that gave no answer (EAI_AGAIN) and a local limit (EMFILE) say
 * nothing about the far end, so that they stay what they are.
 */
export function explainSocketError(error: Error, host: string, port: number): Error {
  const reason = reasonOfCode[(error as NodeJS.ErrnoException).code ?? ''];
  if (!reason) return error;
  return new Unreachable(reason, `${wordsOf[reason]}: ${showPlace(host, port)}`, error);
}

/** RFC 4254, section 5.1. */
const administrativelyProhibited = 1;
const connectFailed = 2;
const unknownChannelType = 3;

/** The words of strerror(3) and gai_strerror(3), which OpenSSH's server passes on. */
const reasonOfText: readonly (readonly [RegExp, Reason])[] = [
  [/refused/i, 'refused'],
  [/not known|no address associated|nodename nor servname|name does not resolve/i, 'name-not-found'],
  [/no route|unreachable/i, 'no-route'],
  [/timed out/i, 'timed-out'],
];

/**
 * What a refused channel means.
 *
 * @param code the reason code of SSH_MSG_CHANNEL_OPEN_FAILURE
 * @param text its description, by the server
 */
export function explainOpenFailure(code: number | undefined, text: string, host: string, port: number): Error {
  const place = showPlace(host, port);
  if (code === administrativelyProhibited || code === unknownChannelType) {
    return new Unreachable('forbidden', `${wordsOf.forbidden}: ${place} (${text})`);
  }
  const reason = reasonOfText.find(([pattern]) => pattern.test(text))?.[1];
  if (code !== connectFailed || /temporary|resource|too many/i.test(text)) {
    return new Error(`the SSH server could not try to connect to ${place}: ${text}`);
  }
  // Servers other than OpenSSH's give the code alone: it could not be connected to, and that is all there is to know.
  if (!reason) return new Unreachable('refused', `could not be connected to: ${place} (${text || 'no reason given'})`);
  return new Unreachable(reason, `${wordsOf[reason]}: ${place}`);
}

function showPlace(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
