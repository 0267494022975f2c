/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/discover/text.test.ts > TAP > a whole spec > must match snapshot 1`] = `
# What holds on staging and production, as nixspec discover found it. Make it yours: delete what you do not care about,
# sharpen what you do. Then: nixspec verify staging production
#
# What could not be seen:
# - user locked: only root
# - a\\u202eb
version: 1
targets:
  staging: { ssh: ssh://root@192.0.2.1:2222, from: target }
  production: { ssh: { host: web, config: /c, jump: gate }, sudo: true }

# The machine as a whole.
system: { hostname: { per-target: { staging: a, production: b } } }

unit:
  # Services that run, and are started by themselves.
  # Not well: x, y\\u001b[1m.
  nginx: { active: true }

  # Jobs that end by themselves: they have run and ended well.
  setup: { healthy: true, only: [staging] }

# Virtual hosts.
http:
  https://git.example.org/: { status: 200, only: [staging] }

# Without a section.

`
