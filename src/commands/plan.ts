import { type Command, specOption, varOption } from '../command.js';
import { exitCodes } from '../error.js';
import type { NetworkProbe, Query } from '../model.js';
import { type Plan, planProbes } from '../plan.js';
import { chooseTargets, prepareSpec, readDraft, textList } from '../prepare.js';
import type { Resources } from '../resource.js';
import { compileProgram } from '../shell/program.js';
import { makePaint, type Paint, printable } from '../terminal.js';

const plan: Command = {
  name: 'plan',
  summary: 'Show what a verification would judge and send, without connecting anywhere',
  arguments: [{ name: '<target>', summary: 'a target of the spec' }],
  options: [
    specOption,
    varOption,
    { flags: '-t, --tag <tag>', summary: 'only entries with this tag; may be repeated', repeat: true },
    { flags: '--program', summary: 'print the program alone, as it would be sent to /bin/sh' },
    { flags: '--json', summary: 'assertions, questions and program as JSON' },
  ],
  examples: [
    ['nixspec plan production', 'the assertions, the conversations and the program'],
    ['nixspec plan production --program', 'the program alone: read it before you trust it'],
  ],
  async run(input, io) {
    const draft = await readDraft(input, io);
    const targets = chooseTargets(draft, input.args);
    const prepared = await prepareSpec(draft, targets, textList(input.options.tag), io);
    for (const { target, plan: planned } of prepared.runs) {
      const asked = describeQuestions(planned, prepared.resources, target.from);
      if (input.options.program === true) io.out(asked.program);
      else if (input.options.json === true)
        io.out(`${JSON.stringify({ target: target.name, ...asked, assertions: planned.assertions }, undefined, 2)}\n`);
      else io.out(renderPlan(target.name, planned, asked, makePaint(io.color.out)));
    }
    return exitCodes.passed;
  },
};

export default plan;

interface Questions {
  readonly program: string;
  readonly conversations: readonly { from: string; asks: readonly string[]; limit: number }[];
}

function describeQuestions(planned: Plan, resources: Resources, from: string): Questions {
  const probes = planProbes(planned.queries, resources);
  const shell = probes.filter((probe) => probe.kind === 'shell');
  const network = probes.filter((probe): probe is NetworkProbe => probe.kind === 'network');
  return {
    // The marker is random in a run; a fixed one makes two plans comparable.
    program: shell.length === 0 ? '' : compileProgram(shell, '0'.repeat(32)).text,
    conversations: network.map((probe) => ({
      from: probe.from ?? from,
      asks: probe.answers.map(nameOf),
      limit: probe.limit,
    })),
  };
}

function nameOf({ resource, subject }: Query): string {
  return [resource, subject].filter(Boolean).join(' ');
}

function renderPlan(target: string, planned: Plan, asked: Questions, paint: Paint): string {
  const judged = planned.assertions.map(({ id, expected, skip }) => {
    const why = skip === undefined ? '' : paint('gray', `  skipped: ${printable(skip)}`);
    return `  ${printable(id)}  ${paint('gray', printable(JSON.stringify(expected)))}${why}`;
  });
  const talked = asked.conversations.map(
    (one) => `  from the ${one.from}, at most ${one.limit} s: ${printable(one.asks.join(', '))}`,
  );
  const parts: readonly (readonly [string, readonly string[]])[] = [
    [`${printable(target)}: ${planned.assertions.length} assertions`, judged],
    [`${talked.length} conversations over the network`, talked],
    [
      asked.program === ''
        ? 'no program is sent'
        : `one program of ${Buffer.byteLength(asked.program)} bytes is sent to /bin/sh`,
      [printable(asked.program, { lines: true })],
    ],
  ];
  return parts.map(([title, rows]) => `${[paint('bold', title), ...rows].join('\n')}\n`).join('\n');
}
