import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NixspecError } from '../error.js';
import { type BuildInput, runNix } from '../vm/build.js';

/** What `nix flake metadata` tells of where a flake comes from. */
interface Source {
  readonly type?: unknown;
  readonly [attribute: string]: unknown;
}

/**
 * A flake as it was at a commit: `.#web` becomes `git+file:///home/me/config?rev=…#web`. The fragment stays.
 *
 * @param revision a whole commit id: it may have come from a target, and is put into a URL
 * @throws NixspecError where the flake's history cannot be had, naming `--from`
 */
export async function pinFlake(reference: string, revision: string, input: BuildInput): Promise<string> {
  const [flake = '', fragment] = reference.split('#', 2);
  const said = await runNix(['flake', 'metadata', '--json', flake === '' ? '.' : flake], input);
  const { resolved } = JSON.parse(said) as { readonly resolved?: Source };
  const pinned = pinSource(resolved ?? {}, revision) ?? (await pinFolder(resolved ?? {}, revision));
  if (pinned !== undefined) return `${pinned}${fragment === undefined ? '' : `#${fragment}`}`;
  throw new NixspecError('usage', `${input.target}: the history of ${flake} is not at hand: it is no git repository`, {
    operation: 'find what is deployed',
    target: input.target,
    hint: `name what is deployed, at commit ${revision}, with --from FLAKEREF`,
  });
}

/**
 * The URL of a source at a commit (`nix flake --help`, "Types").
 * @returns undefined where it has no history
 */
export function pinSource(source: Source, revision: string): string | undefined {
  const text = (key: string) => (typeof source[key] === 'string' ? String(source[key]) : undefined);
  const [type, owner, repo, url] = ['type', 'owner', 'repo', 'url'].map(text);
  const dir = text('dir');
  const asked = new URLSearchParams();
  if (type === 'github' || type === 'gitlab' || type === 'sourcehut') {
    const host = text('host');
    if (host !== undefined) asked.set('host', host);
    if (dir !== undefined) asked.set('dir', dir);
    return `${type}:${owner}/${repo}/${revision}${showQuery(asked)}`;
  }
  if (type !== 'git' || url === undefined) return undefined;
  const ref = text('ref');
  // Of another repository only what leads to the named branch is fetched.
  if (ref !== undefined) asked.set('ref', ref);
  else if (!url.startsWith('file:')) asked.set('allRefs', '1');
  asked.set('rev', revision);
  if (source.submodules === true) asked.set('submodules', '1');
  if (dir !== undefined) asked.set('dir', dir);
  return `git+${url}${showQuery(asked)}`;
}

/** `path:` says that git is to be left out of it; the history is there all the same. */
export async function pinFolder({ type, path }: Source, revision: string): Promise<string | undefined> {
  if (type !== 'path' || typeof path !== 'string') return undefined;
  const run = promisify(execFile);
  const git = ['-C', path, 'rev-parse', '--show-toplevel', '--show-prefix'];
  const { stdout } = await run('git', git, { timeout: 10_000 }).catch(() => ({ stdout: '' }));
  const [top = '', prefix = ''] = stdout.split('\n');
  if (top === '') return undefined;
  const dir = prefix.replace(/\/$/, '');
  return pinSource({ type: 'git', url: `file://${encodeURI(top)}`, ...(dir && { dir }) }, revision);
}

function showQuery(asked: URLSearchParams): string {
  // In a URL of Nix a slash stays as it is.
  const text = asked.toString().replaceAll('%2F', '/');
  return text === '' ? '' : `?${text}`;
}
