import type { InventoryChange, InventoryChangeKind, InventorySection, InventoryUnit } from '../inventory-model.js';
import { type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';
import { explainNoAnswer, known, unknown } from './bounded.js';

/**
 * All loaded units by one `systemctl`; the rest is file names, listed by the shell itself, and one `grep`.
 * `systemctl list-unit-files` was ruled out, since it takes a third of a second, and so was `systemctl show` (2 ms a unit).
 */
export const askForUnits = joinScripts([
  section(
    'units',
    sh`units=$(bounded systemctl list-units --all --full --plain --no-legend --no-pager) &&
printf '%s\n' "$units" | awk '$1 ~ /\.(service|socket|timer|path)$/ || $3 == "failed" { print $1, $2, $3, $4 }'`,
  ),
  // Units that were started by hand with `systemd-run` have their files there.
  section('transient', sh`printf '%s\n' /run/systemd/transient/*`),
  sh`files= wanted= buses=
for folder in /etc/systemd/system /run/systemd/system /run/systemd/generator /run/systemd/generator.late \
  /usr/local/lib/systemd/system /usr/lib/systemd/system
do
  [ -d "$folder" ] || continue
  files="$files $folder/*.service $folder/*.socket $folder/*.timer $folder/*.path"
  wanted="$wanted $folder/*.wants/* $folder/*.requires/* $folder/*.upholds/*"
  buses="$buses $folder/*.service"
done`,
  section('files', sh`printf '%s\n' $files`),
  section('wanted', sh`printf '%s\n' $wanted`),
  section('buses', sh`bounded grep -ls '^BusName=' $buses; :`),
]);

type Sections = ReadonlyMap<string, Section>;

/** systemd has no need of it now, and has forgotten it. */
const unloaded = { active: 'inactive', sub: 'dead', load: 'unloaded' };

/** Reads what `askForUnits` printed. */
export function readUnits(sections: Sections): InventorySection<readonly InventoryUnit[]> {
  const listed = sections.get('units');
  const reason = explainNoAnswer('systemctl', listed);
  if (reason !== undefined) return unknown(reason);
  const [transient, files, wanted, buses] = ['transient', 'files', 'wanted', 'buses'].map((name) =>
    readBaseNames(sections.get(name)),
  );
  if (!listed || !transient || !files || !wanted || !buses) return unknown('the files of the units were not listed');
  const units = new Map<string, InventoryUnit>();
  for (const name of files) units.set(name, { name, ...unloaded });
  for (const line of listed.lines) {
    const [name = '', load = '', active = '', sub, more] = line.split(' ');
    if (sub === undefined || more !== undefined) return unknown('the answer of systemctl could not be read');
    if (load === 'not-found' && active !== 'failed') units.delete(name);
    else units.set(name, { name, active, sub, ...(load !== 'loaded' && { load }) });
  }
  const isThere = new Set([...units.keys(), ...wanted]);
  return known(
    [...units.values()]
      .filter((unit) => !comesAndGoes(unit, transient))
      .map((unit) => (isOnDemand(unit.name, isThere, wanted, buses) ? { ...unit, onDemand: true as const } : unit))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

/** Last parts of paths. A glob that matched nothing is printed as it is. */
function readBaseNames(section: Section | undefined): ReadonlySet<string> | undefined {
  return (
    section && new Set(section.lines.filter((path) => !path.includes('*')).map((path) => path.replace(/^.*\//, '')))
  );
}

/**
 * Sessions, users who are logged in, one instance for each connection (`sshd@5-…`), containers by their number, aliases of
 * the bus; what guards a switch over a reboot; and what was started by hand, unless it has failed under a name that somebody chose.
 */
function comesAndGoes({ name, active }: InventoryUnit, transient: ReadonlySet<string>): boolean {
  if (/^(session-|user@|user-\d|user-runtime-dir@|run-user-|dbus-org\.)/.test(name)) return true;
  if (name.startsWith('nixspec-boot-guard.')) return true;
  if (/@\d+-/.test(name) || /[0-9a-f]{32}/.test(name)) return true;
  if (/^run-(r?[0-9a-f]{8,}|u?\d+|p\d+-i\d+)\./.test(name)) return true;
  return active !== 'failed' && (transient.has(name) || /\.(scope|slice|device)$/.test(name));
}

/** A service that nothing wants at boot, and that a unit of the same name or the bus starts when it is needed. */
function isOnDemand(
  name: string,
  isThere: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
  buses: ReadonlySet<string>,
): boolean {
  const [, base] = /^(.*)\.service$/.exec(name) ?? [];
  if (base === undefined || wanted.has(name)) return false;
  const names = [base, base.replace(/@.*$/, '@'), base.replace(/@.*$/, '')];
  if (names.some((one) => buses.has(`${one}.service`))) return true;
  return names.some((one) => ['socket', 'timer', 'path'].some((kind) => isThere.has(`${one}.${kind}`)));
}

// -------------------------------------------------------------------------------------------------------- comparing

/** `between`: on the way up or down. `restarting`: it ended, and systemd will start it again. */
type State = 'up' | 'down' | 'failed' | 'restarting' | 'between' | 'missing';

export function compareUnits(before: readonly InventoryUnit[], after: readonly InventoryUnit[]): InventoryChange[] {
  const earlier = new Map(before.map((unit) => [unit.name, unit]));
  const later = new Map(after.map((unit) => [unit.name, unit]));
  return [...new Set([...later.keys(), ...earlier.keys()])].flatMap((name) => {
    const [one, other] = [findUnit(name, earlier), findUnit(name, later)];
    const kind = kindOf(stateOf(one), stateOf(other), one?.onDemand ?? other?.onDemand ?? false);
    if (!kind) return [];
    const words = { ...(one && { before: describe(one) }), ...(other && { after: describe(other) }) };
    return [{ section: 'units' as const, kind, subject: name, ...words }];
  });
}

/** systemd forgets an instance that nothing uses; it is there as long as its template is. */
function findUnit(name: string, units: ReadonlyMap<string, InventoryUnit>): InventoryUnit | undefined {
  const unit = units.get(name);
  if (unit) return unit;
  const template = units.get(name.replace(/@.*(\.[a-z]+)$/, '@$1'));
  return template && { name, ...unloaded, ...(template.onDemand && { onDemand: true }) };
}

function stateOf(unit: InventoryUnit | undefined): State {
  if (!unit) return 'missing';
  if (unit.active === 'failed') return 'failed';
  if (unit.sub.startsWith('auto-restart')) return 'restarting';
  if (unit.active === 'active' || unit.active === 'reloading' || unit.active === 'refreshing') return 'up';
  return unit.active === 'inactive' ? 'down' : 'between';
}

/** What is between two states was not, or will not be, there long: it is compared only with what was up. */
function kindOf(before: State, after: State, onDemand: boolean): InventoryChangeKind | undefined {
  if (after === before) return undefined;
  if (after === 'failed') return before === 'restarting' ? undefined : 'failed';
  if (after === 'restarting') return before === 'failed' ? undefined : 'failed';
  if (after === 'missing') return before === 'between' ? undefined : 'gone';
  if (before === 'failed') return after === 'between' ? undefined : 'recovered';
  if (before === 'missing') return after === 'between' ? undefined : 'new';
  if (onDemand || before === 'between') return undefined;
  // What crashes over and over is up for a moment each time.
  if (before === 'restarting') return after === 'down' ? 'stopped' : undefined;
  if (before === 'up') return 'stopped';
  return after === 'up' ? 'started' : undefined;
}

function describe({ active, sub, load }: InventoryUnit): string {
  if (load === unloaded.load) return 'not loaded';
  return `${active} (${sub})${load === undefined ? '' : `, ${load}`}`;
}
