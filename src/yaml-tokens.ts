import { type CST, Lexer, Parser } from 'yaml';

/**
 * How deep lists and mappings may stand in each other. The library's composer is recursive: of a few thousand it dies, and
 * of many it can take the whole process with it.
 */
export const deepestYaml = 100;

/**
 * The tokens of a YAML text, as the library's own `parse` makes them, with an eye on the depth.
 * @param refuse makes what is thrown where it is too deep; offsets of the token
 */
export function* readYamlTokens(
  text: string,
  refuse: (start: number, end: number) => Error,
): Generator<CST.Token, void> {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > deepestYaml) throw refuse(parser.offset - lexeme.length, parser.offset);
  }
  yield* parser.end();
}
