import t from 'tap';
import { longestGaps } from '../../src/discover/calendar-gaps.js';
import { readListedUnits } from '../../src/discover/listed-units.js';

const units = `Id=nginx.service
LoadState=loaded
Transient=no

Id=run-u12.service
LoadState=loaded
Transient=yes

Id=backup.timer
Triggers=backup.service
TimersCalendar={ OnCalendar=*-*-* *:00:00 ; next_elapse=Mon 2026-11-23 04:00:00 UTC }
TimersMonotonic={ OnActiveUSec=0 ; next_elapse=3h 7min 6.942963s }
RandomizedDelayUSec=10min
AccuracyUSec=1s
LoadState=loaded
Transient=no

Id=scan.timer
Triggers=scan.service
TimersMonotonic={ OnUnitActiveUSec=1d ; next_elapse=1d 3h }
TimersMonotonic={ OnBootUSec=1min ; next_elapse=3h }
RandomizedDelayUSec=0
AccuracyUSec=1min
LoadState=loaded
Transient=no

Id=late.timer
Triggers=late.service
TimersMonotonic={ OnUnitActiveUSec=1d ; next_elapse=1d 3h }
TimersMonotonic={ OnBootUSec=15min ; next_elapse=3h }
Persistent=no
LoadState=loaded
Transient=no

Id=forgets.timer
Triggers=forgets.service
TimersCalendar={ OnCalendar=*-*-* *:00:00 ; next_elapse=Mon 2026-11-23 04:00:00 UTC }
Persistent=no
LoadState=loaded
Transient=no

Id=remembers.timer
Triggers=remembers.service
TimersCalendar={ OnCalendar=*-*-* *:00:00 ; next_elapse=Mon 2026-11-23 04:00:00 UTC }
Persistent=yes
LoadState=loaded
Transient=no

Id=once.timer
Triggers=once.service
TimersMonotonic={ OnBootUSec=15min ; next_elapse=3h }
LoadState=not-found
Transient=no

=calendars
Normalized form: *-*-* *:00:00
    Next elapse: Mon 2024-01-01 01:00:00 UTC
   Iteration #2: Mon 2024-01-01 02:00:00 UTC
=end
`;

function output(text: string) {
  return { exit: 0, stdout: Buffer.from(text), stderr: Buffer.alloc(0), truncated: false };
}

t.test('units, and how long a timer may rest', async (t) => {
  t.same(readListedUnits(output(units)), [
    { name: 'nginx.service', loaded: true, transient: false, triggers: [] },
    { name: 'run-u12.service', loaded: true, transient: true, triggers: [] },
    { name: 'backup.timer', loaded: true, transient: false, triggers: ['backup.service'], longestPause: 3600 + 601 },
    { name: 'scan.timer', loaded: true, transient: false, triggers: ['scan.service'], longestPause: 86_400 + 60 },
    { name: 'late.timer', loaded: true, transient: false, triggers: ['late.service'] },
    { name: 'forgets.timer', loaded: true, transient: false, triggers: ['forgets.service'] },
    { name: 'remembers.timer', loaded: true, transient: false, triggers: ['remembers.service'], longestPause: 3600 },
    { name: 'once.timer', loaded: false, transient: false, triggers: ['once.service'] },
  ]);
});

t.test('a list that is cut off is none', async (t) => {
  t.throws(() => readListedUnits(output(units.replace('=end\n', ''))), { message: 'it ends in the middle' });
});

t.test('the longest gap between two turns of a calendar', async (t) => {
  const lines = `
  Original form: Mon..Fri 08,16:00
Normalized form: Mon..Fri *-*-* 08,16:00:00
    Next elapse: Thu 2024-01-04 16:00:00 UTC
   Iteration #2: Fri 2024-01-05 08:00:00 UTC
   Iteration #3: Fri 2024-01-05 16:00:00 UTC
   Iteration #4: Mon 2024-01-08 08:00:00 UTC

Normalized form: 2030-01-01 00:00:00
    Next elapse: Tue 2030-01-01 00:00:00 UTC

Normalized form: 2020-01-01 00:00:00
    Next elapse: never`.split('\n');
  t.same([...longestGaps(lines)], [['Mon..Fri *-*-* 08,16:00:00', 64 * 3600]]);
});
