import t from 'tap';
import { Unreachable } from '../src/error.js';
import { explainOpenFailure, explainSocketError } from '../src/unreachable.js';

const reasonOf = (error: Error) => (error instanceof Unreachable ? error.reason : 'no answer');

t.test('refused channels', async (t) => {
  const cases: readonly (readonly [number | undefined, string, string, string])[] = [
    [2, 'Connection refused', 'refused', 'connection refused: db:5432'],
    [2, 'Name or service not known', 'name-not-found', 'no such name: db:5432'],
    [2, 'No address associated with hostname', 'name-not-found', 'no such name: db:5432'],
    [2, 'No route to host', 'no-route', 'no route to host: db:5432'],
    [2, 'Network is unreachable', 'no-route', 'no route to host: db:5432'],
    [2, 'Connection timed out', 'timed-out', 'connection timed out: db:5432'],
    [2, '', 'refused', 'could not be connected to: db:5432 (no reason given)'],
    [
      2,
      'Temporary failure in name resolution',
      'no answer',
      'the SSH server could not try to connect to db:5432: Temporary failure in name resolution',
    ],
    [2, 'Too many open files', 'no answer', 'the SSH server could not try to connect to db:5432: Too many open files'],
    [1, 'open failed', 'forbidden', 'the SSH server does not forward connections: db:5432 (open failed)'],
    [
      3,
      'unknown channel type',
      'forbidden',
      'the SSH server does not forward connections: db:5432 (unknown channel type)',
    ],
    [4, 'resource shortage', 'no answer', 'the SSH server could not try to connect to db:5432: resource shortage'],
    [undefined, 'gone', 'no answer', 'the SSH server could not try to connect to db:5432: gone'],
  ];
  for (const [code, text, reason, message] of cases) {
    const error = explainOpenFailure(code, text, 'db', 5432);
    t.equal(reasonOf(error), reason, `${code} ${text}`);
    t.equal(error.message, message);
  }
});

t.test('failed sockets', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['ECONNREFUSED', 'refused'],
    ['ENOTFOUND', 'name-not-found'],
    ['EHOSTUNREACH', 'no-route'],
    ['ENETUNREACH', 'no-route'],
    ['ETIMEDOUT', 'timed-out'],
    ['EAI_AGAIN', 'no answer'],
    ['EMFILE', 'no answer'],
    ['EACCES', 'no answer'],
  ];
  for (const [code, reason] of cases) {
    const error = explainSocketError(Object.assign(new Error(code), { code }), '::1', 53);
    t.equal(reasonOf(error), reason, code);
  }
  const refused = explainSocketError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), '::1', 53);
  t.equal(refused.message, 'connection refused: [::1]:53');
});
