/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/reports/lines.test.ts > TAP > many subjects > must match snapshot 1`] = `
production  root@production:22 by ssh2 · web · nixos-system-web-26.05 · generation 42 · x86_64-linux
  ✗ unit u7.service
      ✗ active: expected true, found false  nixspec.yaml:12:7
  ✓ 69 unit
production: 69 passed, 1 failed in 620 ms


`

exports[`test/reports/lines.test.ts > TAP > nothing judged > must match snapshot 1`] = `
production  root@production:22 by ssh2 · web · nixos-system-web-26.05 · generation 42 · x86_64-linux
production: nothing was judged: no entry that was chosen is for this target in 620 ms


`

exports[`test/reports/lines.test.ts > TAP > one of everything > must match snapshot 1`] = `
production  root@production:22 by ssh2 · web · nixos-system-web-26.05 · generation 42 · x86_64-linux
  ✓ unit nginx.service  active, restarts · after 3 looks
  ✗ http https://git.example.org/
      ✗ status: expected 200, found 502  nixspec.yaml:12:7
  ✓ certificate git.example.org  issuer
  ✓ port tcp:25  listening
  ? dns example.org
      ? answers: no answer within 5 s  nixspec.yaml:12:7
  ! file /etc/motd  the greeting
      ! contents: the text differs:  nixspec.yaml:12:7
          -hello
          +bye\\u001b[2J
  - user app  uid · skipped: skipped: not here
  ✓ mount /srv  usage
  ✓ unit timer.service  healthy
  - command psql  exit-status · skipped: needs unit postgresql.service, which did not pass
  ~ unit worker.service  waived until 2027-01-31: ticket 42\\u001b[2J
      ~ healthy: expected true, found false  nixspec.yaml:12:7
  ! unit timer.service  passes, so it need not be waived any more (ticket 43\\u001b[2J)  nixspec.yaml:12:7
  ✗ the program was cut off: the connection was lost
production: 6 passed, 1 failed, 1 warning, 1 unknown, 1 waived, 2 skipped in 620 ms

production compared with vm of 3 min before: 2 broke, 1 lost, 1 fixed, 1 intended, 4 added, 1 removed
  broke     http https://git.example.org/ status  200 → 502
  broke     file /etc/motd contents  "hello" → "bye\\u001b[2J"  the text differs:
  lost      dns example.org answers  [203.0.113.7] → nothing  no answer within 5 s
  fixed     port tcp:25 listening  false → true
  intended  certificate git.example.org issuer  "minica" → "Let's Encrypt"
  added     mount /srv usage  nothing → 41%
  added     unit worker.service healthy  nothing → false
  added     unit timer.service healthy  nothing → true
  added     command psql exit-status
  removed   unit old.service active  true → nothing


`

exports[`test/reports/lines.test.ts > TAP > the comparison alone > must match snapshot 1`] = `
production compared with vm of 3 min before: 2 broke, 1 lost, 1 fixed, 1 intended, 4 added, 1 removed
  broke     http https://git.example.org/ status  200 → 502
  broke     file /etc/motd contents  "hello" → "bye\\u001b[2J"  the text differs:
  lost      dns example.org answers  [203.0.113.7] → nothing  no answer within 5 s
  fixed     port tcp:25 listening  false → true
  intended  certificate git.example.org issuer  "minica" → "Let's Encrypt"
  added     mount /srv usage  nothing → 41%
  added     unit worker.service healthy  nothing → false
  added     unit timer.service healthy  nothing → true
  added     command psql exit-status
  removed   unit old.service active  true → nothing


`

exports[`test/reports/lines.test.ts > TAP > verbose > must match snapshot 1`] = `
production  root@production:22 by ssh2 · web · nixos-system-web-26.05 · generation 42 · x86_64-linux
  ✓ unit nginx.service
      ✓ active: true
      ✓ restarts: 0 · after 3 looks
  ✗ http https://git.example.org/
      ✗ status: expected 200, found 502  nixspec.yaml:12:7
  ✓ certificate git.example.org
      ✓ issuer: "Let's Encrypt"
  ✓ port tcp:25
      ✓ listening: true
  ? dns example.org
      ? answers: no answer within 5 s  nixspec.yaml:12:7
  ! file /etc/motd  the greeting
      ! contents: the text differs:  nixspec.yaml:12:7
          -hello
          +bye\\u001b[2J
  - user app
      - uid: skipped: not here  nixspec.yaml:12:7
  ✓ mount /srv
      ✓ usage: 41%
  ✓ unit timer.service
      ✓ healthy: true
  - command psql
      - exit-status: needs unit postgresql.service, which did not pass  nixspec.yaml:12:7
  ~ unit worker.service  waived until 2027-01-31: ticket 42\\u001b[2J
      ~ healthy: expected true, found false  nixspec.yaml:12:7
  ! unit timer.service  passes, so it need not be waived any more (ticket 43\\u001b[2J)  nixspec.yaml:12:7
  ✗ the program was cut off: the connection was lost
production: 6 passed, 1 failed, 1 warning, 1 unknown, 1 waived, 2 skipped in 620 ms

production compared with vm of 3 min before: 2 broke, 1 lost, 1 fixed, 1 intended, 4 added, 1 removed
  broke     http https://git.example.org/ status  200 → 502
  broke     file /etc/motd contents  "hello" → "bye\\u001b[2J"  the text differs:
  lost      dns example.org answers  [203.0.113.7] → nothing  no answer within 5 s
  fixed     port tcp:25 listening  false → true
  intended  certificate git.example.org issuer  "minica" → "Let's Encrypt"
  added     mount /srv usage  nothing → 41%
  added     unit worker.service healthy  nothing → false
  added     unit timer.service healthy  nothing → true
  added     command psql exit-status
  removed   unit old.service active  true → nothing


`
