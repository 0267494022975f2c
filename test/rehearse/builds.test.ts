import t from 'tap';
import { chooseSpecialisations, readWanted } from '../../src/rehearse/builds.js';
import { checkRevision, readFrom } from '../../src/rehearse/deployed.js';
import { readVmSettings } from '../../src/vm/settings.js';

const there = { specialisations: ['gaming', 'maintenance'] };
const choose = (...given: string[]) => chooseSpecialisations(readWanted(given), there);

t.test('specialisations', async (t) => {
  t.same(choose(), []);
  t.same(choose('maintenance', 'maintenance'), [{ name: 'maintenance' }], 'once');
  t.same(choose('all', 'gaming=other'), [{ name: 'maintenance' }, { name: 'gaming', target: 'other' }]);
  t.same(
    choose('all=other'),
    there.specialisations.map((name) => ({ name, target: 'other' })),
  );
  t.throws(() => choose('gamnig'), {
    code: 'usage',
    message: 'the new configuration has no specialisation "gamnig"',
    hint: 'it has gaming, maintenance',
  });
  t.throws(() => chooseSpecialisations([{ name: 'all' }], { specialisations: [] }), {
    message: /"all"/,
    hint: 'it has none',
  });
});

t.test('--from is of the kind of the target, and takes its host', async (t) => {
  const from = (given: string, vm: { [key: string]: string }) => {
    const { settings, name } = readFrom(given, readVmSettings(vm, '/spec'), '/spec');
    const { flake, file, command } = settings;
    return { name, flake, file, command };
  };
  const none = { flake: undefined, file: undefined, command: undefined };
  t.same(from('github:me/c/v1', { flake: '.#web' }), {
    ...none,
    name: 'github:me/c/v1#web',
    flake: 'github:me/c/v1#web',
  });
  t.same(from('.#old', { flake: '.#web' }), { ...none, name: '.#old', flake: '.#old' });
  t.same(from('github:me/c', { flake: '.' }), { ...none, name: 'github:me/c', flake: 'github:me/c' });
  t.same(from('old.nix', { file: 'new.nix' }), { ...none, name: 'old.nix', file: '/spec/old.nix' });
  t.same(from('old/run', { command: 'new/run' }), { ...none, name: 'old/run', command: '/spec/old/run' });
});

t.test('what production says is a commit, or is not used', async (t) => {
  const build = { target: 'vm' } as Parameters<typeof checkRevision>[2];
  const check = (revision?: string) => () =>
    checkRevision(revision, { name: 'production', from: 'target' } as never, build);
  t.equal(check('a'.repeat(40))(), 'a'.repeat(40));
  t.equal(check('a'.repeat(64))(), 'a'.repeat(64));
  for (const [revision, message] of [
    [undefined, /does not say which commit it runs: its system.configurationRevision is not set/],
    [`${'a'.repeat(40)}-dirty`, /what was not committed when it was deployed cannot be built again/],
    ['a&dir=../evil', /production says that it runs "a&dir=..\/evil", which is no commit/],
    ['abc1234', /which is no commit/],
  ] as const)
    t.throws(check(revision), { code: 'usage', message, hint: /--from/ });
});
