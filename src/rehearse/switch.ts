import { sh } from '../shell/sh.js';
import type { RehearsalMachine } from './machine.js';
import type { SwitchEnd } from './switch-exit.js';

/** Where a switch leaves what it prints and its exit status: the connection may not outlive it. */
const folder = '/run/nixspec-rehearsal';

/** Bytes of what a switch has printed that are kept: its end, where it says what failed. */
const mostOutput = 8 * 1024;

/** Looks in a row that find neither the unit nor an exit status: while systemd executes itself anew, it does not answer. */
const mostAbsent = 10;

/**
 * Whether a machine can be brought to a system without a reboot: it must see it in its store.
 * @returns why not
 */
export async function whyNoSwitch(
  machine: RehearsalMachine,
  toplevel: string | undefined,
): Promise<string | undefined> {
  if (toplevel === undefined) return 'there is no system beside the start script of the new VM';
  const program = `${toplevel}/bin/switch-to-configuration`;
  const { text } = await machine.ask(sh`[ -x ${program} ] && echo there; [ -e ${toplevel} ] && echo seen; true`, 30);
  if (text.startsWith('there')) return undefined;
  return text.startsWith('seen')
    ? 'the new system has no switch-to-configuration (system.switch.enable)'
    : "the old VM does not see the new system: it has a store of its own, and not the runner's (virtualisation.useNixStoreImage)";
}

/**
 * Runs `switch-to-configuration test` in a unit of its own, as nixos-rebuild does: it goes on when the network is restarted.
 * A switch that does not end in time is killed.
 *
 * @param system a toplevel, or a specialisation of one
 * @param unit a name that was not used before
 * @param limit seconds
 */
export async function runSwitch(
  machine: RehearsalMachine,
  { system, unit, limit }: { readonly system: string; readonly unit: string; readonly limit: number },
): Promise<SwitchEnd> {
  const inner = sh`${`${system}/bin/switch-to-configuration`} test >${folder}/log 2>&1 </dev/null; echo $? >${folder}/exit`;
  const started = await machine.ask(
    sh`rm -rf ${folder} && mkdir -m 0700 ${folder} &&
systemd-run --quiet --collect --no-ask-password --service-type=exec --unit=${unit} -- /bin/sh -c ${inner.raw}`,
    60,
  );
  if (started.exit !== 0) return { why: 'gone', output: started.stderr };
  const exit = await waitForExit(machine, unit, limit);
  if (typeof exit !== 'number') await machine.ask(sh`systemctl kill --signal=KILL ${unit} 2>/dev/null; true`, 60);
  const jobs = exit === 'hangs' ? await listJobs(machine) : '';
  const { text } = await machine.ask(sh`tail -c ${mostOutput} ${folder}/log 2>/dev/null; true`, 30);
  const output = `${text.trimEnd()}${jobs}`;
  return typeof exit === 'number' ? { exit, output } : { why: exit, output };
}

async function waitForExit(machine: RehearsalMachine, unit: string, limit: number): Promise<number | 'hangs' | 'gone'> {
  let absent = 0;
  for (const end = performance.now() + limit * 1000; performance.now() < end; ) {
    const { text } = await machine.ask(
      sh`n=0
until [ -s ${folder}/exit ] || [ $n -ge 20 ] || ! systemctl --quiet is-active ${unit}; do sleep 0.25; n=$((n + 1)); done
if [ -s ${folder}/exit ]; then cat ${folder}/exit; elif systemctl --quiet is-active ${unit}; then echo going on; else sleep 0.5; fi`,
      30,
    );
    const exit = /^\d+$/.exec(text.trim())?.[0];
    if (exit !== undefined) return Number(exit);
    absent = text.startsWith('going on') ? 0 : absent + 1;
    if (absent >= mostAbsent) return 'gone';
  }
  return 'hangs';
}

/** What a switch that hangs waits for. */
async function listJobs(machine: RehearsalMachine): Promise<string> {
  const { text } = await machine.ask(sh`systemctl list-jobs --no-legend --no-pager | head -n 20`, 30);
  return text.trim() === '' ? '' : `\njobs of systemd that have not ended:\n${text.trimEnd()}`;
}

/** Waits until systemd has nothing left to do. @returns what it still does when the time is over */
export async function settle(machine: RehearsalMachine, limit: number): Promise<string> {
  let jobs = '';
  for (const end = performance.now() + limit * 1000; performance.now() < end; ) {
    const { text } = await machine.ask(
      sh`n=0
while jobs=$(systemctl list-jobs --no-legend --no-pager) && [ -n "$jobs" ] && [ $n -lt 20 ]; do sleep 0.25; n=$((n + 1)); done
printf '%s\n' "$jobs" | head -n 20`,
      30,
    );
    jobs = text.trim();
    if (jobs === '') return '';
  }
  return jobs;
}
