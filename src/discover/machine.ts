import type { Query, Value } from '../model.js';
import { type Answers, question } from './answers.js';
import { leastMemory } from './bounds.js';
import type { Part, Remark } from './finding.js';
import type { Listing } from './listing.js';

/** The machine as a whole. Versions are left out: they are what an upgrade changes. */
export const machinePart: Part = {
  questions: () => [machine],
  describe: (listing, answers) => {
    const expects = {
      ...describeState(answers),
      ...only(answers, 'hostname'),
      ...only(answers, 'reboot-needed', false),
      ...only(answers, 'current-is-profile', true),
      ...describeClock(answers),
      ...describeMemory(listing, answers),
    };
    if (Object.keys(expects).length === 0) return { entries: [], remarks: [] };
    return { entries: [{ group: 'machine', resource: 'system', subject: '', expects }], remarks: tell(answers) };
  },
};

const machine: Query = question('system', '', [
  'state',
  'failed-units',
  'hostname',
  'reboot-needed',
  'current-is-profile',
  'clock-offset',
  'memory-available',
]);

type Expects = Record<string, Value>;

/** How many units have failed is asserted in any case, so that one more is noticed; to repair one is no failure. */
function describeState(answers: Answers): Expects {
  const failed = answers.value(machine, 'failed-units');
  const many = Array.isArray(failed) && failed.length > 0;
  return {
    ...only(answers, 'state', 'running'),
    ...(many ? { 'failed-units': { 'have-len': { le: failed.length } } } : only(answers, 'failed-units')),
  };
}

/** @param value where it is another one, nothing is asserted */
function only(answers: Answers, property: string, value?: Value): Expects {
  const told = answers.value(machine, property);
  return told === undefined || (value !== undefined && told !== value) ? {} : { [property]: told };
}

function describeClock(answers: Answers): Expects {
  const offset = answers.value(machine, 'clock-offset');
  return typeof offset === 'number' && offset < 0.5 ? { 'clock-offset': { le: '1s' } } : {};
}

function describeMemory({ basics }: Listing, answers: Answers): Expects {
  const available = answers.value(machine, 'memory-available');
  if (basics?.memory === undefined || typeof available !== 'number' || available < basics.memory / 8) return {};
  return { 'memory-available': { ge: leastMemory(basics.memory) } };
}

function tell(answers: Answers): Remark[] {
  const remarks: Remark[] = [];
  const remark = (text: string, about: readonly string[] = []) => remarks.push({ group: 'machine', text, about });
  const failed = answers.value(machine, 'failed-units');
  if (Array.isArray(failed) && failed.length > 0)
    remark('Units have failed here: repair them, then assert `state: running, failed-units: []`');
  if (answers.value(machine, 'reboot-needed') === true)
    remark('A reboot is needed: the kernel is not the one that runs');
  if (answers.value(machine, 'current-is-profile') === false)
    remark('What runs is not what the next boot brings, so that `current-is-profile` is not asserted');
  return remarks;
}
