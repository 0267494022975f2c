import type { Observation, Query, Value } from '../model.js';
import { defineResource, known, settledTypes, unknown } from '../resource.js';
import { ValueError, valueTypes } from '../value.js';

export default defineResource({
  name: 'matching',
  summary: 'A value that the spec itself gives: a variable, a literal',
  subject: { summary: 'Any name', example: 'release' },
  params: {
    content: {
      type: 'json',
      summary: 'The value: text, a number, true or false, a list, a mapping',
      example: 'v26.05',
      required: true,
    },
    type: {
      type: 'string',
      summary: 'What the content is, or each element of it, where it does not tell by itself; put it in quotes then',
      example: 'version',
      words: settledTypes,
    },
  },
  properties: {
    matches: {
      type: 'json',
      summary: 'What is expected of the content, with the matchers of its type',
      example: { 'match-regexp': '^v[0-9]+' },
      typeOf: 'content',
    },
  },
  notes: `\
- No host is asked: the value is checked before anything is judged by it, for instance that a variable was given.
- Text is judged as text (a bare list means patterns), a list of plain values as a list (a bare list means these elements
  in any order), a number as a number; anything else as JSON (a bare value means exactly this one). With \`type\` it is
  judged as a version, a size, a duration and the like.`,
  probes: (queries) => [
    {
      kind: 'given',
      answers: queries,
      observations: new Map(queries.map((query) => [query.id, readContent(query.params)])),
    },
  ],
});

function readContent({ content = null, type: name }: Query['params']): Observation<{ matches: Value }> {
  const type = settledTypes.find((one) => one === name);
  if (!type) return known({ matches: content });
  const { read } = valueTypes[type];
  try {
    return known({
      matches: Array.isArray(content) ? content.map((value: Value) => read({ value })) : read({ value: content }),
    });
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return unknown(`the content is not what \`type\` says: ${error.message}`);
  }
}
