import t from 'tap';
import type { CommandInput } from '../../src/command.js';
import type { Target } from '../../src/model.js';
import { buildCommand, copyCommand } from '../../src/switch/build-system.js';
import { readAllowed, readTimes, readWords, refuseReboot } from '../../src/switch/request.js';
import { chooseSource } from '../../src/switch/source.js';

function input(words: string, options: CommandInput['options'] = {}): CommandInput {
  const [args = '', rest] = words.split(' -- ');
  const afterDashes = rest?.split(' ') ?? [];
  return { args: [...args.split(' ').filter(Boolean), ...afterDashes], afterDashes, options };
}

const words: readonly (readonly [string, object | string])[] = [
  ['production', { action: 'switch', target: 'production' }],
  ['production -- nixos-rebuild switch', { action: 'switch', target: 'production' }],
  ['status production', { action: 'status', target: 'production' }],
  ['rollback production', { action: 'rollback', target: 'production' }],
  ['status', { action: 'switch', target: 'status' }],
  ['production reboot', 'one target is switched at a time, and "reboot" is no part of it'],
  ['production reboot -- x', 'one target is switched at a time, and "reboot" is no part of it'],
  ['confirm production -- x', 'confirm takes one target, and nothing behind it'],
  ['confirm production x', 'confirm takes one target, and nothing behind it'],
];

for (const [given, expected] of words) {
  t.test(given, async (t) => {
    if (typeof expected !== 'string') return t.strictSame(readWords(input(given)), expected);
    t.throws(() => readWords(input(given)), { code: 'usage', message: expected });
  });
}

t.test('who cannot be rebooted', async (t) => {
  const refuse = (wrapped: boolean, local: boolean, reboot = true) =>
    refuseReboot(input('', { reboot }), { wrapped, local });
  t.doesNotThrow(() => refuse(false, false));
  t.doesNotThrow(() => refuse(true, true, false));
  t.throws(() => refuse(true, false), { code: 'usage', message: /does not go with a deployer/ });
  t.throws(() => refuse(false, true), { code: 'usage', message: /would end nixspec itself/ });
});

t.test('times', async (t) => {
  const read = (options: CommandInput['options'], wrapped = false) => readTimes(input('', options), wrapped);
  t.strictSame(read({}), { soak: 60, deadline: 960 });
  t.strictSame(read({}, true), { soak: 60, deadline: 3660 });
  t.strictSame(read({ soak: '5m', deadline: '1h' }), { soak: 300, deadline: 3600 });
  t.strictSame(read({ soak: '0s' }), { soak: 0, deadline: 900 });
  t.throws(() => read({ soak: 'x' }), { message: '--soak takes a duration, not "x"' });
  t.throws(() => read({ deadline: '60s' }), {
    message: '--deadline is for the switch as a whole, with its soak of 60 s',
  });
  t.throws(() => read({ soak: '1s', deadline: '5s' }), { code: 'usage' });
});

t.test('what may break', async (t) => {
  const read = (...ids: string[]) => readAllowed(input('', { allowBroken: ids }), (id) => id === 'a');
  t.strictSame(read(), []);
  t.strictSame(read('a'), ['a']);
  t.throws(() => read('a', 'b'), { message: '--allow-broken: there is no assertion "b"' });
});

t.test('where the new system comes from', async (t) => {
  const vm: Target = { name: 'vm', from: 'target', vm: { flake: '.#web' } };
  const path = `/nix/store/${'a'.repeat(32)}-nixos-system-web-26.11`;
  const rows: readonly (readonly [CommandInput, Target | undefined, object])[] = [
    [input('a', { closure: path }), vm, { kind: 'closure', path }],
    [input('a', { flake: '.#x' }), vm, { kind: 'flake', reference: '.#x' }],
    [input('a -- deploy .#x'), vm, { kind: 'command', words: ['deploy', '.#x'] }],
    [input('a'), vm, { kind: 'flake', reference: '.#web' }],
  ];
  for (const [given, staging, expected] of rows) t.strictSame(await chooseSource(given, staging), expected);
  await t.rejects(chooseSource(input('a'), undefined), { message: 'it is not said what to switch to' });
  await t.rejects(chooseSource(input('a', { closure: '/etc' }), vm), { message: '/etc is no path of the Nix store' });
  await t.rejects(chooseSource(input('a -- x', { flake: '.' }), vm), {
    message: '--flake and -- COMMAND both say what to switch to',
  });
});

t.test('what builds and copies', async (t) => {
  t.strictSame(buildCommand('.', 'web'), [
    ...['build', '--no-link', '--print-out-paths'],
    '.#nixosConfigurations.web.config.system.build.toplevel',
  ]);
  t.equal(buildCommand('.', 'a.b').at(-1), '.#nixosConfigurations."a.b".config.system.build.toplevel');
  const settings = '-o StrictHostKeyChecking=yes -o BatchMode=yes -o ControlMaster=no -o ControlPath=none';
  const target = (ssh: Target['ssh']): Target => ({ name: 'a', from: 'runner', ...(ssh && { ssh }) });
  t.strictSame(copyCommand('/nix/store/x', target({ host: 'web', user: 'root', port: 2222, knownHosts: '/k' })), {
    args: ['copy', '--no-check-sigs', '--to', 'ssh-ng://web', '/nix/store/x'],
    env: { NIX_SSHOPTS: `-p 2222 -l root -o UserKnownHostsFile=/k ${settings}` },
  });
  t.strictSame(copyCommand('/nix/store/x', target({ host: '::1' }), '/my config'), {
    args: ['copy', '--no-check-sigs', '--to', 'ssh-ng://[::1]', '/nix/store/x'],
    env: { NIX_SSHOPTS: `-F '/my config' ${settings}` },
  });
  t.equal(copyCommand('/nix/store/x', target(undefined)), undefined, 'this very machine');
});
