import { readdirSync } from 'node:fs';

/**
 * The names of the instances beside a contract: `resources/unit.ts` is `unit`. The folder is the only list of them;
 * every file in it is one, and its name is its key in YAML or its word on the command line.
 *
 * @param contract `import.meta.url` of the contract's file
 */
export function listFolder(contract: string, folder: string): readonly string[] {
  return readdirSync(new URL(`./${folder}/`, contract))
    .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -3))
    .sort();
}
