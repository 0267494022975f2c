import t from 'tap';
import { NixLog, nameOfPath } from '../../src/vm/nix-log.js';

const told = (value: object) => `@nix ${JSON.stringify(value)}`;
const nginx = '/nix/store/00000000000000000000000000000000-nginx-1.28.0.drv';

t.test('what Nix is doing', async (t) => {
  const log = new NixLog();
  t.equal(log.read(told({ action: 'start', id: 1, type: 104, level: 0, text: '' })), undefined);
  t.equal(log.read(told({ action: 'start', id: 2, type: 103, level: 0, text: '' })), undefined);
  t.equal(
    log.read(told({ action: 'start', id: 3, type: 105, fields: [nginx, '', 1, 1], text: 'building' })),
    'building: nginx-1.28.0',
  );
  log.read(told({ action: 'result', id: 1, type: 105, fields: [2, 12, 1, 0] }));
  t.equal(
    log.read(told({ action: 'start', id: 4, type: 105, fields: [nginx, '', 1, 1] })),
    'building 3 of 12: nginx-1.28.0',
  );
  log.read(told({ action: 'result', id: 2, type: 105, fields: [40, 40, 0, 0] }));
  const path = '/nix/store/00000000000000000000000000000000-glibc-2.42';
  t.equal(
    log.read(told({ action: 'start', id: 5, type: 100, fields: [path, 'https://cache', 'daemon'] })),
    'fetching 40 of 40: glibc-2.42',
  );
  log.read(told({ action: 'result', id: 3, type: 101, fields: ['\u001b[1mcompiling\u001b[0m\r'] }));
  t.strictSame(log.logOf(nginx), ['compiling']);
});

t.test('what it says', async (t) => {
  const log = new NixLog();
  log.read(told({ action: 'msg', level: 0, msg: 'trace: nixspec own aarch64-linux' }));
  log.read(told({ action: 'msg', level: 1, msg: "warning: Git tree '/srv/conf' is dirty" }));
  log.read(told({ action: 'msg', level: 1, msg: "\u001b[35;1mwarning:\u001b[0m Git tree '/srv/conf' is dirty" }));
  log.read(told({ action: 'msg', level: 0, msg: 'trace: warning: services.x is deprecated' }));
  log.read(told({ action: 'msg', level: 1, msg: 'evaluation warning: services.y is deprecated' }));
  log.read(told({ action: 'msg', level: 1, msg: 'warning: ignoring untrusted substituter' }));
  log.read(told({ action: 'msg', level: 0, msg: 'trace: of somebody else' }));
  log.read(told({ action: 'msg', level: 0, msg: "(use '--show-trace' to show detailed location information)" }));
  log.read(
    told({
      action: 'msg',
      level: 0,
      msg: 'error: x\n',
      raw_msg: "attribute '\u001b[35;1mx\u001b[0m' missing",
      file: '/srv/conf/web.nix',
      line: 12,
      column: 3,
      trace: [{ raw_msg: 'while evaluating a', file: '/srv/conf/a.nix', line: 1, column: 2 }, { raw_msg: 'while b' }],
    }),
  );
  log.read(told({ action: 'msg', level: 0, msg: 'error: of an old Nix' }));
  log.read(told({ action: 'msg', level: 0, raw_msg: 'in no file', file: 'let x = 1;\nin y', line: 1, column: 1 }));
  t.strictSame(log.traced, ['own aarch64-linux']);
  t.strictSame(log.warnings, ["Git tree '/srv/conf' is dirty", 'services.x is deprecated', 'services.y is deprecated']);
  t.strictSame(log.errors, [
    {
      message: "attribute 'x' missing",
      place: '/srv/conf/web.nix:12:3',
      trace: ['… while evaluating a (/srv/conf/a.nix:1:2)', '… while b'],
    },
    { message: 'of an old Nix', trace: [] },
    { message: 'in no file', trace: [] },
  ]);
});

t.test('whatever comes, it is bounded and nothing is thrown', async (t) => {
  const log = new NixLog();
  for (const line of [
    '@nix ',
    '@nix {',
    '@nix []',
    '@nix null',
    '@nix 1',
    told({ action: 'msg' }),
    told({ action: 'start' }),
  ])
    log.read(line);
  log.read(told({ action: 'result', id: 'x', type: 101, fields: [] }));
  log.read(told({ action: 'start', id: 1, type: 104 }));
  for (let id = 2; id < 2000; id += 1) {
    log.read(told({ action: 'start', id, type: 105, fields: [nginx] }));
    log.read(told({ action: 'msg', level: 0, raw_msg: 'x' }));
    log.read('plain '.repeat(1000));
  }
  for (let line = 0; line < 100; line += 1)
    log.read(told({ action: 'result', id: 1999, type: 101, fields: [`${line}`] }));
  log.read(told({ action: 'result', id: 1, type: 105, fields: [1, 9, 0, 0] }));
  t.equal(log.read(told({ action: 'start', id: 3000, type: 105, fields: [nginx] })), 'building 2 of 9: nginx-1.28.0');
  t.equal(log.errors.length, 50);
  t.equal(log.rest.split('\n').length, 40);
  t.ok(log.rest.length < 40 * 510);
});

t.test('names', async (t) => {
  t.equal(nameOfPath(nginx), 'nginx-1.28.0');
  t.equal(nameOfPath('elsewhere'), 'elsewhere');
});
