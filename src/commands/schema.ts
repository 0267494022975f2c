import type { Command } from '../command.js';
import { exitCodes } from '../error.js';

const schema: Command = {
  name: 'schema',
  summary: 'Print the JSON Schema of specs, for editors',
  arguments: [],
  options: [
    { flags: '-s, --spec <file>', summary: 'offer the targets and tags of this spec too' },
    { flags: '-w, --write <file>', summary: 'write it there, rather than to standard output' },
  ],
  examples: [
    ['nixspec schema > spec.json', 'then: # yaml-language-server: $schema=spec.json'],
    [
      'nixspec schema --spec nixspec.yaml --write .nixspec/schema.json',
      'with the names of that spec; again when they change',
    ],
  ],
  async run({ options }, io) {
    const { composeSpecSchema, writeSchema } = await import('../spec-schema.js');
    const composed = await composeSpecSchema(typeof options.spec === 'string' ? options.spec : undefined);
    if (typeof options.write === 'string') await writeSchema(options.write, composed);
    else io.out(`${JSON.stringify(composed, undefined, 2)}\n`);
    return exitCodes.passed;
  },
};

export default schema;
