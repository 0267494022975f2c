import type { NoReading, Observation, Query, ShellOutput } from '../model.js';
import {
  absent,
  absentReading,
  defineResource,
  known,
  type Property,
  type ReadingsOf,
  unknown,
  unknownReading,
} from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import { readSections, type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';

const engines = ['podman', 'docker'] as const;
type Engine = (typeof engines)[number];

const properties = {
  running: { type: 'boolean', summary: 'It runs', example: true },
  state: {
    type: 'string',
    summary: 'What the engine calls its state: created, running, paused, restarting, exited …',
    example: 'running',
  },
  health: {
    type: 'string',
    summary: 'What its health check says: starting, healthy or unhealthy; none where it has no check',
    example: 'healthy',
  },
  image: { type: 'string', summary: 'Image by the name it was made with', example: 'docker.io/library/redis:7.4' },
  'image-id': { type: 'string', summary: 'SHA-256 of the image, hexadecimal', example: { 'have-prefix': '5a0f' } },
  restarts: { type: 'number', least: 0, summary: 'How often the engine started it again', example: 0 },
  'restart-policy': { type: 'string', summary: 'When it does: no, always, on-failure …', example: 'no' },
  'exit-status': { type: 'number', least: 0, summary: 'Exit status, once it has ended', example: 0 },
  uptime: { type: 'duration', summary: 'How long it has been running', example: { ge: '1m' }, volatile: true },
  ports: {
    type: 'list',
    summary: 'Ports of the host that lead to its own, sorted',
    example: ['127.0.0.1:6379->6379/tcp'],
  },
  mounts: {
    type: 'list',
    summary: 'What is mounted in it, sorted: path or volume, path inside, and `ro`',
    example: ['/var/lib/redis:/data', '/etc/redis.conf:/etc/redis.conf:ro'],
  },
  networks: { type: 'list', summary: 'Networks it is in, sorted', example: ['podman'] },
  labels: { type: 'map', summary: 'Its labels', example: { app: 'web' } },
  privileged: { type: 'boolean', summary: 'It may do all that the host may', example: false },
} as const satisfies { readonly [name: string]: Property };

type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'container',
  summary: 'A container of Podman or Docker',
  subject: {
    summary: 'Name of the container',
    example: 'redis',
    pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/,
    mistake: 'a container is named by letters, digits, _ . and -',
  },
  params: {
    engine: {
      type: 'string',
      summary: 'Whose container it is; unless given whichever has it',
      example: 'podman',
      words: engines,
    },
  },
  properties,
  needs: ['podman or docker'],
  notes: `\
- Podman shows each user only their own containers: those of the machine to root. To anybody else a container that is not
  found is unknown. A user's own ones a \`command\` can tell: \`podman inspect\`, with \`user\` and \`json\`.
- On NixOS, containers of \`virtualisation.oci-containers\` are also units: \`podman-NAME.service\`, which may be \`healthy\`.`,
  probes: (queries) => {
    const asked = engines.filter((engine) => queries.some((query) => mayBe(query, engine)));
    return [
      {
        kind: 'shell',
        answers: queries,
        script: joinScripts([
          ...asked.flatMap((engine) =>
            chunkWords(namesFor(queries, engine)).map((names) =>
              section(
                engine,
                sh`if command -v ${engine} >/dev/null; then ${engine} container inspect ${names}; else echo missing; fi`,
              ),
            ),
          ),
          section('who', sh`id -u; date +%s`),
        ]),
        exits: [0],
        limit: Math.max(20, ...queries.map((query) => query.timeout ?? 0)),
        maxBytes: 32 * 1024 * 1024,
        slots: 'shared',
        parse: (output) => readAnswer(queries, asked, output),
      },
    ];
  },
});

function mayBe({ params }: Query, engine: Engine): boolean {
  return params.engine === undefined || params.engine === engine;
}

function namesFor(queries: readonly Query[], engine: Engine): readonly string[] {
  return [...new Set(queries.filter((query) => mayBe(query, engine)).map(({ subject }) => subject))];
}

type Json = { readonly [key: string]: unknown };

/** What one engine answered. */
interface Answer {
  readonly engine: Engine;
  readonly containers: ReadonlyMap<string, Json>;
  readonly said: readonly string[];
  /** It is not installed. */
  readonly missing: boolean;
}

function readAnswer(queries: readonly Query[], asked: readonly Engine[], output: ShellOutput) {
  const sections = readSections(output);
  const [user, now] = sections.get('who')?.lines ?? [];
  const answers = asked.map((engine) => readEngine(engine, sections.get(engine)));
  return new Map(
    queries.map((query): [string, Observation<Readings>] => {
      if (user === undefined) return [query.id, unknown('the answer is not whole')];
      const own = answers.filter(({ engine }) => mayBe(query, engine));
      return [query.id, findContainer(query, own, { isRoot: user === '0', now: Number(now ?? Number.NaN) })];
    }),
  );
}

function readEngine(engine: Engine, section: Section | undefined): Answer {
  const containers = new Map<string, Json>();
  for (const container of readArrays(section?.lines ?? [])) {
    if (typeof container.Name === 'string') containers.set(container.Name.replace(/^\//, ''), container);
  }
  return { engine, containers, said: section?.said ?? [], missing: section?.lines.includes('missing') === true };
}

/** Arrays behind each other, one for each command; inside of one no line begins with a bracket. */
function readArrays(lines: readonly string[]): readonly Json[] {
  return lines
    .join('\n')
    .split(/^(?=\[)/m)
    .flatMap((text): readonly unknown[] => {
      try {
        const value: unknown = JSON.parse(text);
        return Array.isArray(value) ? value : [];
      } catch {
        return [];
      }
    })
    .filter(isObject);
}

interface Looker {
  readonly isRoot: boolean;
  /** Epoch seconds, by the target's clock. */
  readonly now: number;
}

function findContainer({ subject }: Query, answers: readonly Answer[], looker: Looker): Observation<Readings> {
  const found = answers.map(({ containers }) => containers.get(subject)).filter((one) => one !== undefined);
  // `docker` may be Podman under another name.
  const [container, other] = new Map(found.map((one) => [one.Id, one])).values();
  if (other) return unknown(`Podman and Docker both have a container ${subject}: say which by \`engine\``);
  if (container) return known(describeContainer(container, looker.now));
  const present = answers.filter(({ missing }) => !missing);
  if (present.length === 0)
    return unknown(`${answers.map(({ engine }) => engine).join(' and ')} cannot be asked: not installed`);
  const doubts = present.flatMap((answer) => explainDoubt(subject, answer, looker) ?? []);
  return doubts[0] === undefined ? absent(`there is no container ${subject}`) : unknown(doubts[0]);
}

/** Why it may be there all the same. */
function explainDoubt(name: string, { engine, said }: Answer, { isRoot }: Looker): string | undefined {
  const isDenial = (line: string) => /no such container/i.test(line) && line.split(/[\s":]+/).includes(name);
  if (!said.some(isDenial)) return `${engine} gave no answer: ${said[0] ?? 'it was not run to its end'}`;
  if (engine === 'podman' && !isRoot) return 'Podman shows the containers of the machine to root only';
  return undefined;
}

function describeContainer(container: Json, now: number): Readings {
  const part = (name: string): Json => (isObject(container[name]) ? container[name] : {});
  const [state, config, host, network] = [part('State'), part('Config'), part('HostConfig'), part('NetworkSettings')];
  const running = typeof state.Running === 'boolean' ? state.Running : untold;
  const policy = isObject(host.RestartPolicy) ? host.RestartPolicy.Name : undefined;
  return {
    running,
    state: readWord(state.Status),
    health: readHealth(state),
    // Docker has the name in the configuration, and the ID where Podman has it too.
    image: readWord(container.ImageName ?? config.Image),
    'image-id': readWord(typeof container.Image === 'string' ? container.Image.replace(/^sha256:/, '') : undefined),
    restarts: typeof container.RestartCount === 'number' ? container.RestartCount : untold,
    'restart-policy': policy === '' ? 'no' : readWord(policy),
    'exit-status': readExitStatus(state),
    uptime: running === true ? readUptime(state, now) : running === false ? absentReading('it does not run') : running,
    ports: listPorts(network.Ports),
    mounts: listMounts(container.Mounts),
    networks: isObject(network.Networks) ? Object.keys(network.Networks).sort() : [],
    labels: isObject(config.Labels) ? textsOf(config.Labels) : {},
    privileged: typeof host.Privileged === 'boolean' ? host.Privileged : untold,
  };
}

const untold = unknownReading('the engine does not tell');

function readWord(value: unknown): string | NoReading {
  return typeof value === 'string' && value !== '' ? value : untold;
}

/** Podman before 4 has it under another name; without a check it is empty or not there. */
function readHealth({ Health: health, Healthcheck: older }: Json): string | NoReading {
  const found = isObject(health) ? health : older;
  const status = isObject(found) ? found.Status : undefined;
  return typeof status === 'string' && status !== '' && status !== 'none'
    ? status
    : absentReading('it has no health check');
}

function readExitStatus({ Status: status, ExitCode: exit }: Json): number | NoReading {
  if (status !== 'exited' && status !== 'stopped' && status !== 'dead') return absentReading('it has not ended');
  return typeof exit === 'number' ? exit : untold;
}

function readUptime({ StartedAt: started }: Json, now: number): number | NoReading {
  const seconds = typeof started === 'string' ? Date.parse(started) / 1000 : Number.NaN;
  return Number.isNaN(seconds) || Number.isNaN(now) ? untold : Math.max(0, Math.round(now - seconds));
}

/** `{ "80/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "8080" }] }`; null where a port is not published. */
function listPorts(ports: unknown): readonly string[] {
  const each = Object.entries(isObject(ports) ? ports : {}).flatMap(([inner, places]) =>
    (Array.isArray(places) ? places : []).filter(isObject).map((place) => {
      const address = typeof place.HostIp === 'string' && place.HostIp !== '' ? place.HostIp : '0.0.0.0';
      return `${address.includes(':') ? `[${address}]` : address}:${String(place.HostPort)}->${inner}`;
    }),
  );
  return [...new Set(each)].sort();
}

function listMounts(mounts: unknown): readonly string[] {
  return (Array.isArray(mounts) ? mounts : [])
    .filter(isObject)
    .map(({ Type: type, Name: name, Source: source, Destination: destination, RW: writable }) => {
      const what = type === 'volume' && typeof name === 'string' ? name : String(source ?? type);
      return `${what}:${String(destination)}${writable === false ? ':ro' : ''}`;
    })
    .sort();
}

function textsOf(labels: Json): { readonly [key: string]: string } {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
