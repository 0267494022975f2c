import type { Fact, Outcome, Run, Value } from '../model.js';

type MaskValue = (value: Value) => Value;

/**
 * A run without secrets. What names things (ids, subjects, properties) was made of the names of secrets and never held one,
 * so it stays as it is: a secret that happens to be a word of a subject must not change the ids. Everything else is masked,
 * whatever may be added to runs later.
 *
 * @param maskNames for the inventory, which is names of packages and units: `admin` may be a dummy for a secret
 */
export function maskRun(run: Run, maskValue: MaskValue, maskNames: MaskValue): Run {
  const { facts, outcomes, inventory, ...rest } = run;
  const { format, id, target, reached, started, finished } = run;
  return {
    ...(maskAll(rest, maskValue) as typeof rest),
    ...{ format, id, target, reached, started, finished },
    facts: facts.map((fact) => maskFact(fact, maskValue)),
    outcomes: outcomes.map((outcome) => maskOutcome(outcome, maskValue)),
    ...(inventory && { inventory: maskAll(inventory, maskNames) as typeof inventory }),
  };
}

function maskFact(fact: Fact, maskValue: MaskValue): Fact {
  const { resource, subject, property, status, type, ...rest } = fact;
  return { resource, subject, property, status, ...(type && { type }), ...(maskAll(rest, maskValue) as typeof rest) };
}

function maskOutcome(outcome: Outcome, maskValue: MaskValue): Outcome {
  const { id, resource, subject, property, matcher, type, status, severity, looks, position, ...rest } = outcome;
  const masked = maskAll(rest, maskValue) as typeof rest;
  return { id, resource, subject, property, matcher, type, status, severity, ...masked, looks, position };
}

/** Values of properties alone: the names of these are ours. */
function maskAll(object: object, maskValue: MaskValue): object {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, maskValue(value as Value)]));
}
