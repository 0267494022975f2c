import type { Query, Value } from '../model.js';
import type { Answers } from './answers.js';
import type { Group } from './groups.js';
import type { Listing } from './listing.js';

type Fields = { readonly [name: string]: Value };

/** An entry of the spec to be, as found on one machine. */
export interface Found {
  readonly group: Group;
  readonly resource: string;
  readonly subject: string;
  /** As written in YAML: a literal, or a mapping of matchers. */
  readonly expects: Fields;
  readonly params?: Fields;
  /** Parameters for where it is reached, best first: of several machines the first that they share is taken. */
  readonly ways?: readonly Fields[];
}

/** Something to tell whoever reads the spec; it stands in front of the entries of its group. */
export interface Remark {
  readonly group: Group;
  /** What is so, and why it is not asserted. */
  readonly text: string;
  /** The subjects that it is about; they are listed behind it. */
  readonly about: readonly string[];
}

export interface Findings {
  readonly entries: readonly Found[];
  readonly remarks: readonly Remark[];
}

/** One kind of subject: how to ask about what was listed, and what to write down of the answers. Both are pure. */
export interface Part {
  /** All that should be known; asked again and again with more answers, until nothing new is wanted. */
  questions(listing: Listing, answers: Answers): readonly Query[];
  describe(listing: Listing, answers: Answers): Findings;
}
