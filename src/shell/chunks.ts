/** Linux takes about 2 MiB of arguments and environment; this leaves room for any environment. */
const mostBytes = 65_536;

/** Cuts a list of words into lists that fit into one command line each; one process then answers some thousand words. */
export function chunkWords(words: readonly string[]): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let room = 0;
  for (const word of words) {
    const bytes = Buffer.byteLength(word) + 1;
    if (bytes > room || chunks.length === 0) {
      chunks.push([]);
      room = mostBytes;
    }
    chunks.at(-1)?.push(word);
    room -= bytes;
  }
  return chunks;
}
