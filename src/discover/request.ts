import { access } from 'node:fs/promises';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { CommandInput, Io } from '../command.js';
import { NixspecError } from '../error.js';
import type { SshTarget, Target } from '../model.js';
import { chooseTargets, type Draft, loadDraft, parseForTargets, tellProblems } from '../prepare.js';
import { checkShape } from '../spec/shape.js';
import { readSshAddress } from '../spec/ssh-address.js';
import { isYetToFill } from './bare-sections.js';

/** What is to be looked at, and where it is to be written. */
export interface Request {
  readonly targets: readonly Target[];
  /** Names of those that the spec does not have. */
  readonly fresh: ReadonlySet<string>;
  /** The spec that is there already. */
  readonly draft?: Draft;
  /** The file to write; undefined prints. */
  readonly file?: string;
}

/**
 * Finds out what each word of the command line means: a target of the spec, `local`, or what one types after `ssh`.
 * A single word that a spec does not have is taken for a misspelt target; without a spec it is an alias of ssh.
 *
 * @throws NixspecError
 */
export async function readRequest(input: CommandInput, io: Io): Promise<Request> {
  const { options } = input;
  const file = typeof options.spec === 'string' ? options.spec : 'nixspec.yaml';
  const write = options.write === true;
  if (write && file === '-') {
    throw new NixspecError('usage', '--write needs a file: name it by --spec', { operation: 'read options' });
  }
  const exists =
    file === '-' ||
    (await access(file).then(
      () => true,
      () => false,
    ));
  const draft = exists ? await loadDraft(input, io) : undefined;
  const chosen = input.args.map((word) => chooseTarget(word, draft, options));
  if (draft && (write || chosen.some(({ fresh }) => !fresh))) await check(draft, io);
  const targets = [...new Map(chosen.map(({ target }) => [target.name, target])).values()];
  const fresh = new Set(chosen.flatMap(({ target, fresh: isNew }) => (isNew ? [target.name] : [])));
  return { targets, fresh, ...(draft && { draft }), ...(write && { file }) };
}

async function check(draft: Draft, io: Io): Promise<void> {
  const { problems } = await parseForTargets(draft, [...draft.targets.values()]);
  const filled = problems.filter((problem) => !isYetToFill(problem, draft.source));
  tellProblems([...draft.source.problems, ...draft.problems, ...(await checkShape(draft.source)), ...filled], io);
}

function chooseTarget(word: string, draft: Draft | undefined, options: CommandInput['options']) {
  const named = draft?.targets.get(word);
  if (named) return { target: named, fresh: false };
  if (word === 'local') return { target: makeTarget('local', { local: true }, options), fresh: true };
  if (draft && draft.targets.size > 0 && !/[@.:/]/.test(word)) return { target: oneOf(draft, word), fresh: false };
  const ssh = readSshAddress(word);
  if ('mistake' in ssh) {
    throw new NixspecError('usage', `${word}: ${ssh.mistake}`, {
      operation: 'choose targets',
      hint: ssh.hint ?? 'a machine is root@host, ssh://root@host:port, an alias of ssh, or local',
    });
  }
  const known = [...(draft?.targets.values() ?? [])].find((target) => isDeepStrictEqual(target.ssh, ssh));
  if (known) return { target: known, fresh: false };
  const config = typeof options.sshConfig === 'string' ? { config: resolve(options.sshConfig) } : {};
  return { target: makeTarget(nameOf(ssh, draft), { ssh: { ...ssh, ...config } }, options), fresh: true };
}

/** @throws NixspecError that names the nearest one */
function oneOf(draft: Draft, word: string): Target {
  const [target] = chooseTargets(draft, [word]);
  if (!target) throw new TypeError(`${word} was not chosen`);
  return target;
}

function makeTarget(
  name: string,
  way: Pick<Target, 'ssh' | 'local'>,
  { sudo, transport }: CommandInput['options'],
): Target {
  return {
    name,
    ...way,
    ...((transport === 'ssh2' || transport === 'openssh') && !way.local && { transport }),
    ...(sudo === true && { sudo }),
    from: 'runner',
  };
}

/** `web` of `web.example.org`, as far as the name is free. */
function nameOf({ host, port }: SshTarget, draft: Draft | undefined): string {
  const clean = host.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  const short = isIP(host) ? clean : (clean.split('.')[0] ?? clean);
  const names = [short, clean, `${clean}-${port ?? 22}`, `${clean}-discovered`];
  return (
    names.find((name) => /^[A-Za-z0-9]/.test(name) && name !== 'default' && !draft?.targets.has(name)) ?? 'machine'
  );
}
