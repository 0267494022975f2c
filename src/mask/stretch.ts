/** A part of a text: from, and up to but not including. */
export type Stretch = readonly [from: number, to: number];
