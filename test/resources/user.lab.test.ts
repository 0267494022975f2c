import t from 'tap';
import accounts from '../../src/resources/accounts.js';
import group from '../../src/resources/group.js';
import user from '../../src/resources/user.js';
import { startLab } from '../lab/lab.js';
import { ask, observeOver } from '../run-script.js';

const lab = await startLab();
const skip = 'skip' in lab && lab.skip;
const everything = ['uid', 'gid', 'home', 'shell', 'groups', 'locked'];

t.test('users and groups', { skip }, async (t) => {
  if ('skip' in lab) return;
  const queries = ['deploy', 'limited', 'nosuch', 'postgres'].map((name) => ask(user, name, everything));
  for (const shell of ['dash', 'bash --posix']) {
    t.match(observeOver(lab.sshConfig, 'staging', user, queries, shell), [
      { readings: { home: '/home/deploy', shell: '/bin/bash', groups: ['deploy', 'wheel'], locked: true } },
      { readings: { groups: ['limited', 'sudo'], locked: false } },
      { status: 'absent', reason: 'no user is called nosuch' },
      { readings: { home: '/var/lib/postgresql', locked: true } },
    ]);
  }
  const groups = [ask(group, 'wheel', ['gid', 'members']), ask(group, 'nosuch', ['exists'])];
  t.match(observeOver(lab.sshConfig, 'staging', group, groups), [
    { status: 'known', readings: { members: /deploy/ } },
    { status: 'absent', reason: 'no group is called nosuch' },
  ]);
});

t.test('without the right', { skip }, async (t) => {
  if ('skip' in lab) return;
  t.match(observeOver(lab.sshConfig, 'production-deploy', user, [ask(user, 'limited', everything)]), [
    { status: 'known', readings: { groups: /limited/, locked: { noReading: 'unknown' } } },
  ]);
});

t.test('keys and passwords', { skip }, async (t) => {
  if ('skip' in lab) return;
  const wanted = ['authorized-keys', 'password', 'password-scheme', 'password-age', 'expired', 'primary-group'];
  const queries = ['deploy', 'limited'].map((name) => ask(user, name, wanted));
  t.match(observeOver(lab.sshConfig, 'production', user, queries), [
    { readings: { 'authorized-keys': [/^ssh-ed25519 A/], password: 'locked', 'primary-group': 'deploy' } },
    { readings: { password: 'set', 'password-scheme': 'yescrypt', 'password-age': Number, expired: false } },
  ]);
  const unseen = { noReading: 'unknown' };
  t.match(observeOver(lab.sshConfig, 'production-deploy', user, queries), [
    { readings: { 'authorized-keys': [/^ssh-ed25519 A/], password: unseen } },
    { readings: { 'authorized-keys': unseen, 'password-scheme': unseen, expired: unseen } },
  ]);
});

t.test('all accounts', { skip }, async (t) => {
  if ('skip' in lab) return;
  const query = ask(accounts, '', Object.keys(accounts.properties));
  const people = ['app', 'deploy', 'fishy', 'limited', 'noisy'];
  t.match(observeOver(lab.sshConfig, 'production', accounts, [query]), [
    { readings: { people, superusers: ['root'], login: /fishy/, 'with-password': ['limited'], 'shared-uids': [] } },
  ]);
  t.match(observeOver(lab.sshConfig, 'production-deploy', accounts, [query]), [
    { readings: { people, 'with-password': { noReading: 'unknown' } } },
  ]);
});
