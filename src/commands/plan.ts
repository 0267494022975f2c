import { resolve } from 'node:path';
import { type Command, specOption, varOption } from '../command.js';
import { exitCodes } from '../error.js';
import type { NetworkProbe, Probe, Query, Target } from '../model.js';
import { listStages, type Plan, planProbes } from '../plan.js';
import { chooseTargets, type Draft, prepareSpec, readDraft, textList } from '../prepare.js';
import type { Resources } from '../resource.js';
import { planFirstLook } from '../run.js';
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
    { flags: '--no-inventory', summary: 'as for `verify`: without what asks for the inventory' },
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
    const prepared = await prepareSpec(draft, targets, textList(input.options.tag), io, { secrets: 'stand-in' });
    await checkVms(targets, draft);
    if (prepared.masker)
      io.err('secrets are not read here: *** stands in their place, so that what is shown cannot be run\n');
    for (const { target, plan: planned } of prepared.runs) {
      const stages = describeStages(planned, prepared.resources, target.from, input.options.inventory !== false);
      const [{ program, conversations } = nothing, ...later] = stages;
      if (input.options.program === true) io.out(stages.map((stage) => stage.program).join(nextStage));
      else if (input.options.json === true) {
        const { assertions } = planned;
        const asked = { target: target.name, program, conversations, later, assertions };
        io.out(`${JSON.stringify(asked, undefined, 2)}\n`);
      } else io.out(renderPlan(target.name, planned, stages, makePaint(io.color.out)));
    }
    return exitCodes.passed;
  },
};

export default plan;

/** Nothing is built here; what would not be built at all is told. */
async function checkVms(targets: readonly Target[], { folder }: Draft): Promise<void> {
  const vms = targets.filter(({ vm }) => vm);
  if (vms.length === 0) return;
  const { checkVm } = await import('../vm/check.js');
  for (const target of vms) await checkVm(target, resolve(folder));
}

interface Stage {
  readonly program: string;
  readonly conversations: readonly { from: string; asks: readonly string[]; limit: number }[];
}

const nothing: Stage = { program: '', conversations: [] };

const nextStage = '\n# ---- what needs something else is asked in another program, when that has passed\n';

/**
 * First what needs nothing, with what every run asks, then, each in its own program, what needs what was before.
 */
function describeStages(planned: Plan, resources: Resources, from: string, inventory: boolean): Stage[] {
  const [first = [], ...later] = listStages(planned.assertions).map((assertions) => {
    const ids = new Set(assertions.map(({ query }) => query));
    return planned.queries.filter(({ id }) => ids.has(id));
  });
  return [
    describeStage(planFirstLook(first, resources, inventory), from),
    ...later.map((queries) => describeStage(planProbes(queries, resources), from)),
  ];
}

function describeStage(probes: readonly Probe[], from: string): Stage {
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

function nameOf({ resource, subject, shownSubject = subject }: Query): string {
  return [resource, shownSubject].filter(Boolean).join(' ');
}

function renderPlan(target: string, planned: Plan, stages: readonly Stage[], paint: Paint): string {
  const judged = planned.assertions.map(({ id, expected, skip, needs = [] }) => {
    const why = skip === undefined ? '' : `  skipped: ${skip}`;
    const after = needs.length === 0 ? '' : `  needs ${needs.map(({ name }) => name).join(', ')}`;
    return `  ${printable(id)}  ${paint('gray', printable(`${JSON.stringify(expected)}${after}${why}`))}`;
  });
  const parts: readonly (readonly [string, readonly string[]])[] = [
    [`${printable(target)}: ${planned.assertions.length} assertions`, judged],
    ...stages.flatMap((stage, at) => renderStage(stage, at === 0 ? '' : 'when what they need has passed: ')),
  ];
  return parts.map(([title, rows]) => `${[paint('bold', title), ...rows].join('\n')}\n`).join('\n');
}

function renderStage({ program, conversations }: Stage, when: string): [string, readonly string[]][] {
  const talked = conversations.map(
    (one) => `  from the ${one.from}, at most ${one.limit} s: ${printable(one.asks.join(', '))}`,
  );
  const sent = `one program of ${Buffer.byteLength(program)} bytes is sent to /bin/sh`;
  return [
    [`${when}${talked.length} conversations over the network`, talked],
    [`${when}${program === '' ? 'no program is sent' : sent}`, [printable(program, { lines: true })]],
  ];
}
