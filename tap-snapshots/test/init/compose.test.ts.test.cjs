/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/init/compose.test.ts > TAP > a host of which nothing is known > must match snapshot 1`] = `
# yaml-language-server: $schema=.nixspec/schema.json
# What must hold on web. Make it yours: delete what you do not care about, add what you do.
#
#   nixspec verify vm
#   nixspec verify production
#   nixspec discover production --write   adds what runs there
#   nixspec explain unit   what can be said of a unit; without a word, all there is
version: 1
targets:
  vm: { vm: { flake: .#web } }
  production: { ssh: root@web.example.org, compare-with: vm }

# Services need a moment after a boot or a switch: what does not hold yet is looked at again.
defaults: { within: 30s }

# The machine as a whole: it has booted, no unit has failed, and what runs is what the next boot brings.
system:
  state: running
  failed-units: []
  current-is-profile: { per-target: { production: true } }

# Services.
unit:
  sshd: { active: true }

port:
  tcp:22: { listening: true }

# Full disks are what upgrades break on.
mount:
  /: { usage: { lt: 90% } }

`

exports[`test/init/compose.test.ts > TAP > a host that says all of itself > must match snapshot 1`] = `
# yaml-language-server: $schema=.nixspec/schema.json
# What must hold on web. Make it yours: delete what you do not care about, add what you do.
#
#   nixspec verify vm
#   nixspec verify production
#   nixspec discover production --write   adds what runs there
#   nixspec explain unit   what can be said of a unit; without a word, all there is
version: 1
targets:
  vm: { vm: { flake: .#web } }
  production: { ssh: root@web.example.org, compare-with: vm }

# Services need a moment after a boot or a switch: what does not hold yet is looked at again.
defaults: { within: 30s }

# The machine as a whole: it has booted, no unit has failed, and what runs is what the next boot brings.
system:
  state: running
  failed-units: []
  current-is-profile: { per-target: { production: true } }
  clock-offset: { per-target: { production: { lt: 1s } } }

# Services that start at boot: each runs, or has done its work.
unit:
  sshd: { active: true }
  nftables: { active: true }
  nginx: { healthy: true, enabled: true }
  forgejo: { healthy: true, enabled: true }

port:
  tcp:22: { listening: true }
  tcp:2222: { listening: true }

# Full disks are what upgrades break on.
mount:
  /: { usage: { lt: 90% } }

`

exports[`test/init/compose.test.ts > TAP > a host without SSH and time service > must match snapshot 1`] = `
# yaml-language-server: $schema=.nixspec/schema.json
# What must hold on web. Make it yours: delete what you do not care about, add what you do.
#
#   nixspec verify vm
#   nixspec verify production
#   nixspec discover production --write   adds what runs there
#   nixspec explain unit   what can be said of a unit; without a word, all there is
version: 1
targets:
  vm: { vm: { flake: .#web } }
  production: { ssh: root@web.example.org, compare-with: vm }

# Services need a moment after a boot or a switch: what does not hold yet is looked at again.
defaults: { within: 30s }

# The machine as a whole: it has booted, no unit has failed, and what runs is what the next boot brings.
system:
  state: running
  failed-units: []
  current-is-profile: { per-target: { production: true } }

# Full disks are what upgrades break on.
mount:
  /: { usage: { lt: 90% } }

`

exports[`test/init/compose.test.ts > TAP > a server that is built from nothing known > must match snapshot 1`] = `
# yaml-language-server: $schema=.nixspec/schema.json
# What must hold on here. Make it yours: delete what you do not care about, add what you do.
#
#   nixspec verify production
#   nixspec discover production --write   adds what runs there
#   nixspec explain unit   what can be said of a unit; without a word, all there is
version: 1
targets:
  # The staging VM needs what the server is built from: vm: { vm: { flake: ".#web" } }
  production: { ssh: here }

# Services need a moment after a boot or a switch: what does not hold yet is looked at again.
defaults: { within: 30s }

# The machine as a whole: it has booted, no unit has failed, and what runs is what the next boot brings.
system:
  state: running
  failed-units: []
  current-is-profile: { per-target: { production: true } }

# Services.
unit:
  sshd: { active: true }

port:
  tcp:22: { listening: true }

# Full disks are what upgrades break on.
mount:
  /: { usage: { lt: 90% } }

`

exports[`test/init/compose.test.ts > TAP > several hosts, one with an odd name > must match snapshot 1`] = `
# yaml-language-server: $schema=.nixspec/schema.json
# What must hold on web, my?"odd"?\${host}?version:?2. Make it yours: delete what you do not care about, add what you do.
#
#   nixspec verify web odd --spec servers/all.yaml
#   nixspec verify web-production odd-production --spec servers/all.yaml
#   nixspec discover web-production odd-production --write --spec servers/all.yaml   adds what runs there
#   nixspec explain unit   what can be said of a unit; without a word, all there is
version: 1
targets:
  web: { vm: { flake: .#web } }
  web-production: { ssh: root@web.example.org, compare-with: web }
  odd: { vm: { flake: ..#"my odd host" } }
  odd-production: { ssh: "ssh://root@[2001:db8::1]:2222", compare-with: odd }

# Services need a moment after a boot or a switch: what does not hold yet is looked at again.
defaults: { within: 30s }

# The machine as a whole: it has booted, no unit has failed, and what runs is what the next boot brings.
system:
  state: running
  failed-units: []
  current-is-profile: { per-target: { web-production: true, odd-production: true } }
  clock-offset: { per-target: { web-production: { lt: 1s } } }

# Services that start at boot: each runs, or has done its work.
unit:
  sshd: { active: true, only: [web, web-production] }
  nftables: { active: true, only: [web, web-production] }
  nginx: { healthy: true, enabled: true }
  forgejo: { healthy: true, enabled: true, only: [web, web-production] }
  sshd.socket: { active: true, only: [odd, odd-production] }
  yes: { healthy: true, enabled: true, only: [odd, odd-production] }

port:
  tcp:22: { listening: true }
  tcp:2222: { listening: true, only: [web, web-production] }

# Full disks are what upgrades break on.
mount:
  /: { usage: { lt: 90% } }

`
