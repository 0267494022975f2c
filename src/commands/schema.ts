import type { Command } from '../command.js';
import { exitCodes } from '../error.js';
import { loadMatchers } from '../matcher.js';
import { loadResources } from '../resource.js';

const schema: Command = {
  name: 'schema',
  summary: 'Print the JSON Schema of specs, for editors',
  arguments: [],
  options: [],
  examples: [['nixspec schema > spec.json', 'then: # yaml-language-server: $schema=spec.json']],
  async run(_, io) {
    const [{ composeSchema }, resources, matchers] = await Promise.all([
      import('../spec/schema.js'),
      loadResources(),
      loadMatchers(),
    ]);
    io.out(`${JSON.stringify(composeSchema(resources, matchers), undefined, 2)}\n`);
    return exitCodes.passed;
  },
};

export default schema;
