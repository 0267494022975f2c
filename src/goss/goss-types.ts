import type { Kind } from './site.js';

/** An attribute that is judged, and the property of nixspec that is meant. */
export interface Attribute {
  readonly to: string;
  readonly kind: Kind | 'headers';
}

/** A resource type of Goss, and what it is in nixspec. */
export interface GossType {
  /** The resource type of nixspec. */
  readonly to: string;
  /** The attribute that names the thing, where the key does not. */
  readonly name: string;
  readonly attributes: { readonly [name: string]: Attribute };
  /** Goss fails without these. */
  readonly required: readonly string[];
  /** Where it is not so, Goss looks at nothing else. */
  readonly gate?: string;
  /** Attributes that change the question. */
  readonly settings: readonly string[];
  /** Goss's own time limit, in milliseconds. */
  readonly timeout?: number;
  readonly retries?: true;
  /** A valid subject, for a variable whose value is not known. */
  readonly example: string;
  /** What is true of each, and may make another verdict. */
  readonly differs?: string;
}

const exists: Attribute = { to: 'exists', kind: 'boolean' };
const same = (to: string, kind: Attribute['kind']): { readonly [name: string]: Attribute } => ({ [to]: { to, kind } });

/** What Goss says of everything, beside its attributes. */
export const commonAttributes = ['title', 'meta', 'skip'] as const;

/** Every resource type of Goss that Linux has. `service` and `dns` become more than one thing; see there. */
export const gossTypes: { readonly [name: string]: GossType } = {
  addr: {
    to: 'addr',
    name: 'address',
    attributes: same('reachable', 'boolean'),
    required: ['reachable'],
    settings: ['local-address'],
    timeout: 500,
    example: 'tcp://127.0.0.1:80',
  },
  command: {
    to: 'command',
    name: 'exec',
    attributes: { ...same('exit-status', 'number'), ...same('stdout', 'text'), ...same('stderr', 'text') },
    required: ['exit-status'],
    settings: [],
    timeout: 10_000,
    retries: true,
    example: 'true',
  },
  dns: {
    to: 'dns',
    name: 'resolve',
    attributes: {
      ...same('resolvable', 'boolean'),
      resolveable: { to: 'resolvable', kind: 'boolean' },
      addrs: { to: 'answers', kind: 'list' },
    },
    required: ['resolvable'],
    gate: 'resolvable',
    settings: ['server'],
    timeout: 500,
    retries: true,
    example: 'localhost',
  },
  file: {
    to: 'file',
    name: 'path',
    attributes: {
      exists,
      ...same('mode', 'mode'),
      ...same('size', 'number'),
      ...same('owner', 'string'),
      ...same('uid', 'number'),
      ...same('group', 'string'),
      ...same('gid', 'number'),
      ...same('linked-to', 'string'),
      ...same('filetype', 'filetype'),
      ...same('contents', 'text'),
      contains: { to: 'contents', kind: 'text' },
      ...same('md5', 'string'),
      ...same('sha256', 'string'),
      ...same('sha512', 'string'),
    },
    required: ['exists'],
    gate: 'exists',
    settings: [],
    example: '/etc/hosts',
  },
  group: {
    to: 'group',
    name: 'groupname',
    attributes: { exists, ...same('gid', 'number') },
    required: ['exists'],
    gate: 'exists',
    settings: [],
    example: 'root',
  },
  http: {
    to: 'http',
    name: 'url',
    attributes: { ...same('status', 'status'), ...same('headers', 'headers'), ...same('body', 'text') },
    required: ['status'],
    settings: [
      'method',
      'allow-insecure',
      'no-follow-redirects',
      'request-headers',
      'request-body',
      'username',
      'password',
      'ca-file',
      'cert-file',
      'key-file',
      'proxy',
    ],
    timeout: 5000,
    example: 'http://localhost/',
  },
  interface: {
    to: 'interface',
    name: 'name',
    attributes: { exists, addrs: { to: 'addresses', kind: 'list' }, ...same('mtu', 'number') },
    required: ['exists'],
    gate: 'exists',
    settings: [],
    example: 'lo',
  },
  'kernel-param': {
    to: 'kernel-param',
    name: 'name',
    attributes: same('value', 'string'),
    required: ['value'],
    settings: [],
    example: 'kernel.ostype',
  },
  matching: {
    to: 'matching',
    name: '',
    // Its kind is that of the content.
    attributes: same('matches', 'json'),
    required: ['matches'],
    settings: ['content', 'as-reader'],
    example: 'name',
  },
  mount: {
    to: 'mount',
    name: 'mountpoint',
    attributes: {
      exists,
      opts: { to: 'options', kind: 'list' },
      'vfs-opts': { to: 'options', kind: 'list' },
      ...same('source', 'string'),
      ...same('filesystem', 'string'),
      ...same('usage', 'percentage'),
    },
    required: ['exists'],
    gate: 'exists',
    settings: [],
    timeout: 1000,
    example: '/',
  },
  package: {
    to: 'package',
    name: 'name',
    attributes: { ...same('installed', 'boolean'), ...same('versions', 'list') },
    required: ['installed'],
    gate: 'installed',
    settings: [],
    retries: true,
    example: 'bash',
  },
  port: {
    to: 'port',
    name: 'port',
    attributes: { ...same('listening', 'boolean'), ip: { to: 'addresses', kind: 'addresses' } },
    required: ['listening'],
    gate: 'listening',
    settings: [],
    example: 'tcp:80',
    differs:
      'Goss looks at sockets of one address family; nixspec also counts one on :: that serves IPv4 as tcp4 or udp4',
  },
  process: {
    to: 'process',
    name: 'comm',
    attributes: same('running', 'boolean'),
    required: ['running'],
    settings: [],
    example: 'systemd',
  },
  service: {
    to: 'unit',
    name: 'name',
    attributes: {
      enabled: { to: 'enabled', kind: 'boolean' },
      running: { to: 'active', kind: 'boolean' },
      runlevels: { to: '', kind: 'list' },
    },
    required: [],
    settings: [],
    example: 'systemd-journald',
  },
  user: {
    to: 'user',
    name: 'username',
    attributes: {
      exists,
      ...same('uid', 'number'),
      ...same('gid', 'number'),
      ...same('home', 'string'),
      ...same('groups', 'list'),
      ...same('shell', 'string'),
    },
    required: ['exists'],
    gate: 'exists',
    settings: [],
    example: 'root',
  },
};
