import type { Downtime, DowntimeSpan } from '../switch-model.js';

/** One look at one entry. Times in milliseconds since the epoch. */
export interface Look {
  /** When it began and ended. */
  readonly from: number;
  readonly to: number;
  /** Why the entry did not answer as it should; missing where it did. */
  readonly reason?: string;
}

/** What the looks at one entry come to so far. As small after a day as after a minute. */
export interface DowntimeState {
  readonly name: string;
  readonly looks: number;
  /** Of what is over. */
  readonly milliseconds: number;
  readonly count: number;
  readonly spans: readonly DowntimeSpan[];
  /** The longest time between the beginnings of two looks. */
  readonly precision: number;
  readonly last?: Look;
  /** Down since then. */
  readonly since?: { readonly at: number; readonly reason: string };
}

/** Spans that are kept; later ones are counted. */
const mostSpans = 20;

export function startDowntime(name: string): DowntimeState {
  return { name, looks: 0, milliseconds: 0, count: 0, spans: [], precision: 0 };
}

/**
 * Takes one more look in. A span is from the beginning of the first look that failed to the end of the first that did not:
 * the entry was surely not there for all who asked in between. It may have been away for up to one pause longer.
 */
export function addLook(state: DowntimeState, look: Look): DowntimeState {
  const gap = state.last ? look.from - state.last.from : 0;
  const next = {
    ...state,
    looks: state.looks + 1,
    precision: Math.max(state.precision, gap),
    last: look,
  };
  if (look.reason !== undefined) {
    return state.since ? next : { ...next, since: { at: look.from, reason: look.reason }, count: state.count + 1 };
  }
  if (!state.since) return next;
  const { since, ...up } = next;
  return closeSpan(up, state.since, look.to);
}

function closeSpan(
  state: DowntimeState,
  { at, reason }: { readonly at: number; readonly reason: string },
  end: number,
): DowntimeState {
  const span = { from: iso(at), to: iso(end), seconds: seconds(end - at), reason };
  return {
    ...state,
    milliseconds: state.milliseconds + (end - at),
    spans: state.spans.length < mostSpans ? [...state.spans, span] : state.spans,
  };
}

/** What it came to when the watch ended. @param end milliseconds since the epoch */
export function endDowntime({ since, ...state }: DowntimeState, end: number): Downtime {
  const open = since ? Math.max(0, end - since.at) : 0;
  const last: DowntimeSpan[] = since ? [{ from: iso(since.at), seconds: seconds(open), reason: since.reason }] : [];
  return {
    name: state.name,
    looks: state.looks,
    seconds: seconds(state.milliseconds + open),
    precision: seconds(state.precision),
    count: state.count,
    spans: [...state.spans, ...last],
  };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** In tenths: a look takes longer than what is below. */
function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
