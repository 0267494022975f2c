import type { Command } from '../command.js';
import { exitCodes } from '../error.js';

const schema: Command = {
  name: 'schema',
  summary: 'Print the JSON Schema of specs, for editors',
  arguments: [],
  options: [],
  examples: [['nixspec schema > spec.json', 'then: # yaml-language-server: $schema=spec.json']],
  async run(_, io) {
    const { composeGenerated } = await import('../generated.js');
    const generated = await composeGenerated();
    io.out(`${JSON.stringify(generated.schema, undefined, 2)}\n`);
    return exitCodes.passed;
  },
};

export default schema;
