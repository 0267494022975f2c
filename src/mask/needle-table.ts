import { type Needle, shortestNeedle } from './needles.js';
import type { Stretch } from './stretch.js';

const slots = 1 << 16;

/**
 * Looks for many texts at once: at each place four characters choose a slot, and only what is in that slot is compared.
 * One regular expression of all of them was ruled out, as it tries each at every place.
 */
export class NeedleTable {
  private readonly filled = new Uint8Array(slots);
  private readonly bySlot = new Map<number, Needle[]>();

  constructor(needles: Iterable<Needle>) {
    for (const needle of needles) {
      const slot = slotAt(needle.text, 0);
      const others = this.bySlot.get(slot);
      if (others) others.push(needle);
      else this.bySlot.set(slot, [needle]);
      this.filled[slot] = 1;
    }
    for (const needles of this.bySlot.values()) needles.sort((a, b) => b.text.length - a.text.length);
  }

  /**
   * Every place where one stands, also where they overlap; of those that begin at the same place the longest.
   * @param least only those of so many characters
   */
  find(text: string, least = shortestNeedle): readonly Stretch[] {
    const found: Stretch[] = [];
    const last = text.length - shortestNeedle;
    for (let at = 0; at <= last; at += 1) {
      const slot = slotAt(text, at);
      if (this.filled[slot] !== 1) continue;
      const needle = this.bySlot.get(slot)?.find((one) => text.startsWith(one.text, at));
      if (needle && needle.text.length >= least)
        found.push(needle.base64 ? widen(text, at, at + needle.text.length) : [at, at + needle.text.length]);
    }
    return found;
  }
}

function slotAt(text: string, at: number): number {
  const first = text.charCodeAt(at) ^ (text.charCodeAt(at + 1) << 3);
  return (first ^ (text.charCodeAt(at + 2) << 6) ^ (text.charCodeAt(at + 3) << 9)) & (slots - 1);
}

/** With the characters around it that hold bits of it, and the padding. */
function widen(text: string, from: number, to: number): Stretch {
  const start = isBase64(text[from - 1]) ? from - 1 : from;
  let end = isBase64(text[to]) ? to + 1 : to;
  while (text[end] === '=' && end - to < 3) end += 1;
  return [start, end];
}

function isBase64(character: string | undefined): boolean {
  return character !== undefined && /[A-Za-z0-9+/_-]/.test(character);
}
