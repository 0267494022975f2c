import t from 'tap';
import { explainBuild, explainEvaluation } from '../../src/vm/nix-failure.js';
import { NixLog } from '../../src/vm/nix-log.js';

const forgejo = '/nix/store/00000000000000000000000000000000-forgejo-9.0.3.drv';
const etc = '/nix/store/11111111111111111111111111111111-etc.drv';

function logOf(messages: readonly (string | object)[], said: readonly string[] = []): NixLog {
  const log = new NixLog();
  log.read(`@nix ${JSON.stringify({ action: 'start', id: 1, type: 105, fields: [forgejo] })}`);
  for (const line of said) log.read(`@nix ${JSON.stringify({ action: 'result', id: 1, type: 101, fields: [line] })}`);
  for (const message of messages) {
    const told = typeof message === 'string' ? { raw_msg: message } : message;
    log.read(`@nix ${JSON.stringify({ action: 'msg', level: 0, ...told })}`);
  }
  return log;
}

t.test('an evaluation', async (t) => {
  const trace = "NIX_CONFIG='show-trace = true' in the environment shows where it comes from";
  const table: readonly (readonly [log: NixLog, explained: object])[] = [
    [
      logOf(['\nFailed assertions:\n- services.forgejo needs a database']),
      { message: 'Failed assertions:\n- services.forgejo needs a database', hint: trace },
    ],
    [
      logOf([{ raw_msg: "attribute 'x' missing", file: '/srv/web.nix', line: 12, column: 3 }]),
      { message: "attribute 'x' missing\nat /srv/web.nix:12:3", hint: trace },
    ],
    [
      logOf([{ raw_msg: 'infinite recursion', trace: [{ raw_msg: 'while evaluating a' }] }]),
      { message: '… while evaluating a\ninfinite recursion' },
    ],
    [
      logOf(["getting status of '/nix/store/0ccnxa-source/hosts/web.nix': No such file or directory"]),
      {
        message: "getting status of '/nix/store/0ccnxa-source/hosts/web.nix': No such file or directory",
        hint: 'a flake in a Git repository sees only what Git knows: `git add` it',
      },
    ],
    [
      logOf([
        "file 'nixpkgs/nixos/lib/eval-config.nix' was not found in the Nix search path (add it using $NIX_PATH or -I)",
      ]),
      {
        message:
          "file 'nixpkgs/nixos/lib/eval-config.nix' was not found in the Nix search path (add it using $NIX_PATH or -I)",
        hint: 'NIX_PATH says where it is, for example NIX_PATH=nixpkgs=channel:nixos-26.05',
      },
    ],
    [
      logOf([Array.from({ length: 30 }, (_, at) => `line ${at}`).join('\n')]),
      { message: `${Array.from({ length: 20 }, (_, at) => `line ${at}`).join('\n')}\n… 10 more lines`, hint: trace },
    ],
    [logOf([]), { message: 'Nix gave no reason' }],
  ];
  for (const [log, explained] of table) t.strictSame(explainEvaluation(log), explained);
  const plain = new NixLog();
  plain.read('nix: symbol lookup error');
  t.strictSame(explainEvaluation(plain), { message: 'nix: symbol lookup error' });
});

t.test('a build', async (t) => {
  const hint = `all that it said: nix log ${forgejo}`;
  const consequence = `\u001b[35;1m1\u001b[0m dependencies of derivation '${etc}' failed to build`;
  const table: readonly (readonly [log: NixLog, explained: object])[] = [
    [
      logOf([`builder for '${forgejo}' failed with exit code 2`, consequence], ['building', 'Error 1']),
      {
        message:
          'forgejo-9.0.3 does not build: its builder failed with exit code 2; the end of its log:\n  building\n  Error 1',
        hint,
      },
    ],
    [
      logOf([
        consequence,
        `builder for '${forgejo}' failed with exit code 2;\n       last 2 log lines:\n       > building\n       > Error 1\n       For full logs, run nix log`,
      ]),
      {
        message:
          'forgejo-9.0.3 does not build: its builder failed with exit code 2; the end of its log:\n  building\n  Error 1',
        hint,
      },
    ],
    [
      logOf([
        `Cannot build '${forgejo}'.\nReason: builder failed with exit code 2.\nOutput paths:\n  /nix/store/x`,
        `Cannot build '${etc}'.\nReason: 1 dependency failed.\nOutput paths:\n  /nix/store/y`,
      ]),
      { message: 'forgejo-9.0.3 does not build: builder failed with exit code 2', hint },
    ],
    [
      logOf([`builder for '${forgejo}' failed due to signal 9`, `builder for '${etc}' failed with exit code 1`]),
      { message: 'forgejo-9.0.3 does not build: its builder failed due to signal 9\nnor does etc', hint },
    ],
    [
      logOf([`a 'aarch64-linux' with features {} is required to build '${forgejo}', but I am a 'x86_64-linux'`]),
      {
        message: `a 'aarch64-linux' with features {} is required to build '${forgejo}', but I am a 'x86_64-linux'`,
        hint: 'building for another platform takes a remote builder, or `boot.binfmt.emulatedSystems` on this machine',
      },
    ],
    [
      logOf(['writing to file: No space left on device']),
      {
        message: 'writing to file: No space left on device',
        hint: 'the disk of the Nix store is full: `nix store gc` frees what nothing needs',
      },
    ],
  ];
  for (const [log, explained] of table) t.strictSame(explainBuild(log), explained);
});
