// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import { specOf } from '../fixture/check-spec.js';

/** Tiny broken specs, and the one thing that is told about each. The text begins in line 3, column 1. */
export const mistakes: readonly (readonly [text: string, told: string])[] = [
  [
    'unitt: { nginx: { active: true } }',
    '3:1 unknown-resource there is no resource type "unitt" (did you mean "unit"?)',
  ],
  ['unit: { nginx: { actve: true } }', '3:18 unknown-property `unit` has no property "actve" (did you mean "active"?)'],
  [
    'kernel-param: { vm.swappiness: { zzz: true } }',
    '3:34 unknown-property `kernel-param` has no property "zzz" (there are: value, exists, title, tags, only, except, within, every, timeout, skip, severity, needs, waive, for-each)',
  ],
  ['unit: { nginx: { active: maybe } }', '3:26 bad-value expected true or false, not "maybe"'],
  ['unit: { nginx: { active: [true] } }', '3:26 wrong-type expected true or false, not a list'],
  ['unit: { nginx: { active: } }', '3:18 wrong-type expected true or false, not nothing'],
  ['unit: { nginx: { restarts: many } }', '3:28 bad-value expected a number, not "many"'],
  ['unit: { nginx: { restarts: [1] } }', '3:28 wrong-type expected a number, not a list'],
  ['unit: { nginx: { restarts: { ge: many } } }', '3:34 bad-value expected a number, not "many"'],
  ['unit: { nginx: { uptime: 3x } }', '3:26 bad-value expected a duration such as 90s, 3m or 14d, not "3x"'],
  [
    'unit: { nginx: { memory: { le: 512MB, ge: 1Zi } } }',
    '3:43 bad-value expected a size such as 512MiB, 4G or 1200 (bytes), not "1Zi"',
  ],
  [
    'unit: { nginx: { state: actve } }',
    '3:25 bad-value expected one of active, reloading, inactive, failed, activating, deactivating, maintenance, refreshing, not "actve" (did you mean "active"?)',
  ],
  [
    'unit: { nginx: { state: { or: [active, actve] } } }',
    '3:40 bad-value expected one of active, reloading, inactive, failed, activating, deactivating, maintenance, refreshing, not "actve" (did you mean "active"?)',
  ],
  [
    'unit: { nginx: { active: { eqal: true } } }',
    '3:28 unknown-matcher there is no matcher "eqal" (did you mean "equal"?)',
  ],
  [
    'unit: { nginx: { active: { ge: true } } }',
    '3:28 matcher-not-allowed `ge` cannot judge a boolean (here can stand: and, equal, not, or)',
  ],
  [
    'unit: { nginx: { active: true, needs: unit ngnix } }',
    '3:39 bad-needs there is no entry "unit ngnix.service" (did you mean "unit nginx.service"?)',
  ],
  ['unit: { nginx: {} }', '3:9 vacuous-entry "nginx" asserts nothing: it has no properties (for example active: true)'],
  [
    'unit:\n  nginx:\n  sshd: { active: true }',
    '4:3 vacuous-entry "nginx" asserts nothing: it has no properties (for example active: true)',
  ],
  [
    'unit: { nginx: { title: empty } }',
    '3:9 vacuous-entry "nginx" asserts nothing: none of its keys is a property (for example active: true)',
  ],
  ['unit: {}', '3:1 vacuous-entry `unit` names nothing to look at (for example nginx.service: …)'],
  ['unit:', '3:1 vacuous-entry `unit` names nothing to look at (for example nginx.service: …)'],
  ['unit: [nginx]', '3:7 wrong-type expected a mapping of subjects to what is expected of them, not a list'],
  ['unit: { nginx: true }', '3:16 wrong-type expected a mapping of what is expected, not true'],
  [
    'unit: { "two words": { active: true } }',
    '3:9 bad-subject "two words" cannot be the subject of `unit`: a unit name is letters, digits and : _ . \\ -, or wildcards (`backup-*`); of a template, name an instance (`getty@tty1`)',
  ],
  [
    'unit: { nginx: { active: true, within: soon } }',
    '3:40 bad-value expected a duration such as 90s, 3m or 14d, not "soon"',
  ],
  ['unit: { nginx: { active: true, every: 0s } }', '3:39 bad-value `every` is a time to come, longer than 0'],
  ['unit: { nginx: { active: true, timeout: -3s } }', '3:41 bad-value `timeout` is a time to come, longer than 0'],
  [
    'unit: { nginx: { active: true, only: [prod] } }',
    '3:39 undefined-target there is no target "prod" (did you mean "production"?)',
  ],
  [
    'unit: { nginx: { active: true, except: stagng } }',
    '3:40 undefined-target there is no target "stagng" (targets are: vm, production)',
  ],
  ['unit: { nginx: { active: true, only: [] } }', '3:38 bad-value `only` names no target'],
  ['unit: { nginx: { active: true, severity: fatal } }', '3:42 bad-value expected one of error, warning, not "fatal"'],
  ['unit: { nginx: { active: true, tags: { a: b } } }', '3:38 wrong-type expected a list of strings, not a mapping'],
  [
    'unit: { nginx: { active: { per-target: { prod: true } } } }',
    '3:42 undefined-target there is no target "prod" (did you mean "production"?)',
  ],
  ['unit: { nginx: { active: { per-target: {} } } }', '3:40 vacuous-entry `per-target` names no target'],
  [
    'unit: { nginx: { active: { per-target: true } } }',
    '3:40 wrong-type expected a mapping of targets to what is expected there, not true',
  ],
  [
    'unit: { nginx: { restarts: { per-target: { vm: 1 }, ge: 1 } } }',
    '3:53 unknown-matcher nothing can stand beside `per-target` (put it into each of its branches, or both under `and`)',
  ],
  [
    'unit: { nginx: { active: { per-target: { vm: maybe, production: true } } } }',
    '3:46 bad-value expected true or false, not "maybe"',
  ],
  ['unit: { nginx: { wanted-by: [[a]] } }', '3:30 wrong-type expected a string, not a list'],
  [
    'unit: { nginx: { wanted-by: { contain-elements: [] } } }',
    '3:49 vacuous-entry `contain-elements` of nothing asserts nothing',
  ],
  [
    'unit: { nginx: { wanted-by: { contain-element: { have-prefx: a } } } }',
    '3:50 unknown-matcher there is no matcher "have-prefx" (did you mean "have-prefix"?)',
  ],
  ['unit: { nginx: { user: [a] , active: true } }', '3:24 wrong-type expected a string, not a list'],
  [
    'unit: { nginx: { result: { match-regexp: "a(b" } } }',
    '3:42 bad-regexp not a regular expression of RE2: missing closing ): `a(b`',
  ],
  [
    'unit: { nginx: { status-text: { have-patterns: ["/ok/", "/a(/"] } } }',
    '3:57 bad-regexp not a regular expression of RE2: missing closing ): `a(`',
  ],
  [
    'command: { uname: { stdout: [] } }',
    '3:29 vacuous-entry an empty list of patterns asserts nothing (for empty text write "")',
  ],
  [
    'command: { uname: { stdout: ["/[/"] } }',
    '3:30 bad-regexp not a regular expression of RE2: missing closing ]: `[`',
  ],
  ['command: { uname: { stdout: { and: [] } } }', '3:36 vacuous-entry `and` of nothing asserts nothing'],
  ['command: { uname: { stdout: { or: Linux } } }', '3:35 wrong-type expected a list, not "Linux"'],
  [
    'command: { uname: { stdout: { have-len: { gee: 3 } } } }',
    '3:43 unknown-matcher there is no matcher "gee" (did you mean "ge"?)',
  ],
  [
    'command: { uname: { stdout: { semver-constraint: newest } } }',
    '3:50 bad-range not a semver range such as ">=1.24 <2", "~1.24.3" or "1.x || 2.x"',
  ],
  [
    'command: { uname: { stdout: { gjson: [a] } } }',
    '3:38 wrong-type expected a mapping of paths to what is expected there, not a list',
  ],
  ['command: { uname: { stdout: { not: } } }', '3:31 wrong-type expected text, not nothing'],
  ['command: { uname: { environment: [A=b], exit-status: 0 } }', '3:34 wrong-type expected a mapping, not a list'],
  [
    'http: { "https://web/": { headers: { content-type: { have-prefx: text } } } }',
    '3:54 unknown-matcher there is no matcher "have-prefx" (did you mean "have-prefix"?)',
  ],
  ['http: { "https://web/": { headers: {} } }', '3:36 vacuous-entry an empty mapping asserts nothing'],
  ['http: { "https://web/": { headers: text/html } }', '3:36 wrong-type expected a mapping, not "text/html"'],
  [
    'http: { "https://web/": { status: 200, from: here } }',
    '3:46 bad-value expected one of runner, target, not "here"',
  ],
  [
    'http: { "ftp://web/": { status: 200 } }',
    '3:9 bad-subject "ftp://web/" cannot be the subject of `http`: a URL begins with http:// or https:// and holds no password: give `username` and `password`',
  ],
  [
    'wireguard: { wg0: { peers: { laptop: { fres: true } } } }',
    '3:40 unknown-property `peers` has no property "fres" (did you mean "fresh"?)',
  ],
  ['wireguard: { wg0: { peers: { laptop: {} } } }', '3:30 vacuous-entry "laptop" asserts nothing'],
  [
    'wireguard: { wg0: { peers: { laptop: true } } }',
    '3:38 wrong-type expected a mapping of what is expected, not true',
  ],
  [
    'wireguard: { wg0: { peers: { laptop: { handshake-age: { le: yesterday } } } } }',
    '3:61 bad-value expected a duration such as 90s, 3m or 14d, not "yesterday"',
  ],
  ['file: { /etc/x: { mode: 0989 } }', '3:25 bad-value expected four octal digits such as "0644", not 0989'],
  [
    'file: { etc/x: { exists: true } }',
    '3:9 bad-subject "etc/x" cannot be the subject of `file`: a path begins with / and has at most 4095 characters',
  ],
  ['file: { /etc/x: { exists: 1 } }', '3:27 bad-value expected true or false, not 1'],
  ['mount: { /: { usage: { lt: 90 percent } } }', '3:28 bad-value expected a percentage such as 90%, not "90 percent"'],
  ['system: { sttate: running }', '3:11 unknown-property `system` has no property "sttate" (did you mean "state"?)'],
  ['system:', '3:1 vacuous-entry `system` asserts nothing: it has no properties (for example state: running)'],
  ['system: running', '3:9 wrong-type expected a mapping of what is expected, not "running"'],
  [
    'unit: { nginx: { active: "${on}" } }',
    '3:27 undefined-variable there is no variable "on" (define it under `vars`, or by `--var`; `$${` is a literal `${`)',
  ],
  [
    'vars: { domain: a }\nunit: { "${domian}": { active: true } }',
    '4:10 undefined-variable there is no variable "domian" (did you mean "domain"?)',
  ],
  [
    'unit: { nginx: { status-text: "a ${b c} d" } }',
    '3:34 undefined-variable "b c" is no name of a variable (for a literal `${` (of a shell, say) write `$${`)',
  ],
  [
    'unit: { nginx: { status-text: "a ${b" } }',
    '3:34 bad-variable the `}` of a variable is missing (a variable is `${name}`; `$${` is a literal `${`)',
  ],
  [
    'unit: { nginx: { status-text: "${env.NOT_SET}" } }',
    '3:32 undefined-variable the environment variable NOT_SET is not set',
  ],
  [
    'vars: { a: "${b}", b: "${a}" }\nunit: { nginx: { active: true } }',
    '3:24 bad-variable the variable "a" means itself (a → b → a)',
  ],
  [
    'vars: { a: [x] }\nunit: { nginx: { status-text: "is ${a}" } }',
    '4:35 bad-variable the variable "a" is a list, and so cannot stand inside a text',
  ],
  [
    'vars: { a: }\nunit: { nginx: { status-text: "is ${a}" } }',
    '4:35 bad-variable the variable "a" has no value, and so cannot stand inside a text',
  ],
  ['vars: { on: maybe }\nunit: { nginx: { active: "${on}" } }', '4:26 bad-value expected true or false, not "maybe"'],
  ['vars: { "a b": 1 }\nunit: { nginx: { active: true } }', '3:9 bad-variable "a b" cannot be the name of a variable'],
  ['vars: 5\nunit: { nginx: { active: true } }', '3:7 wrong-type expected a mapping, not 5'],
  [
    'unit: { nginx: { active: ${on} } }',
    '3:26 yaml-syntax inside braces and brackets a variable needs quotes (write "${on}")',
  ],
  [
    'unit: { nginx: { active: true, active: false } }',
    '3:32 duplicate-key the key "active" is here twice (it first stands in line 3, column 18)',
  ],
  [
    'unit: { nginx: { active: true } }\nunit: { sshd: { active: true } }',
    '4:1 duplicate-key the key "unit" is here twice (it first stands in line 3, column 1)',
  ],
  ['unit: { nginx: *a }', '3:16 bad-alias there is no anchor &a'],
  ['unit: { nginx: &a { active: *a } }', '3:29 bad-alias *a stands inside what it means'],
  ['unit: { nginx: { <<: 5, active: true } }', '3:18 bad-alias `<<` merges a mapping or a list of mappings'],
  ['unit: { [a]: { active: true } }', '3:9 wrong-type a key is a word or text, not a list or mapping'],
  [
    'unit: { nginx: { active: true }',
    '3:32 yaml-syntax flow map in block collection must be sufficiently indented and end with a }',
  ],
  ['unit:\n\tnginx: { active: true }', '4:1 yaml-syntax tabs are not allowed as indentation'],
  ['unit: { nginx: { active: !yes true } }', '3:26 yaml-syntax unresolved tag: !yes'],
  [
    'unit: { nginx: { active: true } }\n---\nunit: {}',
    '4:1 several-documents a file is one YAML document (put the second into a file of its own, and that under `include`)',
  ],
  [
    'defaults: { withn: 3s }\nunit: { nginx: { active: true } }',
    '3:13 unknown-key there is no key "withn" here (did you mean "within"?)',
  ],
  [
    'defaults: { within: soon }\nunit: { nginx: { active: true }, sshd: { active: true } }',
    '3:21 bad-value expected a duration such as 90s, 3m or 14d, not "soon"',
  ],
  [
    'defaults: { http: { form: target } }\nunit: { nginx: { active: true } }',
    '3:21 unknown-key there is no key "form" here (did you mean "from"?)',
  ],
  [
    'include: [missing.yaml]\nunit: { nginx: { active: true } }',
    '3:11 include-not-found there is no file "missing.yaml" (paths are relative to <folder>)',
  ],
  [
    'include: ["missing/*.yaml"]\nunit: { nginx: { active: true } }',
    '3:11 include-not-found no file matches "missing/*.yaml" (paths are relative to <folder>)',
  ],
  ['include: { a: b }\nunit: { nginx: { active: true } }', '3:10 wrong-type expected a list, not a mapping'],
  ['', '1:1 empty-spec the spec asserts nothing (for example: unit: { nginx: { active: true } })'],
  ['secrets: { A: token }\nunit: { nginx: { active: true } }', '3:15 wrong-type expected a mapping, not "token"'],
  [
    'secrets: { A: {} }\nunit: { nginx: { active: true } }',
    '3:15 bad-secret a secret needs `env`, `file` or `command` (for example { env: DB_PASSWORD }, { file: db.password } or { command: pass show db })',
  ],
  [
    'secrets: { A: { env: X, file: x } }\nunit: { nginx: { active: true } }',
    '3:25 bad-secret a secret comes from one of `env`, `file` and `command`; it has `env` already',
  ],
  [
    'secrets: { A: { enb: X } }\nunit: { nginx: { active: true } }',
    '3:17 unknown-key there is no key "enb" here (did you mean "env"?)',
  ],
  [
    'secrets: { A: { env: "${env.X}" } }\nunit: { nginx: { active: true } }',
    '3:23 undefined-variable the environment variable X is not set',
  ],
  [
    'secrets: { A: { env: $X } }\nunit: { nginx: { active: true } }',
    '3:22 bad-secret expected the name of an environment variable',
  ],
  ['secrets: { A: { file: "" } }\nunit: { nginx: { active: true } }', '3:23 bad-secret it is empty'],
  ['secrets: { A: { command: [] } }\nunit: { nginx: { active: true } }', '3:26 bad-secret the command is empty'],
  [
    'secrets: { A: { command: x, timeout: 0 } }\nunit: { nginx: { active: true } }',
    '3:38 bad-value `timeout` is longer than 0',
  ],
  [
    'secrets: { 1a: { env: A } }\nunit: { nginx: { active: true } }',
    '3:12 bad-secret "1a" cannot be the name of a secret',
  ],
  [
    'secrets: { A: { env: A }, B: { command: "x ${secret.A}" } }\nunit: { nginx: { active: true } }',
    '3:44 bad-secret a secret cannot stand here: how a target is reached, and where a secret comes from, is shown',
  ],
  [
    'secrets: { TOKEN: { env: A } }\nunit: { nginx: { status-text: "a ${secret.TOKN}" } }',
    '4:34 undefined-secret there is no secret "TOKN" (did you mean "TOKEN"?)',
  ],
  [
    'unit: { nginx: { status-text: "${secret.TOKEN}" } }',
    '3:32 undefined-secret there is no secret "TOKEN" (define it under `secrets`)',
  ],
  [
    'secrets: { A: { env: A } }\nunit: { nginx: { restarts: "${secret.A}" } }',
    '4:28 bad-secret a secret is text, and cannot stand where a number is needed',
  ],
  [
    'secrets: { A: { env: A } }\nhttp: { "https://a/": { status: 200, timeout: "1${secret.A}" } }',
    '4:47 bad-secret a secret is text, and cannot stand where a duration such as 90s, 3m or 14d is needed',
  ],
  [
    'secrets: { A: { env: A } }\nhttp: { "https://a/": { status: 200, from: "${secret.A}" } }',
    '4:44 bad-value expected one of runner, target, not "${secret.A}"',
  ],
];

/** The same, of whole files. */
export const wholeFiles: readonly (readonly [text: string, told: string])[] = [
  [
    'targets: { a: { local: true } }\nunit: { nginx: { active: true } }',
    '1:1 missing-key `version` is missing (a spec begins with `version: 1`)',
  ],
  [
    'version: 2\ntargets: { a: { local: true } }\nunit: { nginx: { active: true } }',
    '1:10 bad-value expected 1, the version of the language, not 2',
  ],
  [
    'version: 1\nunit: { nginx: { active: true } }',
    '1:1 no-targets there is no target to verify (for example: targets: { production: { ssh: root@web.example.org } })',
  ],
  [
    'version: 1\ntargets: {}\nunit: { nginx: { active: true } }',
    '1:1 no-targets there is no target to verify (for example: targets: { production: { ssh: root@web.example.org } })',
  ],
  ['', '1:1 empty-spec the file is empty (a spec begins with `version: 1`)'],
  ['- a', '1:1 wrong-type a spec is a mapping, not a list (a spec begins with `version: 1`)'],
  ['hello', '1:1 wrong-type a spec is a mapping, not "hello" (a spec begins with `version: 1`)'],
];

/** The same, of targets: the text stands in line 2, from column 12 on. */
export const targetMistakes: readonly (readonly [text: string, told: string])[] = [
  [
    'a: {}',
    '2:12 bad-target a target needs `ssh`, `local` or `vm` (for example { ssh: root@web.example.org }, { local: true } or { vm: { flake: ".#web" } })',
  ],
  [
    'a:',
    '2:12 bad-target a target needs `ssh`, `local` or `vm` (for example { ssh: root@web.example.org }, { local: true } or { vm: { flake: ".#web" } })',
  ],
  [
    'a: { sudo: true }',
    '2:12 bad-target a target needs `ssh`, `local` or `vm` (for example { ssh: root@web.example.org }, { local: true } or { vm: { flake: ".#web" } })',
  ],
  [
    'a: { ssh: x, local: true }',
    '2:25 bad-target a target is reached by one of `ssh`, `local` and `vm`; it has `ssh` already',
  ],
  ['a: { ssh: "" }', '2:22 bad-target there is no host in it'],
  [
    'a: { ssh: "-oProxyCommand=x" }',
    '2:22 bad-target a host does not begin with "-" (options have keys of their own: ssh: { host: …, user: …, port: …, identity-file: …, known-hosts: …, config: …, jump: … })',
  ],
  [
    'a: { ssh: "web -p 22" }',
    '2:22 bad-target a host has no spaces in it (options have keys of their own: ssh: { host: …, user: …, port: …, identity-file: …, known-hosts: …, config: …, jump: … })',
  ],
  ['a: { ssh: "web:22" }', '2:22 bad-target a port cannot stand here (write ssh://web:22)'],
  ['a: { ssh: "ssh://web:99999" }', '2:22 bad-target a port is 1 to 65535'],
  ['a: { ssh: "ssh://[fe80::zz]" }', '2:22 bad-target fe80::zz is no IPv6 address'],
  ['a: { ssh: { user: root } }', '2:22 missing-key the `host` of `ssh` is missing'],
  ['a: { ssh: { host: web, port: 0 } }', '2:41 bad-value expected a port, 1 to 65535'],
  ['a: { ssh: { host: web, prot: 22 } }', '2:35 unknown-key there is no key "prot" here (did you mean "port"?)'],
  ['a: { ssh: { host: web, user: "-x" } }', '2:41 bad-target "-x" is no user'],
  ['a: { ssh: [web] }', '2:22 wrong-type expected a string, not a list'],
  ['a: { local: maybe }', '2:24 bad-value expected true or false, not "maybe"'],
  [
    'a: { local: false }',
    '2:12 bad-target a target needs `ssh`, `local` or `vm` (for example { ssh: root@web.example.org }, { local: true } or { vm: { flake: ".#web" } })',
  ],
  ['a: { local: true, transport: mosh }', '2:41 bad-value expected one of ssh2, openssh, not "mosh"'],
  ['a: { local: true, compare-with: b }', '2:44 undefined-target there is no target "b" (targets are: a)'],
  ['a: { local: true, sudoo: true }', '2:30 unknown-key there is no key "sudoo" here (did you mean "sudo"?)'],
  ['a: { vm: .#web }', '2:21 wrong-type expected a mapping, not ".#web"'],
  [
    'a: { vm: { flake: .#web, memory: lots } }',
    '2:45 bad-value expected a size such as 512MiB, 4G or 1200 (bytes), not "lots"',
  ],
  [
    'default: { local: true }',
    '2:12 bad-target "default" cannot be the name of a target (letters, digits and . _ -, but not "default")',
  ],
  [
    '"a b": { local: true }',
    '2:12 bad-target "a b" cannot be the name of a target (letters, digits and . _ -, but not "default")',
  ],
  [
    'a: { ssh: "root@${secret.A}" }',
    '2:28 bad-secret a secret cannot stand here: how a target is reached, and where a secret comes from, is shown',
  ],
  ['a: { local: true, secrets: [a] }', '2:39 wrong-type expected a mapping, not a list'],
  ['a: { local: true, vars: [a] }', '2:36 wrong-type expected a mapping, not a list'],
  [
    'a: web.example.org',
    '2:15 wrong-type expected a mapping, not "web.example.org" (perhaps { ssh: web.example.org })',
  ],
];

/** A spec of the text of a target. */
export function specOfTarget(text: string): string {
  return `version: 1\ntargets: { ${text} }\nunit: { nginx: { active: true } }`;
}

/** All of them as whole specs. */
export const mistakenSpecs: readonly (readonly [spec: string, told: string])[] = [
  ...mistakes.map(([text, told]) => [specOf(text), told] as const),
  ...wholeFiles,
  ...targetMistakes.map(([text, told]) => [specOfTarget(text), told] as const),
];
