/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/explain/explain.test.ts > TAP > explain 69 > must match snapshot 1`] = `
69  exit code
A target could not be reached, or is in no state to be switched: nothing was
touched.

`

exports[`test/explain/explain.test.ts > TAP > explain always-holds > must match snapshot 1`] = `
always-holds  lint rule
An assertion that every value passes.

  told as               a warning
  silenced by           \`--ignore always-holds\`, or in a file by \`#
                        nixspec-ignore always-holds\`

\`restarts: { ge: 0 }\`, \`result: { match-regexp: ".*" }\` or \`state: { or: [{ not:
active }, { not: failed }] }\` look like checks, and are none: whatever is found
passes, so that a fault goes unseen. Only what is certain is told, by the type
of the property and the values that it can have. Say what a fault would break
or, where being there is all that matters, \`exists: true\`.

`

exports[`test/explain/explain.test.ts > TAP > explain bad-regexp > must match snapshot 1`] = `
bad-regexp  mistake
A regular expression that does not compile.

`

exports[`test/explain/explain.test.ts > TAP > explain diff > must match snapshot 1`] = `
diff  command
Compare two saved runs.

Examples
  nixspec diff vm production
                        what differs between the last runs of the two
  nixspec diff production~1 production
                        what changed since the run before the last, asserted or
                        not
  nixspec diff before.json after.json
                        two runs kept as files

Usage: \`nixspec diff [options] <before> <after>\`

  <before>              a target (its last run), target~1 (the one before),
                        target@42 (of generation 42), an id, or a file
  <after>               likewise

Options
  -s, --spec <file>     the spec (default: nixspec.yaml; - is standard input)
  -r, --report <name[=file]>
                        how to report, and where; may be repeated (default:
                        lines)
  -v, --verbose         show everything: what passed and its values, all changes
  --history <folder>    the folder that holds .nixspec (default: that of the
                        spec)

`

exports[`test/explain/explain.test.ts > TAP > explain duration > must match snapshot 1`] = `
duration  value
A value in a spec: a duration such as 90s, 3m or 14d.

`

exports[`test/explain/explain.test.ts > TAP > explain exists > must match snapshot 1`] = `
  accounts.exists       Whether it is there at all
  addr.exists           Whether it is there at all
  certificate.exists    Whether it is there at all
  command.exists        Whether it is there at all
  container.exists      Whether it is there at all
  dns.exists            Whether it is there at all
  file.exists           Whether it is there at all
  group.exists          Whether it is there at all
  http.exists           Whether it is there at all
  interface.exists      Whether it is there at all
  journal.exists        Whether it is there at all
  kernel-module.exists  Whether it is there at all
  kernel-param.exists   Whether it is there at all
  listeners.exists      Whether it is there at all
  matching.exists       Whether it is there at all
  mount.exists          Whether it is there at all
  package.exists        Whether it is there at all
  port.exists           Whether it is there at all
  process.exists        Whether it is there at all
  route.exists          Whether it is there at all
  snapshot.exists       Whether it is there at all
  system.exists         Whether it is there at all
  unit.exists           Whether it is there at all
  user.exists           Whether it is there at all
  wireguard.exists      Whether it is there at all

`

exports[`test/explain/explain.test.ts > TAP > explain ge > must match snapshot 1`] = `
ge  matcher
At least; versions by their own order, text as the number it holds.

  judges                number, duration, size, time, percentage, version, json,
                        string, text
  example               \`{ ge: 14d }\`

`

exports[`test/explain/explain.test.ts > TAP > explain state > must match snapshot 1`] = `
state  keys
What is copied before a switch: one of \`btrfs\`, \`zfs\` and \`dump\`.

  btrfs                 A btrfs subvolume, by its path
                        string · btrfs: /var/lib/postgresql
  zfs                   A ZFS data set, with all that is in it
                        string · zfs: tank/files
  dump                  A command that prints the data, run on the target by
                        \`/bin/sh -c\`
                        string · dump: pg_dumpall
  into                  The folder on the target that a dump is put into
                        string · into: /var/backup
  user                  As whom the dump is made (default root)
                        string · user: postgres
  timeout               How long it may take (default 10m)
                        duration · timeout: 30m
  only                  The targets it is for; left out on all others
                        list · only: [production]
  except                The targets it is not for
                        list · except: [vm]

`

exports[`test/explain/explain.test.ts > TAP > explain unit.enabled > must match snapshot 1`] = `
unit.enabled  property
Something starts it: another unit wants it, or a timer, socket, path or bus name
triggers it.

  type                  boolean: true or false
  matchers              and, equal, not, or
  example               \`unit: { nginx.service: { enabled: true } }\`

`

exports[`test/explain/explain.test.ts > TAP > explain wireguard.peers.endpoint > must match snapshot 1`] = `
wireguard.peers.*.endpoint  property
Address and port it was last heard from.

  type                  string: a string
  matchers              and, contain-substring, equal, ge, gjson, gt, have-len,
                        have-patterns, have-prefix, have-suffix, le, lt,
                        match-regexp, not, or, semver-constraint
  example               \`endpoint: 203.0.113.7:51820\`

`
