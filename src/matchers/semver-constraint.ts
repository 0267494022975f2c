import { createRequire } from 'node:module';
import type { SemVer } from 'semver';
import { judge, missing } from '../expectation.js';
import type { Matcher } from '../matcher.js';
import type { Value, ValueForm } from '../model.js';
import { showWord } from '../show-text.js';
import { listSome } from '../text.js';

const semverConstraint: Matcher = {
  name: 'semver-constraint',
  summary: 'The version (of a list, every one) is within the range; 1.24 counts as 1.24.0, pre-releases as versions',
  example: { 'semver-constraint': '>=1.24 <2 !=1.25.1' },
  types: ['version', 'string', 'text', 'list', 'json'],
  argument: 'semver',
  mistake: (argument) =>
    readRange(String(argument)) ? undefined : 'not a semver range such as ">=1.24 <2", "~1.24.3" or "1.x || 2.x"',
  phrase: (argument) => `a version within ${String(argument)}`,
  apply: (actual, argument, context) => {
    const { show } = context;
    const range = readRange(String(argument));
    const texts = (Array.isArray(actual) ? actual : [actual]) as readonly Value[];
    if (!range || texts.length === 0) return missing(() => (range ? 'no version' : 'a range that is none'));
    const versions = texts.map((text) => ({ text, version: readVersion(String(text), context) }));
    const unread = versions.find(({ version }) => version === undefined);
    if (unread) return missing(() => `${show(unread.text, 'string')}, which is not a semantic version${hint(context)}`);
    const outside = versions.filter(({ version }) => version && !range(version));
    return judge(outside.length === 0, () => {
      const told = outside.length === 0 ? versions : outside;
      return listSome(told.map(({ text, version }) => describeVersion(text, version, context.type === 'text')));
    });
  },
};

export default semverConstraint;

/** Loaded when a spec uses it. */
function loadSemver() {
  const require = createRequire(import.meta.url);
  return {
    parse: require('semver/functions/parse.js') as typeof import('semver')['parse'],
    Range: require('semver/classes/range.js') as typeof import('semver')['Range'],
  };
}

// Pre-releases count (2.0.0-rc1 is more than 1.24), and 26.05 is a version although of its zero.
const options = { loose: true, includePrerelease: true };

/** A range of npm's syntax, and of Goss's `!=1.5.0` and `==1.5.0` beside. Undefined where it is none. */
function readRange(text: string): ((version: SemVer) => boolean) | undefined {
  const { Range } = loadSemver();
  const alternatives = text.split('||').map((alternative) => {
    const words = alternative.replace(/([!<>=~^]=?)\s+/g, '$1').replaceAll('==', '=');
    const excluded = [...words.matchAll(/!=?(\S+)/g)].map((match) => match[1] ?? '');
    return { included: words.replace(/!=?\S+/g, ' ').trim(), excluded };
  });
  try {
    const tests = alternatives.map(({ included, excluded }) => {
      if (included === '' && excluded.length === 0) throw new Error('an empty range');
      const inside = new Range(included, options);
      const outside = excluded.map((word) => new Range(word, options));
      return (version: SemVer) => inside.test(version) && !outside.some((range) => range.test(version));
    });
    return (version) => tests.some((test) => test(version));
  } catch {
    return undefined;
  }
}

/**
 * A version as it is, or with the parts that are left out: `1.24`, `v3`. No guessing beyond that: `1:2.3-4+deb12u1` is
 * not 1.0.0, and taking it for that would pass what nobody looked at.
 */
function readVersion(text: string, { versionRules }: ValueForm): SemVer | undefined {
  const { parse } = loadSemver();
  const version = text.trim();
  if (isOfDebian(version, versionRules)) return undefined;
  const [, start, rest] = /^([v=]*\d+(?:\.\d+)?)((?:[-+].*)?)$/.exec(version) ?? [];
  const padded = start === undefined ? version : `${start}${'.0'.repeat(start.includes('.') ? 1 : 2)}${rest}`;
  return parse(padded, options) ?? undefined;
}

/** Of `1.26.3-3+deb13u7` the 3 is a revision, and would be taken for a pre-release: less than 1.26.3. */
function isOfDebian(version: string, rules: ValueForm['versionRules']): boolean {
  return /-[0-9][0-9A-Za-z.]*(\+deb|\+b|ubuntu)[0-9]/.test(version) || (rules === 'debian' && version.includes('-'));
}

/** Versions of packages are seldom semantic ones, and have an order all the same. */
function hint({ type, values }: ValueForm): string {
  return type === 'version' || values === 'version' ? ' (`ge`, `gt`, `le` and `lt` order versions of any kind)' : '';
}

function describeVersion(value: Value, version: SemVer | undefined, trims: boolean): string {
  const text = trims ? String(value).trim() : String(value);
  const other = version && version.raw !== text && version.version !== text;
  return showWord(text) + (other ? ` (as ${version.version})` : '');
}
