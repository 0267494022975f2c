/** The groups of a spec in their order: each is a run of entries under one heading. */
const headings = {
  machine: ['system', 'The machine as a whole'],
  services: ['unit', 'Services that run, and are started by themselves'],
  oneshots: ['unit', 'Jobs that end by themselves: they have run and ended well'],
  triggers: ['unit', 'Sockets and paths that start services'],
  timers: ['unit', 'Timers, and how what they start ended the last time'],
  'public-ports': ['port', 'Ports that others can reach, as far as firewalls let them'],
  'local-ports': ['port', 'Ports that only this machine itself reaches'],
  listeners: ['listeners', 'Nothing else listens'],
  sites: ['http', 'Virtual hosts'],
  'local-sites': ['http', 'What answers HTTP without a name of its own'],
  certificates: ['certificate', 'Certificates, as the servers show them'],
  tunnels: ['wireguard', 'WireGuard'],
  mounts: ['mount', 'File systems'],
  users: ['user', 'Users who can log in'],
} as const satisfies { readonly [group: string]: readonly [resource: string, heading: string] };

export type Group = keyof typeof headings;

export const groups = Object.keys(headings) as readonly Group[];

/** The resource type whose section a group stands in. */
export function resourceOf(group: Group): string {
  return headings[group][0];
}

export function headingOf(group: Group): string {
  return headings[group][1];
}
