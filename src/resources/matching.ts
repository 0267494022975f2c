import { defineResource, known } from '../resource.js';

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
  in any order), a number as a number; anything else as JSON (a bare value means exactly this one).`,
  probes: (queries) => [
    {
      kind: 'given',
      answers: queries,
      observations: new Map(queries.map((query) => [query.id, known({ matches: query.params.content ?? null })])),
    },
  ],
});
