import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { evaluate, evaluator, lacksNix } from './nix.js';

t.comment(lacksNix || `evaluated by ${evaluator}`);

const options = new URL('secret-options.nix', import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;

/** The activation scripts' texts of a VM whose secrets are those. */
function textsOf(host: string, settings: string, names: readonly string[]): readonly string[] {
  const texts = names.map((name) => `(config.${name})`).join(' ');
  return evaluate(`let config = vmOf [ ${options} ${host} ] ${settings}; in [ ${texts} ]`) as string[];
}

/** Runs an installer as NixOS does, but for where: its folders are below a test's own. */
function install(text: string): void {
  const { status, stderr } = spawnSync('bash', ['--norc', '-eu', '-c', text], { encoding: 'utf8' });
  if (status !== 0 || stderr !== '') throw new Error(`exit status ${status}: ${stderr}`);
}

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);
const needsRoot = lacksNix || (isRoot ? false : 'owners can be given by root alone');

t.test('agenix: files without secrets where the secrets would be', { skip: needsRoot }, async (t) => {
  const folder = t.testdir();
  const host = `{
    age.secretsDir = "${folder}/agenix";
    users.users.alice.hashedPasswordFile = "${folder}/agenix/alice";
    age.secrets = {
      mail = { file = /none; path = "${folder}/agenix/mail"; };
      alice = { file = /none; path = "${folder}/agenix/alice"; };
      app = { file = /none; path = "${folder}/srv/app's key"; mode = "0640"; owner = "65534"; group = "65533"; };
      made = { file = /none; path = "${folder}/agenix/made"; };
    };
  }`;
  // As the real installer leaves it.
  mkdirSync(join(folder, 'agenix.d'));
  symlinkSync(join(folder, 'agenix.d'), join(folder, 'agenix'));
  const settings = `{ secretValues.app = "it's \\$HOME\\n"; secretScripts.made = "echo $((6 * 7)) # with a remark"; }`;
  const [first, content, owners] = textsOf(host, settings, [
    'system.activationScripts.agenixNewGeneration.text',
    'system.activationScripts.agenixInstall.text',
    'system.activationScripts.agenixChown.text',
  ]);
  t.equal(first, '');
  install(`${content}\n${owners}`);
  install(`${content}\n${owners}`);
  t.equal(readFileSync(join(folder, 'agenix/mail'), 'utf8'), 'nixspec-dummy-mail');
  t.equal(modeOf(join(folder, 'agenix/mail')), '400');
  t.equal(readFileSync(join(folder, 'agenix/alice'), 'utf8'), '!', "a user's password file: no password");
  t.equal(readFileSync(join(folder, 'agenix/made'), 'utf8'), '42\n', 'made in the VM');
  const app = join(folder, "srv/app's key");
  t.equal(readFileSync(app, 'utf8'), "it's $HOME\n", 'the value that was given');
  t.equal(modeOf(app), '640');
  t.same([statSync(app).uid, statSync(app).gid], [65534, 65533]);
});

t.test('agenix: nothing is decrypted, and the order of scripts stays', { skip: lacksNix }, async (t) => {
  const host = '{ age.secrets.x.file = /none; }';
  const [script] = textsOf(host, '{ }', ['system.activationScripts.agenixInstall']) as unknown as {
    text: string;
    deps: string[];
  }[];
  t.same(script?.deps, ['agenixNewGeneration']);
  t.notMatch(script?.text, 'decrypts');
  const [real] = textsOf(host, '{ secrets = "none"; }', ['system.activationScripts.agenixInstall.text']);
  t.equal(real, 'decrypts', 'where dummies are not wanted, the installer is the real one');
});

t.test('sops-nix: secrets and the templates that they are in', { skip: needsRoot }, async (t) => {
  const folder = t.testdir({ template: 'password=<SOPS:db/password>\nagain=<SOPS:db/password> $x `y`\n\n' });
  const host = `{
    sops.secrets."db/password" = { owner = null; uid = 65534; gid = 65533; mode = "0440"; };
    sops.secrets.root = { neededForUsers = true; };
    users.users.root.hashedPasswordFile = "/run/secrets-for-users/root";
    sops.templates."app.env" = { file = "${folder}/template"; mode = "0444"; };
  }`;
  const [all, users] = textsOf(host, `{ secretValues."db/password" = "a&b/c\\\\ \\"'\\n"; }`, [
    'system.activationScripts.setupSecrets.text',
    'system.activationScripts.setupSecretsForUsers.text',
  ]).map((text) => text.replaceAll('/run/secrets', `${folder}/secrets`));
  install(users ?? '');
  install(all ?? '');
  const password = join(folder, 'secrets/db/password');
  t.equal(readFileSync(password, 'utf8'), `a&b/c\\ "'\n`);
  t.equal(modeOf(password), '440');
  t.same([statSync(password).uid, statSync(password).gid], [65534, 65533]);
  t.equal(
    readFileSync(join(folder, 'secrets/rendered/app.env'), 'utf8'),
    `password=a&b/c\\ "'\n\nagain=a&b/c\\ "'\n $x \`y\`\n\n`,
  );
  t.equal(modeOf(join(folder, 'secrets/rendered/app.env')), '444');
  t.equal(readFileSync(join(folder, 'secrets-for-users/root'), 'utf8'), '!');
});

t.test('where systemd makes the users, a service installs', { skip: lacksNix }, async (t) => {
  const host = '{ services.userborn.enable = true; age.secrets.x.file = /none; sops.secrets.y = { }; }';
  const [agenix, sops, scripts] = textsOf(host, '{ }', [
    'systemd.services.agenix-install-secrets.serviceConfig.ExecStart',
    'systemd.services.sops-install-secrets.serviceConfig.ExecStart',
    'system.activationScripts.agenixInstall.text',
  ]);
  t.match(agenix?.[0], /nixspec-dummy-x.*chown 0:0 \/run\/agenix\/x/s);
  t.match(sops?.[0], /nixspec-dummy-y.*chown 0:0 \/run\/secrets\/y/s);
  t.equal(scripts, 'decrypts', 'the activation script is left alone: with the real module there is none');
});

t.test(
  "those that are needed for users do not follow sops-nix's useSystemdActivation",
  { skip: lacksNix },
  async (t) => {
    const host = '{ sops.useSystemdActivation = true; sops.secrets = { y = { }; root.neededForUsers = true; }; }';
    const [regular, forUsers, service] = textsOf(host, '{ }', [
      'systemd.services.sops-install-secrets.serviceConfig.ExecStart',
      'system.activationScripts.setupSecretsForUsers.text',
      'systemd.services ? sops-install-secrets-for-users',
    ]);
    t.match(regular?.[0], /nixspec-dummy-y/);
    t.match(forUsers, /nixspec-dummy-root/);
    t.equal(service, false);
  },
);

t.test('a value for a secret that there is not', { skip: lacksNix }, async (t) => {
  const failing = `map (one: one.message) (lib.filter (one: !one.assertion) (vmOf [ ${options} { age.secrets.mail.file = /none; sops.secrets.db = { }; } ] { secretValues.mial = "x"; }).assertions)`;
  t.same(evaluate(failing), ["nixspec.vm: neither agenix nor sops-nix has a secret `mial'; they have: mail, db"]);
});

t.test('a seed is brought in once, whatever it is', { skip: needsRoot }, async (t) => {
  const folder = t.testdir({
    seeds: {
      'do it.sh': 'pwd; cat beside',
      beside: 'something beside it',
      tree: { srv: { 'a file': 'from a directory' } },
    },
  });
  writeFileSync(join(folder, 'seeds/tree/srv/closed'), '', { mode: 0o600 });
  spawnSync('tar', ['-C', join(folder, 'seeds/tree'), '-czf', join(folder, 'seeds/tree.tar.gz'), '.']);
  const bring = (name: string) => {
    const root = join(folder, `root of ${name}`);
    mkdirSync(root);
    const [script] = textsOf('{ }', `{ seed = "/somewhere/${name}"; }`, ['systemd.services.nixspec-seed.script']);
    const here = script
      // There is no share here: the folder is where it would be.
      ?.replace(/^u?mount .*$/gm, '')
      .replaceAll('/var/lib/nixspec', `'${root}'/var/lib/nixspec`)
      .replaceAll(/(?<![\w'/])\/nixspec\/seed\b/g, join(folder, 'seeds'))
      .replace('--directory /', `--directory '${root}'`)
      .replace('"$seed/." /', `"$seed/." '${root}'`);
    const { stdout, status, stderr } = spawnSync('sh', ['-e', '-c', here ?? ''], { encoding: 'utf8' });
    t.same([status, stderr], [0, ''], name);
    t.ok(statSync(join(root, 'var/lib/nixspec/seeded')), `${name}: it is marked`);
    return { root, stdout };
  };
  t.equal(bring('do it.sh').stdout, `${join(folder, 'seeds')}\nsomething beside it`);
  for (const name of ['tree', 'tree.tar.gz']) {
    const { root } = bring(name);
    t.equal(readFileSync(join(root, 'srv/a file'), 'utf8'), 'from a directory');
    t.equal(modeOf(join(root, 'srv/closed')), '600');
  }
});
