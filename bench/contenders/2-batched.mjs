// What a good administrator writes by hand when it must be fast: one question for all things of a kind, and one awk at
// the end that judges. The second one runs its parts side by side.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { always, expectCount } from '../contender.mjs';
import { host } from '../ssh-config.mjs';

const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

export default [
  { name: 'batched script', between: '' },
  { name: 'batched script, parts side by side', between: ' &' },
].map(({ name, between }) => ({
  name,
  judges: true,
  lacks: () => undefined,
  runs: always,
  prepare({ folder, sshConfig }, checks) {
    const file = join(folder, `batched${between === '' ? '' : '-side-by-side'}-${checks.length}.sh`);
    writeFileSync(file, writeScript(checks, between));
    return { words: ['ssh', '-F', sshConfig, host, 'sh', '-s'], stdin: file };
  },
  verify: expectCount(/^(\d+) passed, 0 failed$/m),
}));

/** Each part prints `kind property subject<TAB>value`; what is expected stands behind in the same form. */
function writeScript(checks, between) {
  const parts = Object.entries(writers).flatMap(([kind, write]) => {
    const mine = checks.filter((check) => check.kind === kind);
    return mine.length === 0 ? [] : [write(mine)];
  });
  const expected = checks.map((check) => `${check.kind} ${check.property} ${check.subject}\t${shown(check)}`);
  return `LC_ALL=C; export LC_ALL
d=$(mktemp -d) || exit 3
trap 'rm -rf "$d"' EXIT
${parts.map((part, i) => `{\n${part}\n} >"$d/${i}"${between}`).join('\n')}
wait
awk -F '\\t' '
  FILENAME != "-" { actual[$1] = $2; next }
  $1 in actual && actual[$1] == $2 { passed++; next }
  { failed++; print "FAILED " $1 ": expected " $2 ", found " actual[$1] }
  END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 }
' "$d"/* - <<'EXPECTED'
${expected.join('\n')}
EXPECTED
`;
}

/** The words that the tools print for the value. */
function shown({ kind, property, expected }) {
  if (kind === 'unit' && property === 'active') return expected ? 'active' : 'inactive';
  if (kind === 'unit' && property === 'enabled') return expected ? 'enabled' : 'disabled';
  if (kind === 'port') return expected ? 'yes' : 'no';
  return kind === 'file' && property === 'mode' ? String(Number(expected)) : String(expected);
}

/** `active` and `state` come from the same one. */
const unitKeys = {
  active: 'ActiveState',
  enabled: 'UnitFileState',
  state: 'ActiveState',
  'sub-state': 'SubState',
  'load-state': 'LoadState',
  'unit-file-state': 'UnitFileState',
  result: 'Result',
  type: 'Type',
};

const subjects = (checks) => [...new Set(checks.map(({ subject }) => quote(subject)))].join(' ');

const writers = {
  unit: (
    checks,
  ) => `systemctl show -p Id,${[...new Set(Object.values(unitKeys))].join(',')} ${subjects(checks)} | awk -F = '
  { value[$1] = $2 }
  $0 == "" { tell() }
  END { tell() }
  function tell() {
    if (value["Id"] == "") return
${Object.entries(unitKeys)
  .map(([property, key]) => `    print "unit ${property} " value["Id"] "\\t" value["${key}"]`)
  .join('\n')}
    value["Id"] = ""
  }'`,
  port: () => `ss -Hltn | awk '{ n = split($4, part, ":"); print "port listening tcp:" part[n] "\\tyes" }'`,
  file: (checks) => `stat -L -c 'file mode %n	%a
file owner %n	%U' ${subjects(checks)}`,
  user: (checks) =>
    `getent passwd ${subjects(checks)} | awk -F : '{ print "user uid " $1 "\\t" $3; print "user shell " $1 "\\t" $7 }'`,
  group: (checks) => `getent group ${subjects(checks)} | awk -F : '{ print "group gid " $1 "\\t" $3 }'`,
  command: (checks) => checks.map(writeCommand).join('\n'),
  http: (checks) =>
    `curl -s -w 'http status %{url}\\t%{http_code}\\n' ${checks.map(({ subject }) => `-o /dev/null ${quote(subject)}`).join(' ')}`,
  sysctl: (
    checks,
  ) => `cd /proc/sys && grep -H '' ${checks.map(({ subject }) => subject.replaceAll('.', '/')).join(' ')} |
  awk '{ at = index($0, ":"); name = substr($0, 1, at - 1); gsub("/", ".", name); print "sysctl value " name "\\t" substr($0, at + 1) }'`,
  mount: () => `awk '{ print "mount filesystem " $2 "\\t" $3 }' /proc/self/mounts`,
};

function writeCommand({ subject, property }) {
  const label = quote(`command ${property} ${subject}`);
  return `o=$(${subject}); printf '%s\\t%s\\n' ${label} "${property === 'stdout' ? '$o' : '$?'}"`;
}
