import t from 'tap';
import command from '../../src/resources/command.js';
import { startLab } from '../lab/lab.js';
import { ask, observeOver } from '../run-script.js';

const lab = await startLab();
const skip = 'skip' in lab && lab.skip;

t.test('as another user: by runuser, by sudo, or not at all', { skip }, async (t) => {
  if ('skip' in lab) return;
  const settings = { user: 'postgres', stdin: 'select 1 + 1;', environment: { PGAPPNAME: "it's" } };
  const psql = ask(command, 'psql -XAt -c "show application_name" -f -; whoami', ['stdout', 'exit-status'], settings);
  for (const alias of ['production', 'production-deploy']) {
    t.match(
      observeOver(lab.sshConfig, alias, command, [psql]),
      [{ status: 'known', readings: { 'exit-status': 0, stdout: "it's\n2\npostgres\n" } }],
      alias,
    );
  }
  t.match(observeOver(lab.sshConfig, 'production-limited', command, [psql]), [
    { status: 'unknown', reason: /^the command was not run: sudo: .*password/ },
  ]);
  const self = ask(command, 'whoami', ['stdout'], { user: 'limited' });
  t.match(observeOver(lab.sshConfig, 'production-limited', command, [self]), [{ readings: { stdout: 'limited\n' } }]);
});

t.test('a login shell that is fish changes nothing', { skip }, async (t) => {
  if ('skip' in lab) return;
  const query = ask(command, 'x="a b"; printf "%s\\n" $x', ['stdout']);
  const fish = ask(command, 'echo (math 1 + 1)', ['stdout'], { shell: 'fish' });
  t.match(observeOver(lab.sshConfig, 'production-deploy', command, [query, fish]), [
    { readings: { stdout: 'a\nb\n' } },
    { readings: { stdout: '2\n' } },
  ]);
});
