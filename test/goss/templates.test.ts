import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { renderTemplate } from '../../src/goss/template-run.js';
import { TemplateError } from '../../src/goss/template-value.js';
import { readVars } from '../../src/goss/vars.js';

/** What Goss makes of these was taken from `goss render --debug`; where `GOSS` names the program, it is asked again. */
const goss = process.env.GOSS;

const vars = `
name: web
port: 8080
ratio: 1.5
on: true
off: false
empty: ""
list: [a, b, c]
none: []
map: { b: 2, a: 1 }
db: { host: db.internal, ports: [5432, 5433] }
octal: 0644
text: "one two"
`;

const table: readonly (readonly [template: string, text: string])[] = [
  ['plain # {not} a template', 'plain # {not} a template'],
  ['{{ .Vars.name }}', 'web'],
  ['{{.Vars.port}}-{{.Vars.ratio}}-{{.Vars.on}}', '8080-1.5-true'],
  ['{{ .Vars.db.host }}', 'db.internal'],
  ['{{ index .Vars "name" }}', 'web'],
  ['{{ index .Vars.db "ports" 1 }}', '5433'],
  ['{{ (index .Vars "db").host }}', 'db.internal'],
  ['{{ .Vars.list }} {{ .Vars.map }}', '[a b c] map[a:1 b:2]'],
  ['{{ .Vars.octal }}', '420'],
  ['{{ if .Vars.on }}yes{{ else }}no{{ end }}', 'yes'],
  ['{{ if .Vars.off }}yes{{ else }}no{{ end }}', 'no'],
  ['{{ if .Vars.empty }}yes{{ else if .Vars.on }}other{{ else }}no{{ end }}', 'other'],
  ['{{ if .Vars.none }}yes{{ end }}', ''],
  ['{{ if eq .Vars.name "web" }}yes{{ end }}', 'yes'],
  ['{{ if eq .Vars.name "a" "web" }}yes{{ end }}', 'yes'],
  ['{{ if ne .Vars.name "web" }}yes{{ end }}', ''],
  ['{{ if and .Vars.on (not .Vars.off) }}yes{{ end }}', 'yes'],
  ['{{ if or .Vars.off .Vars.empty "x" }}yes{{ end }}', 'yes'],
  ['{{ or .Vars.empty "fallback" }} {{ and .Vars.name "both" }}', 'fallback both'],
  ['{{ if gt .Vars.port 80 }}high{{ end }}{{ if le .Vars.port 80 }}low{{ end }}', 'high'],
  ['{{ range .Vars.list }}<{{ . }}>{{ end }}', '<a><b><c>'],
  ['{{ range $i, $v := .Vars.list }}{{ $i }}={{ $v }} {{ end }}', '0=a 1=b 2=c '],
  ['{{ range $k, $v := .Vars.map }}{{ $k }}={{ $v }} {{ end }}', 'a=1 b=2 '],
  ['{{ range .Vars.none }}x{{ else }}nothing{{ end }}', 'nothing'],
  ['{{ range mkSlice "/etc/passwd" "/etc/group" }}{{ . | toUpper }} {{ end }}', '/ETC/PASSWD /ETC/GROUP '],
  ['{{ range .Vars.list }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ . }}{{ end }}', 'ac'],
  ['{{ range .Vars.list }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}', 'a'],
  ['{{ range .Vars.list }}{{ $.Vars.name }}{{ end }}', 'webwebweb'],
  ['{{ with .Vars.db }}{{ .host }}{{ end }}', 'db.internal'],
  ['{{ with .Vars.empty }}x{{ else }}none{{ end }}', 'none'],
  ['{{ with $x := .Vars.name }}{{ $x }}{{ end }}', 'web'],
  ['{{ $x := "a" }}{{ if true }}{{ $x = "b" }}{{ end }}{{ $x }}', 'b'],
  ['{{ $x := "a" }}{{ if true }}{{ $x := "b" }}{{ end }}{{ $x }}', 'a'],
  ['a {{- .Vars.name -}} b', 'awebb'],
  ['a\n  {{- if true }}\n  b\n  {{- end }}\nc', 'a\n  b\nc'],
  ['a{{/* a comment */}}b{{- /* another */ -}} c', 'abc'],
  ['{{ "quoted \\"text\\"" }} {{ `raw }} text` }}', 'quoted "text" raw }} text'],
  ['{{ .Vars.name | quote }} {{ .Vars.name | squote }}', '"web" \'web\''],
  ['{{ .Vars.name | upper | repeat 2 }}', 'WEBWEB'],
  ['{{ printf "%s:%d" .Vars.name .Vars.port }}', 'web:8080'],
  ['{{ printf "%05d|%-5s|%5.2f|%q|%v|%%" 42 "ab" 1.5 "x" .Vars.list }}', '00042|ab   | 1.50|"x"|[a b c]|%'],
  ['{{ .Vars.empty | default "usual" }} {{ default "usual" .Vars.name }}', 'usual web'],
  ['{{ len .Vars.list }} {{ len .Vars.name }} {{ len .Vars.map }}', '3 3 2'],
  ['{{ join "," .Vars.list }} {{ .Vars.list | first }} {{ .Vars.list | last }}', 'a,b,c a c'],
  ['{{ toJson .Vars.db }}', '{"host":"db.internal","ports":[5432,5433]}'],
  ['{{ has "b" .Vars.list }} {{ hasKey .Vars.map "z" }}', 'true false'],
  ['{{ keys .Vars.map | sortAlpha | join "," }}', 'a,b'],
  ['{{ contains "e" .Vars.name }} {{ hasPrefix "we" .Vars.name }} {{ hasSuffix "x" .Vars.name }}', 'true true false'],
  [
    '{{ trim "  x " }}|{{ trimSuffix ".md" "a.md" }}|{{ trimPrefix "a" "ab" }}|{{ replace "o" "0" "foo" }}',
    'x|a|b|f00',
  ],
  ['{{ splitList " " .Vars.text | join "+" }}', 'one+two'],
  ['{{ if regexMatch "^w.b$" .Vars.name }}yes{{ end }}', 'yes'],
  ['{{ add 1 2 3 }} {{ sub 5 2 }} {{ mul 2 3 }} {{ div 7 2 }} {{ mod 7 2 }} {{ add1 1 }}', '6 3 6 3 1 2'],
  ['{{ range until 3 }}{{ . }}{{ end }} {{ range untilStep 0 6 2 }}{{ . }}{{ end }}', '012 024'],
  ['{{ ternary "y" "n" .Vars.on }} {{ coalesce .Vars.empty .Vars.name }}', 'y web'],
  ['{{ list "x" "y" | join "-" }} {{ (dict "k" "v").k }} {{ get (dict "k" "w") "k" }}', 'x-y v w'],
  ['{{ "a" | b64enc }} {{ sha256sum "a" | trunc 8 }}', 'YQ== ca978112'],
  ['{{ title "hello world" }} {{ substr 0 3 "abcdef" }} {{ nospace "a b" }}', 'Hello World abc ab'],
  [
    '{{ semverCompare ">=1.7.0, <2" "1.7.2" }} {{ semverCompare "^2.0" "1.9.9" }} {{ semverCompare "~1.2" "v1.2.9" }}',
    'true false true',
  ],
  ['{{ range index .Vars "nowhere" }}x{{ else }}none{{ end }} {{ index .Vars.db "no" }}', 'none <no value>'],
  ['{{ if index .Vars "nowhere" }}x{{ end }}', ''],
  ['x{{ "a\\nb" | nindent 2 }}', 'x\n  a\n  b'],
  ['{{ 0x10 }} {{ 1.50 }} {{ true }} {{ atoi "12" }} {{ int "7" }}', '16 1.5 true 12 7'],
  ['{{ getEnv "NIXSPEC_NOT_SET" "usual" | printf "%s" | len }}', '5'],
];

const known = readVars('vars.yaml', vars).vars;
const env = {};

t.test('templates, as Goss works them out', async (t) => {
  for (const [template, text] of table) {
    const rendered = renderTemplate(template, { vars: known, env });
    t.equal(rendered.text, text, template);
    t.same(rendered.gaps, [], template);
  }
});

t.test(
  'what is on record is what Goss says',
  { skip: goss === undefined && 'GOSS does not name the program' },
  async (t) => {
    const folder = t.testdir({ 'vars.yaml': vars });
    for (const [at, [template, text]] of table.entries()) {
      const file = join(folder, `${at}.yaml`);
      // In a block of text nothing of it is YAML.
      writeFileSync(file, `matching:\n  x:\n    matches: a\n    content: b\n# ${'BEGIN'}${template}${'END'}\n`);
      const words = ['-g', file, '--vars', join(folder, 'vars.yaml'), 'render', '--debug'];
      const { stdout } = await promisify(execFile)(goss ?? '', words).catch((error: { stdout: string }) => error);
      t.equal(/BEGIN([\s\S]*)END/.exec(stdout)?.[1], text, template);
    }
  },
);

t.test('what is not known stays a variable where it is only printed', async (t) => {
  const rendered = renderTemplate(
    'a: {{ .Vars.x }}\nb: {{ .Env.HOME }} {{ .Vars.db.port | quote }}\nc: {{ index .Vars "y z" }}',
    {
      vars: {},
      env: { HOME: '/root' },
    },
  );
  t.strictSame(
    rendered.holes.map(({ hole, start }) => [hole.name, hole.value, start]),
    [
      ['x', undefined, 3],
      ['env.HOME', '/root', 20],
      ['db.port', undefined, 36],
      ['y z', undefined, 67],
    ],
  );
  t.same(rendered.gaps, []);
});

t.test('what cannot be worked out is told, and stays as a comment', async (t) => {
  const cases: readonly (readonly [template: string, text: RegExp, reason: RegExp])[] = [
    [
      'a: 1\n{{ if .Vars.x }}\nb: 2\n{{ end }}\nc: 3\n',
      /^a: 1\n# \{\{ if .Vars.x \}\}\n# b: 2\n# \{\{ end \}\}\nc: 3\n$/,
      /give --vars/,
    ],
    ['{{ range .Vars.x }}\n{{ . }}: 1\n{{ end }}\n', /^# \{\{ range/, /needs the value of .Vars.x/],
    ['a: {{ .Vars.x | upper }}\n', /^a: \uE0F1\uE0F2\n$/, /needs the value of .Vars.x/],
    ['a: {{ readFile "/etc/hostname" }}\n', /^a: \uE0F1/, /readFile reads a file/],
    ['a: {{ now }}\n', /^a: \uE0F1/, /the function now is not carried over/],
    ['{{ define "x" }}\na: 1\n{{ end }}\nb: 2\n', /^# \{\{ define[\s\S]*\nb: 2\n$/, /define/],
    ['a: {{ repeat 100000000 "x" }}\n', /^a: \uE0F1/, /grows too long/],
    ['a: {{ range until 100000000 }}{{ . }}{{ end }}\n', /^a: \uE0F1/, /grows too long/],
    ['{{ if eq (printf "%s-x" .Vars.y) "a-x" }}\na: 1\n{{ end }}\n', /^# \{\{ if eq/, /needs the value of .Vars.y/],
    ['a: {{ div 1 0 }}', /^a: \uE0F1/, /divides by zero/],
    ['a: {{ regexMatch "(" "x" }}', /^a: \uE0F1/, /not a regular expression/],
  ];
  for (const [template, text, reason] of cases) {
    const rendered = renderTemplate(template, { vars: {}, env: {} });
    t.match(rendered.text, text, template);
    t.match(rendered.gaps[0]?.reason, reason, template);
  }
});

t.test('a template that is wrong is an error with its place', async (t) => {
  const cases: readonly (readonly [template: string, message: RegExp, offset: number])[] = [
    ['a\n{{ if', /not closed/, 2],
    ['{{ if true }}a', /no \{\{ end \}\}/, 0],
    ['a{{ end }}', /nothing to belong to/, 1],
    ['{{ ( 1 }}', /not closed/, 3],
    ['{{ 1 | }}', /missing/, 0],
    ['{{ "\\z" }}', /no escape/, 3],
    ['{{ ? }}', /unexpected/, 3],
  ];
  for (const [template, message, offset] of cases) {
    try {
      renderTemplate(template, { vars: {}, env: {} });
      t.fail(template);
    } catch (error) {
      t.ok(error instanceof TemplateError, template);
      t.match((error as Error).message, message, template);
      t.equal((error as TemplateError).offset, offset, template);
    }
  }
});

t.test('every place of the text leads back to its place in the template', async (t) => {
  const template = 'file:\n{{ range mkSlice "/a" "/b" }}\n  {{ . }}: { exists: true }\n{{ end }}\nuser: {}\n';
  const { text, sourceOf } = renderTemplate(template, { vars: {}, env: {} });
  t.equal(sourceOf(text.indexOf('user')), template.indexOf('user'));
  t.equal(sourceOf(text.indexOf('exists')), template.indexOf('exists'));
  t.equal(sourceOf(text.lastIndexOf('exists')), template.indexOf('exists'));
  t.equal(sourceOf(text.indexOf('/b')), template.indexOf('{{ . }}'));
});
