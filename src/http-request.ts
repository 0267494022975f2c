export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
}

const ownToOrigin = new Set(['host', 'authorization', 'cookie', 'proxy-authorization']);
const aboutBody = new Set(['content-type', 'content-length', 'content-encoding', 'content-language']);

/**
 * The request that an answer redirects to (RFC 9110, section 15.4). Credentials and a `host` of one's own stay at their
 * origin.
 * @returns undefined where the answer is no redirect, or leads to what is not HTTP
 */
export function redirectRequest(
  request: HttpRequest,
  status: number,
  location: string | undefined,
): HttpRequest | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, request.url.href)) return undefined;
  const url = new URL(location, request.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const headers = url.origin === request.url.origin ? request.headers : without(request.headers, ownToOrigin);
  const becomesGet = (status === 303 && request.method !== 'HEAD') || (status < 303 && request.method === 'POST');
  if (!becomesGet) return { ...request, url, headers };
  return { url, method: 'GET', headers: without(headers, aboutBody) };
}

function without(headers: HttpRequest['headers'], names: ReadonlySet<string>): HttpRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name)));
}
