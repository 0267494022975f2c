// Nix for tests: evaluates, and says with what.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A nixpkgs, or a folder with its `lib` alone, that is to be evaluated in place of the tests' own module system. */
const nixpkgs = process.env.NIXSPEC_NIXPKGS;

const found = spawnSync('nix-instantiate', ['--version'], { encoding: 'utf8' }).status === 0;

/** What `skip` of a test takes: false, or the reason. */
export const lacksNix = found ? false : 'nix-instantiate is not here (Debian: apt install nix-bin)';

/** By what modules are evaluated; part of the tests' names, so that it is in their output. */
export const evaluator =
  nixpkgs === undefined
    ? "the tests' own module system and options"
    : existsSync(join(nixpkgs, 'nixos/lib/eval-config.nix'))
      ? `NixOS of ${nixpkgs}`
      : `nixpkgs's module system of ${nixpkgs}, and the tests' own options`;

const here = new URL('.', import.meta.url).pathname;

/**
 * Evaluates an expression in which `vmOf host settings` is the staging VM of a host, `evaluateHost` the host (evaluate.nix).
 * @throws Error with what Nix says
 */
export function evaluate(expression: string, release = '26.05'): unknown {
  const source = nixpkgs === undefined ? '' : `nixpkgs = ${nixpkgs};`;
  const text = `let it = import ${here}evaluate.nix { ${source} release = "${release}"; }; inherit (it) vmOf lib; evaluateHost = it.evaluate; in ${expression}`;
  const { status, stdout, stderr } = spawnSync('nix-instantiate', ['--eval', '--strict', '--json', '-E', text], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, NIX_PATH: '' },
  });
  if (status !== 0) throw new Error(stderr.replace(/^warning: .*\n/gm, ''));
  return JSON.parse(stdout);
}

/** Whether a file is Nix at all. @returns what is wrong with it, or nothing */
export function parse(file: string): string {
  return spawnSync('nix-instantiate', ['--parse', file], { encoding: 'utf8' }).stderr.replace(/^warning: .*\n/gm, '');
}
