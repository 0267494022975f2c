import { comesFromAcme, type Renewal, renewalOf } from '../lint/acme.js';
import { groupBySubject, showPath } from '../lint/asserted.js';
import { checkEachTarget } from '../lint/each-target.js';
import type { Asserted, Finding, LintInput, LintRule } from '../lint-rule.js';
import type { Expectation } from '../model.js';
import { showDuration } from '../value.js';

const day = 86_400;

const certificateBound: LintRule = {
  name: 'certificate-bound',
  summary: 'A bound on the time a certificate has left that does not fit its renewal by ACME',
  severity: 'warning',
  help: `\
ACME clients renew when a third of the lifetime is left, or half of it where the lifetime is 10 days or less: so does lego,
which [NixOS asks for](https://github.com/NixOS/nixpkgs/pull/479209) from 26.05 on unless \`validMinDays\` says otherwise
(before, it was 30 days), and [certbot 4.0](https://www.eff.org/deeplinks/2025/04/certbot-40-long-live-short-lived-certs).
A certificate of 90 days is renewed at 30 left, one of 45 at 15, one of 160 hours at 80 hours.

- A bound **above** that fails at every renewal, though all is well. NixOS looks once a day, so that one day is added.
- A bound **below two fifths** of it tells late: with \`remaining: { ge: 10d }\` a renewal that fails goes unseen for 20 of the
  30 days.

The lifetime is what the entry says by \`lifetime\`, else 90 days. Let's Encrypt
[shortens it](https://letsencrypt.org/2025/12/02/from-90-to-45) to 64 days in February 2027 and to 45 in February 2028;
\`remaining-share: { ge: 0.2 }\` is right for all of them.

Looked at are certificates whose issuer is known to use ACME by what the entry says, and public names of whose issuer
it says nothing.`,
  check: (input) =>
    checkEachTarget(input, ({ asserted }) => {
      const certificates = asserted.filter(({ entry }) => entry.resource === 'certificate');
      return groupBySubject(certificates).flatMap((group) => checkBounds(group, input));
    }),
};

export default certificateBound;

function checkBounds(group: readonly Asserted[], input: LintInput): readonly Finding[] {
  if (!comesFromAcme(group)) return [];
  const renewal = renewalOf(group);
  return group.flatMap((one) => {
    if (one.written.path[0] !== 'remaining') return [];
    return listLeast(one.expectation).flatMap((bound) => {
      const finding = checkBound(bound, renewal, showPath(one.written));
      return finding ? [{ place: input.placeOf(one.written.position), ...finding }] : [];
    });
  });
}

function checkBound(bound: number, { lifetime, left }: Renewal, what: string): Omit<Finding, 'place'> | undefined {
  const rule = `ACME renews a certificate of ${showDuration(lifetime)} when ${showDuration(left)} are left`;
  const hint = `${rule}; \`remaining-share: { ge: 0.2 }\` is right for every lifetime`;
  if (bound > left - day) {
    return {
      message: `${what} falls below ${showDuration(bound)} before each renewal, so that this fails though all is well`,
      hint,
    };
  }
  if (bound <= 0 || bound >= left * 0.4) return undefined;
  const message = `a renewal that fails is told only ${showDuration(left - bound)} later, with ${showDuration(bound)} left to mend it`;
  return { message, hint };
}

/** The lower bounds among what is expected. */
function listLeast({ matcher, argument }: Expectation): readonly number[] {
  if (matcher === 'and') return (argument as readonly Expectation[]).flatMap(listLeast);
  return (matcher === 'ge' || matcher === 'gt') && typeof argument === 'number' ? [argument] : [];
}
