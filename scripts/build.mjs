// Compiles src/ to dist/ and makes there what is made from the tables: the compiled validator of specs, and the manual page.
// With --write it renews the generated files that are committed: schema/spec.json and docs/reference.md.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const root = new URL('../', import.meta.url);
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(new URL('dist', root), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: root, stdio: 'inherit' });
chmodSync(new URL('dist/cli.js', root), 0o755);

const { composeGenerated } = await import(new URL('dist/generated.js', root));
const { compileValidator } = await import(new URL('dist/spec/compile-validator.js', root));
const generated = await composeGenerated();
writeFileSync(new URL('dist/spec/validator.js', root), compileValidator(generated.schema));
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const { composeManual } = await import(new URL('dist/manual/manual.js', root));
// reproducible-builds.org: the same sources give the same page.
const epoch = process.env.SOURCE_DATE_EPOCH;
const made = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);
writeFileSync(new URL('dist/nixspec.1', root), await composeManual(version, made.toISOString().slice(0, 10)));
if (process.argv.includes('--write')) {
  for (const [file, text] of Object.entries(generated.files)) writeFileSync(new URL(file, root), text);
}
