/** What a template computes with. Numbers have no types of their own: Go's int and float64 print alike where they are whole. */
export type GoValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | Hole
  | readonly GoValue[]
  | { readonly [key: string]: GoValue };

/** A value that is not known while importing: it stays a variable of the spec. */
export class Hole {
  constructor(
    /** `env.HOME`, or the name of a variable: `db.port`. */
    readonly name: string,
    /** What it is for now: of the environment, or by `getEnv` with a default. */
    readonly value?: string,
  ) {}

  /** What stands beneath it. */
  at(key: string): Hole {
    return new Hole(`${this.name}.${key}`);
  }
}

/** The variable of the spec for it: of the environment, where that has one. */
export function variableName({ name, value }: Hole): string {
  if (name.startsWith('env.') && value !== undefined) return name;
  return name
    .replace(/^env\./, '')
    .replace(/[^A-Za-z0-9_.-]/g, '-')
    .replace(/^[^A-Za-z_]/, '_');
}

/** The template says something that cannot be known or done while importing. */
export class NotPlain extends Error {}

/** The template is not right: Goss could not load it either. */
export class TemplateError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

export function isMapping(value: GoValue): value is { readonly [key: string]: GoValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Hole);
}

export function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

/** As `text/template` decides `if` and `with`. @throws NotPlain */
export function isTrue(value: GoValue): boolean {
  const known = force(value);
  if (isList(known)) return known.length > 0;
  if (isMapping(known)) return Object.keys(known).length > 0;
  return Boolean(known);
}

/** A value that is needed now. Of the environment there is one. @throws NotPlain */
export function force(value: GoValue): Exclude<GoValue, Hole> {
  if (!(value instanceof Hole)) return value;
  if (value.value !== undefined) return value.value;
  if (value.name.startsWith('env.')) {
    throw new NotPlain(`it needs the environment variable ${value.name.slice(4)}, which is not set here`);
  }
  throw new NotPlain(`it needs the value of .Vars.${value.name}: give --vars or --vars-inline`);
}

/** As `fmt` prints with `%v`. @throws NotPlain */
export function printValue(value: GoValue): string {
  const known = force(value);
  if (known === undefined || known === null) return '<no value>';
  if (isList(known)) return `[${known.map(printValue).join(' ')}]`;
  if (!isMapping(known)) return String(known);
  const pairs = Object.keys(known).sort();
  return `map[${pairs.map((key) => `${key}:${printValue(known[key])}`).join(' ')}]`;
}

/** As JSON, with keys sorted as Go does. @throws NotPlain */
export function toJson(value: GoValue): string {
  const known = force(value);
  if (isList(known)) return `[${known.map(toJson).join(',')}]`;
  if (!isMapping(known)) return JSON.stringify(known ?? null);
  const keys = Object.keys(known).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${toJson(known[key])}`).join(',')}}`;
}
