/** What Nix told with `--log-format internal-json`, one line each: `@nix {"action":"start","type":105,…}`. */
interface Told {
  readonly action?: unknown;
  readonly id?: unknown;
  readonly type?: unknown;
  readonly fields?: unknown;
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly raw_msg?: unknown;
  readonly file?: unknown;
  readonly line?: unknown;
  readonly column?: unknown;
  readonly trace?: unknown;
}

/** Numbers of activities and results, as in Nix's `logging.hh`; the same since Nix 2.0. */
const types = { copyPaths: 103, builds: 104, build: 105, copyPath: 100, logLine: 101, progress: 105 } as const;

interface Activity {
  readonly type: number;
  readonly name: string;
  readonly derivation: string;
  readonly log: string[];
}

/** An error as Nix says it, without its colours, its `error:` and its trace. */
export interface NixError {
  readonly message: string;
  /** `/srv/conf/web.nix:12:3` */
  readonly place?: string;
  /** Where it comes from, innermost last; only where Nix's `show-trace` is set. */
  readonly trace: readonly string[];
}

/** Bounds: of what a build says, and of what is remembered at all. */
const most = { logLines: 20, activities: 500, errors: 50, warnings: 10, lines: 40, lineLength: 500 } as const;

/**
 * Follows what one Nix says: what it is doing, for the progress line, and what went wrong, for the error. Lines that are not in
 * Nix's own format (of a wrapper, of ssh) are kept as they are. Never throws: whatever it does not know means nothing.
 */
export class NixLog {
  readonly errors: NixError[] = [];
  /** Of the configuration, and that its Git tree is dirty; not what Nix has to say about its own settings. */
  readonly warnings: string[] = [];
  /** What the expression itself told by `builtins.trace`. */
  readonly traced: string[] = [];
  private readonly activities = new Map<number, Activity>();
  private readonly plain: string[] = [];
  private readonly progress = new Map<number, readonly [done: number, expected: number]>();

  /** @returns what Nix is doing now, where this line says so */
  read(line: string): string | undefined {
    if (!line.startsWith('@nix ')) {
      keep(this.plain, line, most.lines);
      return undefined;
    }
    const told = parse(line.slice('@nix '.length));
    if (told.action === 'msg') this.readMessage(told);
    else if (told.action === 'start') return this.start(told);
    else if (told.action === 'result') return this.readResult(told);
    return undefined;
  }

  /** What a build said last, oldest first. */
  logOf(derivation: string): readonly string[] {
    return [...this.activities.values()].find((one) => one.derivation === derivation)?.log ?? [];
  }

  /** The end of what was said beside Nix's own format. */
  get rest(): string {
    return this.plain.join('\n').trim();
  }

  private readMessage({ level, msg, raw_msg, trace, ...told }: Told): void {
    const text = plainText(msg);
    if (level === 0 && (raw_msg !== undefined || text.startsWith('error:'))) {
      const message = raw_msg === undefined ? text.replace(/^error:\s*/, '') : plainText(raw_msg);
      const place = placeOf(told);
      const error = { message: message.trim(), ...(place && { place }), trace: readTrace(trace) };
      if (this.errors.length < most.errors) this.errors.push(error);
    } else if (/^trace: nixspec /.test(text)) {
      keep(this.traced, text.slice('trace: nixspec '.length), most.warnings);
    } else if (/^(trace: |evaluation )warning: |^warning: Git tree /.test(text)) {
      const warning = text.replace(/^(trace: |evaluation )?warning: /, '').trim();
      if (!this.warnings.includes(warning) && this.warnings.length < most.warnings) this.warnings.push(warning);
    }
  }

  private start({ id, type, fields }: Told): string | undefined {
    if (typeof id !== 'number' || typeof type !== 'number') return undefined;
    const [path = ''] = Array.isArray(fields) ? fields.map(String) : [];
    this.activities.set(id, { type, name: nameOfPath(path), derivation: path, log: [] });
    if (this.activities.size > most.activities) this.forgetOldest();
    return type === types.build || type === types.copyPath ? this.describe(type, nameOfPath(path)) : undefined;
  }

  private forgetOldest(): void {
    for (const [id, { type }] of this.activities) {
      // The two that count the others are the first that there are.
      if (type === types.builds || type === types.copyPaths) continue;
      this.activities.delete(id);
      return;
    }
  }

  private readResult({ id, type, fields }: Told): string | undefined {
    const activity = typeof id === 'number' ? this.activities.get(id) : undefined;
    if (!activity || !Array.isArray(fields)) return undefined;
    if (type === types.logLine && activity.type === types.build) {
      keep(activity.log, plainText(fields[0]), most.logLines);
    } else if (type === types.progress && typeof fields[0] === 'number' && typeof fields[1] === 'number') {
      this.progress.set(activity.type, [fields[0], fields[1]]);
    }
    return undefined;
  }

  /** `building 3 of 12: nginx-1.28.0` */
  private describe(type: number, name: string): string {
    const [done = 0, expected = 0] = this.progress.get(type === types.build ? types.builds : types.copyPaths) ?? [];
    const count = expected > 1 ? ` ${Math.min(done + 1, expected)} of ${expected}` : '';
    return `${type === types.build ? 'building' : 'fetching'}${count}: ${name}`;
  }
}

/** `/nix/store/…-nginx-1.28.0.drv` is nginx-1.28.0. */
export function nameOfPath(path: string): string {
  return path.replace(/^.*\/[0-9a-z]{32}-/, '').replace(/\.drv$/, '');
}

function placeOf({ file, line, column }: Told): string | undefined {
  // What nixspec asks by itself is in no file.
  if (typeof file !== 'string' || typeof line !== 'number' || !/^\/[^\n]*$/.test(file)) return undefined;
  return `${file}:${line}${typeof column === 'number' ? `:${column}` : ''}`;
}

function readTrace(trace: unknown): string[] {
  if (!Array.isArray(trace)) return [];
  return trace.slice(-most.lines).map((frame: Told) => {
    const place = placeOf(frame);
    return `… ${plainText(frame.raw_msg)}${place ? ` (${place})` : ''}`;
  });
}

function plainText(text: unknown): string {
  if (typeof text !== 'string') return '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').replaceAll('\r', '');
}

function keep(list: string[], line: string, count: number): void {
  list.push(line.slice(0, most.lineLength));
  if (list.length > count) list.shift();
}

function parse(text: string): Told {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
