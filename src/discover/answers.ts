import type { Observation, Query, Value } from '../model.js';
import { isNoReading } from '../resource.js';

/** A question to an ordinary resource type. Equal questions have equal ids, so that each is asked once. */
export function question(
  resource: string,
  subject: string,
  wanted: readonly string[],
  { params = {}, timeout }: { readonly params?: { readonly [name: string]: Value }; readonly timeout?: number } = {},
): Query {
  const id = JSON.stringify([resource, subject, Object.entries(params).sort()]);
  return { id, resource, subject, params, wanted: new Set(wanted), ...(timeout !== undefined && { timeout }) };
}

/** What the resource types answered so far. */
export class Answers {
  private readonly asked = new Map<string, { readonly query: Query; readonly observation: Observation }>();

  has({ id }: Query): boolean {
    return this.asked.has(id);
  }

  add(query: Query, observation: Observation): void {
    this.asked.set(query.id, { query, observation });
  }

  /** Whether the thing was looked at and is there. */
  isKnown({ id }: Query): boolean {
    return this.asked.get(id)?.observation.status === 'known';
  }

  /** A value that was told; undefined where there is none, for whatever reason. */
  value({ id }: Query, property: string): Value | undefined {
    const observation = this.asked.get(id)?.observation;
    const reading = observation?.status === 'known' ? observation.readings[property] : undefined;
    return reading === undefined || isNoReading(reading) ? undefined : reading;
  }

  /** What could not be told though it was asked: of each reason the properties and how many subjects. */
  unseen(): readonly Unseen[] {
    const found = new Map<
      string,
      { resource: string; reason: string; properties: Set<string>; subjects: Set<string> }
    >();
    for (const { query, observation } of this.asked.values()) {
      // What the runner cannot reach says nothing about the machine.
      if (query.params.from === 'runner') continue;
      for (const [property, told] of unknownsOf(query, observation)) {
        const { resource } = query;
        // The rest of this reason names the port, of which there are many.
        const reason = told.replace(/^(the SSH server does not forward connections): .*?;/, '$1;');
        const key = JSON.stringify([resource, reason]);
        const row = found.get(key) ?? { resource, reason, properties: new Set(), subjects: new Set() };
        row.properties.add(property);
        row.subjects.add(query.subject);
        found.set(key, row);
      }
    }
    return [...found.values()].map(({ properties, subjects, ...rest }) => ({
      ...rest,
      properties: [...properties].sort(),
      subjects: [...subjects].sort(),
    }));
  }
}

export interface Unseen {
  readonly resource: string;
  readonly reason: string;
  readonly properties: readonly string[];
  readonly subjects: readonly string[];
}

function unknownsOf(query: Query, observation: Observation): readonly (readonly [string, string])[] {
  if (observation.status === 'unknown') return [...query.wanted].map((name) => [name, observation.reason]);
  if (observation.status === 'absent') return [];
  return [...query.wanted].flatMap((name): [string, string][] => {
    const reading = observation.readings[name];
    return reading !== undefined && isNoReading(reading) && reading.noReading === 'unknown'
      ? [[name, reading.reason]]
      : [];
  });
}
