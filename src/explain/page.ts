/** Something that can be explained: made from the tables, before it is known how wide the terminal is. */
export interface Page {
  /** What it is asked for by: `unit`, `unit.enabled`, `entries.within`, `69`. */
  readonly name: string;
  readonly kind: Kind;
  /** One line, no full stop. */
  readonly summary: string;
  readonly parts: readonly Part[];
}

export const kinds = [
  'resource',
  'property',
  'parameter',
  'matcher',
  'keys',
  'key',
  'value',
  'command',
  'report',
  'exit code',
  'mistake',
  'lint rule',
  'error',
] as const;

export type Kind = (typeof kinds)[number];

/** Markdown, or rows under a title. */
export type Part = { readonly text: string } | { readonly title?: string; readonly rows: readonly Row[] };

export interface Row {
  readonly name: string;
  readonly text: string;
  /** What is said less loudly: type, marks, an example. */
  readonly more?: string;
}
