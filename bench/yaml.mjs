// The checks as a spec.

import { host } from './ssh-config.mjs';

const resources = {
  unit: 'unit',
  port: 'port',
  file: 'file',
  user: 'user',
  group: 'group',
  command: 'command',
  http: 'http',
  sysctl: 'kernel-param',
  mount: 'mount',
};

/**
 * @param {import('./workload.mjs').Check[]} checks
 * @param {{ extra?: Record<string, Record<string, unknown>> }} options `extra`: params by kind
 */
export function writeSpec(checks, { extra = {} } = {}) {
  const lines = ['version: 1', 'targets:', `  production: { ssh: ${host} }`];
  for (const [kind, resource] of Object.entries(resources)) {
    const entries = group(checks, kind);
    if (entries.size === 0) continue;
    lines.push('', `${resource}:`);
    for (const [subject, properties] of entries) {
      const body = Object.entries({ ...properties, ...extra[kind] }).map(
        ([name, value]) => `${name}: ${JSON.stringify(value)}`,
      );
      lines.push(`  ${JSON.stringify(subject)}: { ${body.join(', ')} }`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function group(checks, kind) {
  const entries = new Map();
  for (const { subject, property, expected } of checks.filter((check) => check.kind === kind)) {
    entries.set(subject, { ...entries.get(subject), [property]: expected });
  }
  return entries;
}
