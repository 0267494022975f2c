import type { Command } from '../command.js';
import { exitCodes } from '../error.js';
import { makePaint } from '../terminal.js';

const explain: Command = {
  name: 'explain',
  summary: 'Explain whatever has a name: resource types, properties, matchers, keys, commands, codes',
  arguments: [{ name: '[topic]', summary: 'its name, such as unit, unit.enabled or 69; nothing lists all' }],
  options: [],
  examples: [
    ['nixspec explain', 'all topics'],
    ['nixspec explain certificate', 'what can be asserted about a certificate'],
    ['nixspec explain unit.enabled', 'one property; `enabled` finds it too'],
    ['nixspec explain 69', 'an exit code'],
  ],
  async run({ args }, io) {
    const { loadPages } = await import('../explain/load-pages.js');
    const { findPages } = await import('../explain/find-pages.js');
    const { renderPages, renderTopics } = await import('../explain/render.js');
    const pages = await loadPages();
    const [name] = args;
    const look = { paint: makePaint(io.color.out), width: io.width };
    io.out(name === undefined ? renderTopics(pages, look) : renderPages(findPages(pages, name), look));
    return exitCodes.passed;
  },
};

export default explain;
