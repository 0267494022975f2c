/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/inventory-lines.test.ts > TAP > before and after a switch > must match snapshot 1`] = `
production compared with production of 2 h before: no assertion was judged in both
  changed though nothing asserts it: 1 unit failed, 1 unit gone, 1 unit stopped, 1 port changed, 1 port closed, 1 user added, 1 user removed, 1 mount changed, reboot needed, 1 package down, 1 package up
    unit failed    backup.service  inactive (dead) → failed (failed)
    unit gone      old.service  was active (running)
    unit stopped   worker.service  active (running) → inactive (dead)
    port changed   tcp:5432 addresses  127.0.0.1 · postgres → 0.0.0.0 · postgres  public
    port closed    tcp:443  was 0.0.0.0 · nginx (nginx.service)
    user added     mallory  uid 0, group root, shell /bin/sh
    user removed   alice  was uid 1000, group users, shell /bin/sh, groups wheel
    mount changed  / options  none → ro
    reboot needed  6.12.58 → 6.12.60
    package down   git  2.51.0 → 2.50.1
    package up     openssl  3.0.14 → 3.0.15


`

exports[`test/inventory-lines.test.ts > TAP > many changes, hostile names, an unknown section > must match snapshot 1`] = `
production compared with production of 2 h before: no assertion was judged in both
  changed though nothing asserts it: 1 unit failed, 5 units gone, 1 port changed, 1 port closed, 1 user added, 1 user removed, 1 mount changed, 2 packages removed, 45 packages added
    unit failed      evil\\u001b[2J\\u202e.service  failed (failed\\nfaked)
    unit gone        backup.timer  was active (waiting)
    unit gone        nginx.service  was active (running)
    unit gone        old.service  was active (running)
    unit gone        worker.service  was active (running)
    unit gone        backup.service  was inactive (dead)
    port changed     tcp:5432 addresses  127.0.0.1 · postgres → 0.0.0.0 · postgres  public
    port closed      tcp:443  was 0.0.0.0 · nginx (nginx.service)
    user added       mallory  uid 0, group root, shell /bin/sh
    user removed     alice  was uid 1000, group users, shell /bin/sh, groups wheel
    mount changed    / options  none → ro
    package removed  git  was 2.51.0
    package removed  openssl  was 3.0.14
    package added    lib0  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    package added    lib1  1.1
    package added    lib2  1.2
    package added    lib3  1.3
    package added    lib4  1.4
    package added    lib5  1.5
    package added    lib6  1.6
    package added    lib7  1.7
    package added    lib8  1.8
    package added    lib9  1.9
    package added    lib10  1.10
    package added    lib11  1.11
    package added    lib12  1.12
    package added    lib13  1.13
    package added    lib14  1.14
    package added    lib15  1.15
    package added    lib16  1.16
    package added    lib17  1.17
    package added    lib18  1.18
    package added    lib19  1.19
                     … and 25 more packages added (--verbose shows all)
    kernel could not be compared: no /proc\\u0007


`

exports[`test/inventory-lines.test.ts > TAP > nothing has changed since the run before > must match snapshot 1`] = `
production since its run of 2 h before, beside what is asserted: nothing changed


`

exports[`test/inventory-lines.test.ts > TAP > only one has an inventory > must match snapshot 1`] = `
production compared with production of 2 h before: no assertion was judged in both
    inventory could not be compared: the run 2026-11-23T01-01-00.000Z-production has none


`

exports[`test/inventory-lines.test.ts > TAP > the run before > must match snapshot 1`] = `
production since its run of 2 h before, beside what is asserted: 1 unit failed, 1 unit gone, 1 unit stopped, 1 port changed, 1 port closed, 1 user added, 1 user removed, 1 mount changed, reboot needed, 1 package down, 1 package up
  unit failed    backup.service  inactive (dead) → failed (failed)
  unit gone      old.service  was active (running)
  unit stopped   worker.service  active (running) → inactive (dead)
  port changed   tcp:5432 addresses  127.0.0.1 · postgres → 0.0.0.0 · postgres  public
  port closed    tcp:443  was 0.0.0.0 · nginx (nginx.service)
  user added     mallory  uid 0, group root, shell /bin/sh
  user removed   alice  was uid 1000, group users, shell /bin/sh, groups wheel
  mount changed  / options  none → ro
  reboot needed  6.12.58 → 6.12.60
  package down   git  2.51.0 → 2.50.1
  package up     openssl  3.0.14 → 3.0.15


`

exports[`test/inventory-lines.test.ts > TAP > two machines > must match snapshot 1`] = `
production compared with vm of 2 h before: no assertion was judged in both
  differs though nothing asserts it: 1 unit failed, 1 unit gone, 1 unit stopped, 1 port changed, 1 port closed, 1 user added, 1 user removed, 1 mount changed, reboot needed, 1 package down, 1 package up (--verbose shows them)
    unit failed  backup.service  inactive (dead) → failed (failed)


`

exports[`test/inventory-lines.test.ts > TAP > two machines in full > must match snapshot 1`] = `
production compared with vm of 2 h before: no assertion was judged in both
  differs though nothing asserts it: 1 unit failed, 1 unit gone, 1 unit stopped, 1 port changed, 1 port closed, 1 user added, 1 user removed, 1 mount changed, reboot needed, 1 package down, 1 package up
    unit failed    backup.service  inactive (dead) → failed (failed)
    unit gone      old.service  was active (running)
    unit stopped   worker.service  active (running) → inactive (dead)
    port changed   tcp:5432 addresses  127.0.0.1 · postgres → 0.0.0.0 · postgres  public
    port closed    tcp:443  was 0.0.0.0 · nginx (nginx.service)
    user added     mallory  uid 0, group root, shell /bin/sh
    user removed   alice  was uid 1000, group users, shell /bin/sh, groups wheel
    mount changed  / options  none → ro
    reboot needed  6.12.58 → 6.12.60
    package down   git  2.51.0 → 2.50.1
    package up     openssl  3.0.14 → 3.0.15


`
