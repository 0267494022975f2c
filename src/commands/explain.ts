import { closest } from 'fastest-levenshtein';
import type { Command } from '../command.js';
import { exitCodes, NixspecError } from '../error.js';
import { loadMatchers } from '../matcher.js';
import { composeTopics, type Topic } from '../reference.js';
import { loadResources } from '../resource.js';

const explain: Command = {
  name: 'explain',
  summary: 'Explain a resource type, a property, a matcher or the exit codes',
  arguments: [{ name: '[topic]', summary: 'its name; `unit.enabled` for one property; nothing lists all' }],
  options: [],
  examples: [
    ['nixspec explain', 'all topics'],
    ['nixspec explain certificate', 'what can be asserted about a certificate'],
    ['nixspec explain unit.enabled', 'one property'],
  ],
  async run({ args }, io) {
    const [resources, matchers] = await Promise.all([loadResources(), loadMatchers()]);
    const topics = composeTopics(resources, matchers);
    const [name] = args;
    if (name === undefined) io.out(listTopics(topics));
    else io.out(findTopic(topics, name));
    return exitCodes.passed;
  },
};

export default explain;

function listTopics(topics: readonly Topic[]): string {
  const widest = Math.max(...topics.map(({ name }) => name.length));
  return topics.map(({ name, kind, summary }) => `${name.padEnd(widest)}  ${kind.padEnd(8)}  ${summary}\n`).join('');
}

function findTopic(topics: readonly Topic[], name: string): string {
  const [head = '', ...rest] = name.split('.');
  const topic = topics.find((one) => one.name === name) ?? topics.find((one) => one.name === head);
  const row =
    rest.length > 0 ? topic?.text.split('\n').find((line) => line.startsWith(`| \`${rest.join('.')}\` `)) : undefined;
  if (topic && (rest.length === 0 || topic.name === name)) return topic.text;
  if (row !== undefined)
    return `${head} ${row
      .split(' | ')
      .map((cell) => cell.replace(/^\| | \|$/g, ''))
      .join('  ')}\n`;
  const nearest = closest(
    head,
    topics.map((one) => one.name),
  );
  throw new NixspecError('usage', `there is no topic "${name}"`, {
    operation: 'explain',
    hint: topic
      ? `\`nixspec explain ${head}\` shows its properties`
      : `did you mean "${nearest}"? \`nixspec explain\` lists all topics`,
  });
}
