import { Lexer } from 'yaml';

/** A comment of a YAML text, without its `#`. */
export interface YamlComment {
  readonly offset: number;
  readonly text: string;
  /** It stands on a line of its own; else behind something. */
  readonly ownLine: boolean;
}

/**
 * All comments with their places. The library's composer gives them to nodes by rules of its own (a comment above a key
 * may become the end of the mapping before it), so that whoever moves nodes would move them wrongly.
 */
export function findComments(text: string): readonly YamlComment[] {
  const comments: YamlComment[] = [];
  let offset = 0;
  let inScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    // Marks of the lexer, that stand for no characters: begin of a document, end of a flow line, begin of a scalar.
    if (!inScalar && (lexeme === '\u0002' || lexeme === '\u0018' || lexeme === '\u001f')) {
      inScalar = lexeme === '\u001f';
      continue;
    }
    if (!inScalar && lexeme.startsWith('#')) {
      const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
      comments.push({ offset, text: lexeme.slice(1), ownLine: before.trim() === '' });
    }
    inScalar = false;
    offset += lexeme.length;
  }
  return comments;
}
