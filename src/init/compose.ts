import type { Value } from '../model.js';
import { writeComment, writePair } from '../spec/spec-text.js';
import type { Machine } from './choose.js';
import type { Wishes } from './wishes.js';

/** Where the schema stands, from the spec: what an editor loads by the first line of the spec. */
export const schemaFile = '.nixspec/schema.json';

/**
 * The first spec: what holds on practically every NixOS server, and the services that start at boot by the configuration.
 * All of it is meant to pass in the VM and in production from the first run on.
 */
export function composeSpec(machines: readonly Machine[], { file }: Pick<Wishes, 'file'>): string {
  const spec = file === 'nixspec.yaml' ? '' : ` --spec ${file}`;
  const vms = machines.flatMap(({ vm }) => vm ?? []).join(' ');
  const productions = machines.map(({ production }) => production).join(' ');
  const head = [
    `# yaml-language-server: $schema=${schemaFile}`,
    ...writeComment(
      `What must hold on ${listNames(machines)}. Make it yours: delete what you do not care about, add what you do.`,
      0,
    ),
    '#',
    ...(vms === '' ? [] : [`#   nixspec verify ${vms}${spec}`]),
    `#   nixspec verify ${productions}${spec}`,
    `#   nixspec discover ${productions} --write${spec}   adds what runs there`,
    '#   nixspec explain unit   what can be said of a unit; without a word, all there is',
    'version: 1',
    'targets:',
    ...machines.flatMap(writeTargets),
    '',
    '# Services need a moment after a boot or a switch: what does not hold yet is looked at again.',
    ...writePair('defaults', { within: '30s' }, 0),
  ];
  const sections = [writeSystem(machines), writeUnits(machines), writePorts(machines), writeMounts()];
  return `${[head, ...sections]
    .map((lines) => lines.join('\n'))
    .filter(Boolean)
    .join('\n\n')}\n`;
}

function listNames(machines: readonly Machine[]): string {
  return machines.map(({ host }) => host.replace(/[^\x21-\x7e]/g, '?')).join(', ');
}

function writeTargets({ vm, build, production, destination }: Machine): string[] {
  if (vm === undefined || build === undefined) {
    return [
      '  # The staging VM needs what the server is built from: vm: { vm: { flake: ".#web" } }',
      ...writePair(production, { ssh: destination }, 2),
    ];
  }
  return [...writePair(vm, { vm: build }, 2), ...writePair(production, { ssh: destination, 'compare-with': vm }, 2)];
}

function writeSystem(machines: readonly Machine[]): string[] {
  const clocks = machines.filter(({ facts }) => facts.clock === true);
  return [
    '# The machine as a whole: it has booted, no unit has failed, and what runs is what the next boot brings.',
    'system:',
    ...writePair('state', 'running', 2),
    ...writePair('failed-units', [], 2),
    ...writePair('current-is-profile', perTarget(machines, true), 2),
    ...(clocks.length > 0 ? writePair('clock-offset', perTarget(clocks, { lt: '1s' }), 2) : []),
  ];
}

/** In a VM it says nothing. */
function perTarget(machines: readonly Machine[], value: Value): Value {
  return { 'per-target': Object.fromEntries(machines.map(({ production }) => [production, value])) };
}

function writeUnits(machines: readonly Machine[]): string[] {
  const units = new Map<string, { body: Value; on: Machine[] }>();
  const add = (machine: Machine, name: string, body: Value) => {
    const unit = units.get(name) ?? { body, on: [] };
    unit.on.push(machine);
    units.set(name, unit);
  };
  for (const machine of machines) {
    const { sshPorts, sshOnDemand, firewall, services } = machine.facts;
    if (sshPorts?.length !== 0) add(machine, sshOnDemand ? 'sshd.socket' : 'sshd', { active: true });
    if (firewall) add(machine, firewall, { active: true });
    for (const service of services) add(machine, service, { healthy: true, enabled: true });
  }
  if (units.size === 0) return [];
  const own = machines.some(({ facts }) => facts.services.length > 0);
  return [
    own ? '# Services that start at boot: each runs, or has done its work.' : '# Services.',
    'unit:',
    ...[...units].flatMap(([name, { body, on }]) => writePair(name, withOnly(body, on, machines), 2)),
  ];
}

/** What not all machines have is for the targets of those that have it. */
function withOnly(body: Value, on: readonly Machine[], all: readonly Machine[]): Value {
  if (on.length === all.length) return body;
  const only = on.flatMap(({ vm, production }) => [...(vm === undefined ? [] : [vm]), production]);
  return { ...(body as { readonly [key: string]: Value }), only };
}

function writePorts(machines: readonly Machine[]): string[] {
  const ports = new Map<number, Machine[]>();
  for (const machine of machines) {
    for (const port of machine.facts.sshPorts ?? [22]) ports.set(port, [...(ports.get(port) ?? []), machine]);
  }
  if (ports.size === 0) return [];
  return [
    'port:',
    ...[...ports].flatMap(([port, on]) => writePair(`tcp:${port}`, withOnly({ listening: true }, on, machines), 2)),
  ];
}

function writeMounts(): string[] {
  return ['# Full disks are what upgrades break on.', 'mount:', ...writePair('/', { usage: { lt: '90%' } }, 2)];
}
