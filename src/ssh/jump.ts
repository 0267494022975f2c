import { NixspecError } from '../error.js';
import { type ConfigQuestion, resolveSshConfig, type SshConfig } from './config.js';
import { parseDestination } from './destination.js';

/** More than anyone has; a circle of jump hosts ends here. */
const mostHops = 8;

/**
 * The machines to go through, the nearest first and the target last, each with its own configuration, as ssh does it:
 * a machine is reached by the last name of its `ProxyJump`, and that one by the names before, or by its own `ProxyJump`.
 *
 * @throws NixspecError `usage` for a name that is none, or for a circle
 */
export async function resolveRoute(question: ConfigQuestion): Promise<SshConfig[]> {
  const route: SshConfig[] = [];
  let next: ConfigQuestion | undefined = question;
  while (next) {
    const config: SshConfig = await resolveSshConfig(next);
    route.unshift(config);
    if (route.length > mostHops) throw refuse(question, `more than ${mostHops} jump hosts: does one lead to itself?`);
    next = config.jump === undefined ? undefined : askAboutJump(question, config.jump);
  }
  return route;
}

/** The file of `ssh -F` holds for jump hosts too; user, port and key of the target do not. */
function askAboutJump(question: ConfigQuestion, jump: string): ConfigQuestion {
  const names = jump.split(',').map((name) => name.trim());
  const last = names.pop() ?? '';
  const destination = parseDestination(last);
  if (!destination) throw refuse(question, `"${last}" is no jump host`);
  const { target, signal, config } = question;
  return {
    ...destination,
    target,
    signal,
    ...(config !== undefined && { config }),
    ...(names.length > 0 && { jump: names.join(',') }),
  };
}

function refuse(question: ConfigQuestion, why: string): NixspecError {
  return new NixspecError('usage', `${question.target}: ${why}`, {
    operation: 'read ssh configuration',
    target: question.target,
    hint: 'a jump host is written user@host:port; several are divided by commas, the nearest first',
  });
}
