import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';

/**
 * Holds the tree of the design: who may import whom, where each npm library lives, what must stay pure. Fails with the
 * file and the import that breaks a rule.
 */
const root = new URL('../src/', import.meta.url).pathname;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const imports: Import[] = files.flatMap((from) => {
  const text = readFileSync(join(root, from), 'utf8');
  const statics = [...text.matchAll(/^(import|export)( type)?[^'"`;]*? from '([^']+)';/gm)].map((match) => ({
    from,
    to: resolveImport(from, match[3] ?? ''),
    typeOnly: match[2] !== undefined,
  }));
  const dynamics = [...text.matchAll(/(?:\bimport|require)\('([^']+)'\)(\.[A-Z])?/g)].map((match) => ({
    from,
    to: resolveImport(from, match[1] ?? ''),
    typeOnly: match[2] !== undefined,
  }));
  return [...statics, ...dynamics];
});

function resolveImport(from: string, to: string): string {
  return to.startsWith('.') ? normalize(join(dirname(from), to)).replace(/\.js$/, '.ts') : to;
}

const folders = ['resources', 'matchers', 'reports', 'commands', 'transports', 'lint-rules', 'lint-formats'];

t.test('the files were found', async (t) => {
  t.ok(files.length > 30, `${files.length} files`);
  t.ok(imports.length > 100, `${imports.length} imports`);
});

t.test('the nouns import nothing else of ours', async (t) => {
  const nouns = ['model.ts', 'inventory-model.ts', 'switch-model.ts'];
  t.same(
    imports.filter(({ from, to }) => nouns.includes(from) && !nouns.includes(to) && !to.startsWith('node:')),
    [],
  );
});

t.test('instances never import each other, and nothing imports an instance but by name', async (t) => {
  const wrong = imports.filter(({ from, to }) => {
    const folder = folders.find((name) => to.startsWith(`${name}/`));
    if (!folder) return false;
    // Transports are few and chosen by hand: ssh falls back to openssh.
    if (folder === 'transports') return from !== 'transport.ts' && from !== 'transports/ssh.ts';
    return true;
  });
  t.same(wrong, []);
});

t.test('nixspec may be installed at any path', async (t) => {
  // The path of a URL is percent-encoded: that of a folder with a blank names none.
  const wrong = files.filter((file) => /import\.meta\.url\)\.pathname/.test(readFileSync(join(root, file), 'utf8')));
  t.same(wrong, [], 'fileURLToPath');
});

t.test('each npm library lives in one place', async (t) => {
  const places: { readonly [library: string]: RegExp } = {
    yaml: /^(spec\/|yaml-(tokens|data)\.ts$)/,
    ajv: /^spec\//,
    ssh2: /^transports\/ssh\.ts$/,
    undici: /^resources\/http\.ts$/,
    'dns-packet': /^resources\/dns\.ts$/,
    commander: /^cli\.ts$/,
    re2js: /^pattern\.ts$/,
    'yocto-spinner': /^progress\.ts$/,
    tinyglobby: /^spec\//,
    semver: /^(matchers\/semver-constraint|goss\/template-functions)\.ts$/,
  };
  for (const [library, place] of Object.entries(places)) {
    const users = imports.filter(({ to }) => to === library || to.startsWith(`${library}/`));
    t.ok(users.length > 0, `${library} is used`);
    t.same(
      users.filter(({ from }) => !place.test(from)),
      [],
      `${library} only in ${place}`,
    );
  }
});

t.test('what judges and renders touches neither files nor network', async (t) => {
  const pure =
    /^(plan|evaluate|facts|diff|verdict|matcher|value|model|gjson|pattern)\.ts$|^(matchers|reports|shell)\/|^goss\/(?!read\.ts)/;
  const effects = /^(node:)?(fs|net|tls|http|https|http2|dgram|dns|child_process)(\/|$)|^(ssh2|undici)/;
  t.same(
    imports.filter(({ from, to }) => pure.test(from) && effects.test(to)),
    [],
  );
});

t.test('the direction of dependencies', async (t) => {
  const ranks: readonly RegExp[] = [
    /^(inventory-|switch-)?model\.ts$/,
    /^(value|show-text|error|folder|terminal)\.ts$/,
    /^(?!spec\/|goss\/|plan|prepare|selection|connections|vm\/|rehearse\/|init\/|completion\/|explain\/|manual\/|switch\/(?!state|target\/)|collect|evaluate|facts|run|command|cli|commands\/|verification|output|progress|generated|reference|discover|lint|spec-schema)/,
    /^(spec\/|goss\/|plan\.ts|collect\.ts|evaluate\.ts|facts\.ts)/,
    /^run\.ts$/,
    /^(?!commands\/|cli\.ts)/,
    /^commands\//,
    /^cli\.ts$/,
  ];
  const rank = (file: string) => ranks.findIndex((pattern) => pattern.test(file));
  const upward = imports.filter(({ from, to, typeOnly }) => files.includes(to) && !typeOnly && rank(to) > rank(from));
  t.same(
    upward.filter(({ to }) => !folders.some((folder) => to.startsWith(`${folder}/`))),
    [],
  );
});

t.test('no cycles', async (t) => {
  const edges = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports)
    if (!typeOnly && files.includes(to)) edges.set(from, [...(edges.get(from) ?? []), to]);
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const cycle = walk(next, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of files) t.equal(walk(file, [])?.join(' → '), undefined, file);
});

t.test('names say what is in a file', async (t) => {
  for (const file of files) {
    t.notMatch(file, /(^|\/)(index|utils?|helpers?|managers?|misc|common)\.ts$/, file);
    t.match(file, /^[a-z0-9/-]+\.ts$/, file);
  }
});

t.test('only cli.ts ends the process, and only sh.ts makes shell text', async (t) => {
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8');
    if (file !== 'cli.ts') t.notMatch(text, /process\.exit\(|process\.exitCode/, file);
    if (!file.startsWith('shell/') && file !== 'model.ts') t.notMatch(text, /\braw:/, file);
  }
});

t.test('no file is longer than a person wants to read', async (t) => {
  for (const file of files) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length;
    // All nouns stand in one file, which imports nothing.
    t.ok(lines <= (file === 'model.ts' ? 600 : 400), `${file}: ${lines} lines`);
  }
});
