// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import t from 'tap';
import { lintRuleNames } from '../../src/lint-rule.js';
import { specOf } from '../fixture/check-spec.js';
import { lintFiles, rules, sayAll } from '../fixture/lint-text.js';

type Row = readonly [text: string, ...told: readonly string[]];

interface Rows {
  /** Tiny specs and all that is told of them. The text begins in line 3, column 1. */
  readonly told: readonly Row[];
  /** Nearly the same, and nothing to tell. */
  readonly silent: readonly string[];
}

const say = 'say what a fault would break, or `exists: true`';
const keep = 'keep the one that is meant';
const acme = (days: string, left: string) =>
  `(ACME renews a certificate of ${days} when ${left} are left; \`remaining-share: { ge: 0.2 }\` is right for every lifetime)`;

const table: { readonly [rule: string]: Rows } = {
  'always-holds': {
    told: [
      [
        'unit: { nginx: { restarts: { ge: 0 } } }',
        `3:30 always-holds \`restarts: { ge: 0 }\` holds whatever \`restarts\` is (${say})`,
      ],
      [
        'unit: { nginx: { active: { or: [true, false] } } }',
        `3:28 always-holds \`active: { or: [true, false] }\` holds whatever \`active\` is (${say})`,
      ],
      [
        'unit: { nginx: { exists: { or: [true, false] } } }',
        '3:28 always-holds `exists: { or: [true, false] }` holds whatever `exists` is (leave it out)',
      ],
      [
        'unit: { nginx: { result: { match-regexp: ".*" } } }',
        `3:28 always-holds \`result: { match-regexp: .* }\` holds whatever \`result\` is (${say})`,
      ],
      [
        'unit: { nginx: { result: { match-regexp: "^(ok)?" } } }',
        `3:28 always-holds \`result: { match-regexp: ^(ok)? }\` holds whatever \`result\` is (${say})`,
      ],
      [
        'command: { uname: { stdout: { match-regexp: "(?s)^.*$" } } }',
        `3:31 always-holds \`stdout: { match-regexp: (?s)^.*$ }\` holds whatever \`stdout\` is (${say})`,
      ],
      [
        'unit: { nginx: { state: { or: [{ not: active }, { not: failed }] } } }',
        `3:27 always-holds \`state: { or: [{ not: active }, { not: failed }] }\` holds whatever \`state\` is (${say})`,
      ],
      [
        'unit: { nginx: { result: { or: [{ have-prefix: a }, { not: { have-prefix: a } }] } } }',
        `3:28 always-holds what is expected of \`result\` holds whatever \`result\` is (${say})`,
      ],
      [
        'unit: { nginx: { result: { or: [{ not: a }, { not: b }] } } }',
        `3:28 always-holds \`result: { or: [{ not: a }, { not: b }] }\` holds whatever \`result\` is (${say})`,
      ],
      [
        'file: { /x: { size: { or: [{ lt: 5 }, { ge: 5 }] } } }',
        `3:23 always-holds \`size: { or: [{ lt: 5 }, { ge: 5 }] }\` holds whatever \`size\` is (${say})`,
      ],
      [
        'mount: { /: { usage: { not: { lt: 0 } } } }',
        `3:24 always-holds \`usage: { not: { lt: 0 } }\` holds whatever \`usage\` is (${say})`,
      ],
      [
        'listeners: { tcp: { have-len: { ge: 0 } } }',
        `3:21 always-holds \`tcp: { have-len: { ge: 0 } }\` holds whatever \`tcp\` is (${say})`,
      ],
      [
        'unit: { nginx: { memory: { per-target: { vm: { ge: 0 }, production: { le: 1G } } } } }',
        `3:48 always-holds \`memory: { ge: 0 }\` holds whatever \`memory\` is (${say})`,
      ],
    ],
    silent: [
      'unit: { nginx: { restarts: { ge: 1 } } }',
      'unit: { nginx: { restarts: { gt: 0 } } }',
      // It may have ended, or be ahead of its time.
      'certificate: { /x.pem: { remaining: { ge: 0 } } }',
      'unit: { nginx: { state: { or: [{ not: active }, failed] } } }',
      'unit: { nginx: { result: { match-regexp: "a.*" } } }',
      'unit: { nginx: { result: { match-regexp: "^$" } } }',
      // A newline is no `.`.
      'command: { uname: { stdout: { match-regexp: "^.*$" } } }',
      'unit: { nginx: { result: { match-regexp: "\\\\b|x" } } }',
      'command: { uname: { stdout: ["/.*/"] } }',
      'listeners: { tcp: { have-len: { ge: 1 } } }',
      'listeners: { tcp: { contain-element: { match-regexp: ".*" } } }',
      'file: { /x: { size: { or: [{ lt: 5 }, { gt: 5 }] } } }',
      'unit: { nginx: { restarts: { ge: 0 }, skip: later } }',
      'matching: { a: { content: 1, matches: { or: [{ ge: 1 }, { lt: 1 }] } } }',
    ],
  },
  contradiction: {
    told: [
      [
        'file: { /x: { exists: false, mode: "0644" } }',
        `3:30 contradiction \`exists: false\` and \`mode: "0644"\` cannot both hold (\`exists\` stands in line 3; ${keep})`,
      ],
      [
        'port: { tcp:80: { listening: false, addresses: [127.0.0.1] } }',
        `3:37 contradiction \`listening: false\` and \`addresses: [127.0.0.1]\` cannot both hold (\`listening\` stands in line 3; ${keep})`,
      ],
      [
        'port: { tcp:80: { exists: true, listening: false } }',
        `3:33 contradiction \`exists: true\` and \`listening: false\` cannot both hold (\`exists\` stands in line 3; ${keep})`,
      ],
      [
        'unit: { nginx: { active: true, state: failed } }',
        `3:32 contradiction \`active: true\` and \`state: failed\` cannot both hold (\`active\` stands in line 3; ${keep})`,
      ],
      [
        'unit: { nginx: { state: { or: [inactive, failed] }, uptime: { ge: 1h } } }',
        `3:63 contradiction \`state: { or: [inactive, failed] }\` and \`uptime: { ge: 1h }\` cannot both hold (\`state\` stands in line 3; ${keep})`,
      ],
      [
        'unit: { nginx: { healthy: true, state: failed } }',
        `3:33 contradiction \`healthy: true\` and \`state: failed\` cannot both hold (\`healthy\` stands in line 3; ${keep})`,
      ],
      [
        'unit: { nginx: { restarts: { ge: 5, le: 3 } } }',
        `3:37 contradiction \`restarts: { ge: 5 }\` and \`restarts: { le: 3 }\` cannot both hold (\`restarts\` stands in line 3; ${keep})`,
      ],
      ['unit: { nginx: { restarts: { lt: 0 } } }', '3:30 contradiction `restarts: { lt: 0 }` can never hold'],
      [
        'unit: { nginx: { result: { and: [success, { have-prefix: a }] } } }',
        '3:28 contradiction `result: { and: [success, { have-prefix: a }] }` can never hold',
      ],
      [
        'unit: { nginx: { fragment-path: { have-prefix: /etc, not: { have-prefix: /etc } } } }',
        `3:54 contradiction \`fragment-path: { have-prefix: /etc }\` and \`fragment-path: { not: { have-prefix: /etc } }\` cannot both hold (\`fragment-path\` stands in line 3; ${keep})`,
      ],
      [
        'unit: { nginx: { fragment-path: { and: [{ have-prefix: /etc }, { have-prefix: /run }] } } }',
        '3:35 contradiction what is expected of `fragment-path` can never hold',
      ],
      [
        'command: { uname: { stdout: [Linux, "!Lin"] } }',
        '3:21 contradiction `stdout: [Linux, "!Lin"]` can never hold',
      ],
      [
        'listeners: { tcp: { contain-element: { and: [{ have-suffix: ":1" }, { have-suffix: ":2" }] } } }',
        '3:21 contradiction what is expected of `tcp` can never hold',
      ],
      [
        'process: { nginx: { running: false, users: [nginx] } }',
        `3:37 contradiction \`running: false\` and \`users: [nginx]\` cannot both hold (\`running\` stands in line 3; ${keep})`,
      ],
      [
        'addr: { "tcp://a.example.org:25": { reachable: true, reason: timed-out } }',
        `3:54 contradiction \`reachable: true\` and \`reason: timed-out\` cannot both hold (\`reachable\` stands in line 3; ${keep})`,
      ],
      [
        'kernel-module: { floppy: { loaded: false, parameters: { a: "1" } } }',
        `3:57 contradiction \`loaded: false\` and \`parameters.a: "1"\` cannot both hold (\`loaded\` stands in line 3; ${keep})`,
      ],
      [
        'unit: { nginx: { active: true }, nginx.service: { active: false } }',
        `3:51 contradiction \`active: true\` and \`active: false\` cannot both hold (\`active\` stands in line 3; ${keep})`,
      ],
      [
        'unit: { nginx: { active: true, state: { per-target: { vm: failed, production: active } } } }',
        `3:32 contradiction \`active: true\` and \`state: failed\` cannot both hold (on vm) (\`active\` stands in line 3; ${keep})`,
      ],
    ],
    silent: [
      'file: { /x: { exists: false, linked-to: /y } }',
      'file: { /x: { exists: true, mode: "0644" } }',
      'file: { /x: { exists: { not: false }, mode: "0644" } }',
      'port: { tcp:80: { exists: false, listening: false } }',
      'process: { nginx: { running: false, count: 0 } }',
      'package: { nginx: { exists: false, installed: false } }',
      'unit: { nginx: { active: true, state: reloading } }',
      'unit: { nginx: { active: false, restarts: 0 } }',
      'unit: { nginx: { healthy: true, state: inactive } }',
      'unit: { "backup-*": { exists: false, count: 0 } }',
      'kernel-module: { floppy: { loaded: false, exists: false, blacklisted: true, disabled: true } }',
      'addr: { "tcp://a.example.org:25": { reachable: false, reason: timed-out } }',
      'unit: { nginx: { restarts: { ge: 3, le: 3 } } }',
      'dns: { example.org: { exists: false, rcode: NXDOMAIN } }',
      // One after the other.
      'unit: { nginx: { active: true }, nginx.service: { active: false, within: 30s } }',
      'unit: { nginx: { active: true, only: [vm] }, nginx.service: { active: false, only: [production] } }',
      'command: { uname: { stdout: [Linux, "!Linux6"] } }',
      'unit: { nginx: { fragment-path: { and: [{ have-prefix: /etc }, { have-prefix: /etc/systemd }] } } }',
    ],
  },
  'certificate-bound': {
    told: [
      [
        'certificate: { git.example.org: { remaining: { ge: 10d } } }',
        `3:48 certificate-bound a renewal that fails is told only 20 d later, with 10 d left to mend it ${acme('90 d', '30 d')}`,
      ],
      [
        'certificate: { git.example.org: { remaining: { gt: 30d } } }',
        `3:48 certificate-bound \`remaining\` falls below 30 d before each renewal, so that this fails though all is well ${acme('90 d', '30 d')}`,
      ],
      [
        `certificate: { git.lan: { remaining: { ge: 20d }, lifetime: { le: 45d }, issuer-organization: "Let's Encrypt" } }`,
        `3:40 certificate-bound \`remaining\` falls below 20 d before each renewal, so that this fails though all is well ${acme('45 d', '15 d')}`,
      ],
      [
        `certificate: { git.lan: { remaining: { ge: 1h }, lifetime: { le: 160h }, issuer: "Let's Encrypt" } }`,
        `3:40 certificate-bound a renewal that fails is told only 3 d 7 h later, with 1 h left to mend it ${acme('6 d 16 h', '3 d 8 h')}`,
      ],
    ],
    silent: [
      'certificate: { git.example.org: { remaining: { ge: 14d } } }',
      'certificate: { git.example.org: { remaining: { ge: 29d } } }',
      'certificate: { git.example.org: { remaining-share: { ge: 0.1 } } }',
      // Not by ACME: another authority, a file, a name that no public authority knows.
      'certificate: { git.example.org: { remaining: { ge: 10d }, issuer: Our own } }',
      'certificate: { /var/lib/ca.pem: { remaining: { ge: 200d } } }',
      'certificate: { git.lan: { remaining: { ge: 60d } } }',
      'certificate: { git.example.org: { remaining: { ge: 60d }, ca: ca.pem } }',
      `certificate: { git.lan: { remaining: { ge: 2d }, lifetime: { le: 160h }, issuer: "Let's Encrypt" } }`,
    ],
  },
  'closed-port': {
    told: [
      [
        'port: { tcp:443: { listening: false } }\nhttp: { "https://git.example.org/": { status: 200 } }',
        '4:9 closed-port http https://git.example.org/ is to answer on tcp:443, where nothing is to listen (port tcp:443 stands in line 3)',
      ],
      [
        'port: { 8080: { listening: false } }\nhttp: { "http://localhost:8080/": { status: 200, from: target } }',
        '4:9 closed-port http http://localhost:8080/ is to answer on tcp:8080, where nothing is to listen (port tcp:8080 stands in line 3)',
      ],
      [
        'port: { tcp:443: { listening: false } }\ncertificate: { web.example.org: { trusted: true } }',
        '4:16 closed-port certificate web.example.org is to answer on tcp:443, where nothing is to listen (port tcp:443 stands in line 3)',
      ],
      [
        'port: { tcp:5432: { listening: false } }\naddr: { "tcp://127.0.0.1:5432": { reachable: true } }',
        '4:9 closed-port addr tcp://127.0.0.1:5432 is to answer on tcp:5432, where nothing is to listen (on vm) (port tcp:5432 stands in line 3)',
      ],
    ],
    silent: [
      'port: { tcp:443: { listening: true } }\nhttp: { "https://git.example.org/": { status: 200 } }',
      'port: { tcp:80: { listening: false } }\nhttp: { "https://git.example.org/": { status: 200 } }',
      'port: { tcp4:443: { listening: false } }\nhttp: { "https://git.example.org/": { status: 200 } }',
      'port: { tcp:443: { listening: false } }\nhttp: { "https://git.example.org/": { exists: false } }',
      'port: { tcp:443: { listening: false } }\nhttp: { "https://api.github.com/": { status: 200, only: [production] } }',
      'port: { tcp:443: { listening: false } }\nhttp: { "https://git.example.org/": { status: 200, connect-to: "192.0.2.1:443" } }',
      'port: { tcp:5432: { listening: false } }\naddr: { "tcp://127.0.0.1:5432": { reachable: false } }',
      'port: { tcp:5432: { listening: false } }\naddr: { "tcp://db.internal:5432": { reachable: true } }',
      'port: { tcp:25: { listening: false } }\ncertificate: { mail.example.org: { starttls: smtp, trusted: true } }',
    ],
  },
  'duplicate-assertion': {
    told: [
      [
        'unit: { nginx: { active: true }, nginx.service: { active: true, enabled: true } }',
        '3:51 duplicate-assertion `active` of unit nginx.service is expected to be the same in line 3 (remove one of them)',
      ],
      [
        'unit: { nginx: { active: true }, nginx.service: { active: yes } }',
        '3:34 duplicate-assertion all that is said of unit nginx.service here is said in line 3 too (remove one of them)',
      ],
    ],
    silent: [
      'unit: { nginx: { active: true }, nginx.service: { enabled: true } }',
      'unit: { nginx: { active: true, only: [vm] }, nginx.service: { active: true, only: [production] } }',
      'unit: { nginx: { active: true }, nginx.service: { active: true, user: alice } }',
      'unit: { a: &a { active: true }, b: *a }',
      'unit: { "${n}": { active: true, for-each: { n: [a, b] } } }',
    ],
  },
  'ending-waiver': {
    told: [
      [
        'unit: { nginx: { active: true, waive: { reason: ticket 42, until: 2026-11-30 } } }',
        '3:9 ending-waiver the waiver ends in 7 days: ticket 42 (mend what it is about and remove it, or say a new day)',
      ],
      [
        'unit: { nginx: { active: true, waive: { reason: ticket 42, until: 2026-11-23 } } }',
        '3:9 ending-waiver the waiver ends today: ticket 42 (mend what it is about and remove it, or say a new day)',
      ],
    ],
    silent: ['unit: { nginx: { active: true, waive: { reason: ticket 42, until: 2026-12-08 } } }'],
  },
  'expired-waiver': {
    told: [
      [
        'unit: { nginx: { active: true, waive: { reason: ticket 42, until: 2026-11-22 } } }',
        '3:9 expired-waiver the waiver is over since 2026-11-22: ticket 42 (mend what it is about and remove it, or say a new day)',
      ],
    ],
    silent: ['unit: { nginx: { active: true, waive: { reason: ticket 42, until: 2027-11-22 } } }'],
  },
  'unknown-rule': {
    told: [
      [
        'unit: { nginx: { active: true } } # nixspec-ignore always-hold',
        '3:52 unknown-rule there is no rule "always-hold" (did you mean "always-holds"?)',
      ],
      [
        'unit: { nginx: { active: true } } # nixspec-ignore: always-holds',
        '3:37 unknown-rule it does not say which rule is to be silent (nixspec-ignore RULE)',
      ],
      [
        'unit: { nginx: { active: true } } # nixspec-ignore-fil always-holds',
        '3:37 unknown-rule there is no comment "nixspec-ignore-fil" (write nixspec-ignore or nixspec-ignore-file)',
      ],
    ],
    silent: [
      'unit: { nginx: { active: true } } # nixspec-ignore always-holds',
      'unit: { nginx: { status-text: "# nixspec-ignore nothing" } }',
    ],
  },
  'unknown-time-zone': {
    told: [
      [
        'system: { timezone: Europe/Berlim }',
        '3:11 unknown-time-zone there is no time zone "Europe/Berlim" (did you mean "Europe/Berlin"?)',
      ],
      [
        'file: { /etc/localtime: { linked-to: /etc/zoneinfo/europe/berlin } }',
        '3:27 unknown-time-zone there is no time zone "europe/berlin" (did you mean "Europe/Berlin"?)',
      ],
      [
        'command: { date: { environment: { TZ: ":Mars" }, exit-status: 0 } }',
        '3:12 unknown-time-zone there is no time zone "Mars"',
      ],
    ],
    silent: [
      'system: { timezone: Europe/Berlin }',
      'system: { timezone: UTC }',
      'system: { timezone: { or: [Asia/Kolkata, Asia/Calcutta, Etc/GMT+5] } }',
      'system: { timezone: { have-prefix: Europe/ } }',
      'file: { /etc/localtime: { linked-to: /etc/zoneinfo/posix/Europe/Berlin } }',
      'command: { date: { environment: { TZ: CET-1CEST }, exit-status: 0 } }',
      'command: { date: { environment: { TZ: America/New_York }, exit-status: 0 } }',
    ],
  },
  'unused-secret': {
    told: [
      [
        'secrets: { A: { env: A } }\nunit: { nginx: { active: true } }',
        '3:12 unused-secret nothing says ${secret.A} (remove it)',
      ],
    ],
    silent: ['secrets: { A: { env: A } }\nunit: { nginx: { status-text: "${secret.A}" } }'],
  },
  'unused-target': {
    told: [
      [
        'unit: { nginx: { active: true, only: [vm] } }',
        '2:44 unused-target no entry is for the target "production" (remove it, or look at `only` and `except`)',
      ],
    ],
    silent: ['unit: { nginx: { active: { per-target: { vm: true } } } }'],
  },
  'unused-variable': {
    told: [
      [
        'vars: { a: 1 }\nunit: { nginx: { active: true } }',
        '3:9 unused-variable nothing says ${a} (remove it, or put it where its value stands)',
      ],
      [
        'vars: { a: 1, b: "${a}" }\nunit: { nginx: { active: true } }',
        '3:9 unused-variable nothing says ${a} (remove it, or put it where its value stands)',
        '3:15 unused-variable nothing says ${b} (remove it, or put it where its value stands)',
      ],
    ],
    silent: [
      'vars: { a: 1, b: "${a}" }\nunit: { nginx: { restarts: "${b}" } }',
      'vars: { a: nginx }\nunit: { "${a}": { active: true } }',
      'vars: { a: [nginx] }\nunit: { "${n}": { active: true, for-each: { n: "${a}" } } }',
    ],
  },
};

for (const [rule, { told, silent }] of Object.entries(table)) {
  for (const [text, ...lines] of told) {
    t.test(`${rule}: ${text}`, async (t) => {
      const { linted } = await lintFiles(t.testdir(), { 'nixspec.yaml': specOf(`${text}\n`) });
      t.strictSame(sayAll(t.testdirName, linted), lines);
      t.ok(lines.every((line) => line.split(' ')[1] === rule));
    });
  }
  for (const text of silent) {
    t.test(`${rule}, not: ${text}`, async (t) => {
      const { linted } = await lintFiles(t.testdir(), { 'nixspec.yaml': specOf(`${text}\n`) });
      t.strictSame(sayAll(t.testdirName, linted), []);
    });
  }
}

t.test('each rule is here, with what it tells and what it nearly tells', async (t) => {
  // No name of the tables is old yet: deprecated-name.test.ts makes some so.
  t.strictSame([...Object.keys(table), 'deprecated-name'].sort(), lintRuleNames());
  t.strictSame(
    Object.entries(table).filter(([, { told, silent }]) => told.length === 0 || silent.length === 0),
    [],
  );
  t.equal(rules.length, lintRuleNames().length);
});
