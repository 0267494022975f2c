/** Reads fields that end with NUL: the only byte that neither a path nor a shell word can hold. */
export class FieldReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  /**
   * The next field; undefined at the end. What is not UTF-8 becomes U+FFFD.
   * @throws Error where the last field has no end
   */
  next(): string | undefined {
    if (this.at >= this.bytes.length) return undefined;
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new Error('the last field was cut off');
    const field = this.bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return field;
  }

  /** Everything after the fields that were read. */
  rest(): Buffer {
    const rest = this.bytes.subarray(this.at);
    this.at = this.bytes.length;
    return rest;
  }
}
