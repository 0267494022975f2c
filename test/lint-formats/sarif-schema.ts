/**
 * What OASIS SARIF 2.1.0 demands of the parts that nixspec writes (sections 3.13 to 3.57: which properties are required, which
 * forms they have), and nothing else may be there. The whole schema of OASIS takes what the tests make, too.
 */
const closed = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});
const listOf = (items: object) => ({ type: 'array', items });
const text = { type: 'string', minLength: 1 };
const whole = { type: 'integer', minimum: 1 };
const level = { enum: ['none', 'note', 'warning', 'error'] };
const message = closed({ text }, ['text']);
/** A reference by RFC 3986: no blanks, nothing beyond ASCII. */
const artifact = closed({ uri: { type: 'string', pattern: "^[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$" } }, ['uri']);
const region = closed({ startLine: whole, startColumn: whole, endLine: whole, endColumn: whole }, ['startLine']);
const rule = closed(
  {
    id: text,
    shortDescription: message,
    help: closed({ text, markdown: text }, ['text']),
    defaultConfiguration: closed({ level }),
  },
  ['id'],
);
const replacement = closed({ deletedRegion: region, insertedContent: closed({ text: { type: 'string' } }) }, [
  'deletedRegion',
]);
const change = closed({ artifactLocation: artifact, replacements: { ...listOf(replacement), minItems: 1 } }, [
  'artifactLocation',
  'replacements',
]);
const result = closed(
  {
    ruleId: text,
    ruleIndex: { type: 'integer', minimum: 0 },
    level,
    message,
    locations: listOf(
      closed({ physicalLocation: closed({ artifactLocation: artifact, region }, ['artifactLocation']) }),
    ),
    fixes: listOf(closed({ artifactChanges: { ...listOf(change), minItems: 1 } }, ['artifactChanges'])),
  },
  ['message'],
);
const driver = closed(
  { name: text, semanticVersion: { type: 'string', pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+' }, rules: listOf(rule) },
  ['name'],
);
const run = closed(
  { tool: closed({ driver }, ['driver']), columnKind: { enum: ['utf16CodeUnits'] }, results: listOf(result) },
  ['tool'],
);

export const sarifSchema = closed(
  { $schema: text, version: { const: '2.1.0' }, runs: { ...listOf(run), minItems: 1 } },
  ['version', 'runs'],
);
