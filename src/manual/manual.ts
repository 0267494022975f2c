import { type Command, commandNames, loadCommand } from '../command.js';
import { exitCodeMeanings } from '../error.js';
import { escapeRoff, roffLines, roffTerm, roffText } from './roff.js';

/**
 * The manual page nixspec(1), from the tables of the commands. Sections as man-pages(7) orders them.
 * @param version of nixspec
 * @param date of its making, `2026-11-23`
 */
export async function composeManual(version: string, date: string): Promise<string> {
  const commands = await Promise.all(commandNames().map(loadCommand));
  const sections: readonly (readonly [string, string])[] = [
    ['NAME', 'nixspec \\- verify NixOS servers, before the switch and after it'],
    ['SYNOPSIS', composeSynopsis(commands)],
    ['DESCRIPTION', composeDescription()],
    ['COMMANDS', commands.map(describeCommand).join('\n')],
    [
      'EXIT STATUS',
      Object.entries(exitCodeMeanings)
        .map(([code, text]) => roffTerm(code, `${text}.`))
        .join('\n'),
    ],
    ['ENVIRONMENT', terms(environment)],
    ['FILES', terms(files)],
    ['EXAMPLES', composeExamples()],
    ['SEE ALSO', composeSeeAlso()],
  ];
  const head = [
    '.\\" Made from the tables of the commands by the build; do not edit.',
    `.TH NIXSPEC 1 "${date}" "nixspec ${escapeRoff(version)}" "User Commands"`,
  ];
  return `${[...head, ...sections.map(([title, text]) => `.SH ${title}\n${text}`)].join('\n')}\n`;
}

const environment: readonly (readonly [string, string])[] = [
  ['NO_COLOR', 'Where it is set and not empty there are no colours (no-color.org); `--color` goes before it.'],
  ['TERM', '`dumb` is a terminal without colours and progress.'],
  ['SSH_AUTH_SOCK', 'The agent that has the keys, as for `ssh`.'],
  ['NIX_PATH', 'Where nixpkgs is, for a VM that is built from a `file` in place of a flake.'],
  ['TMPDIR', 'Where the folders of staging VMs are made.'],
  ['NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, NIX_SSL_CERT_FILE', 'Authorities that `http` and `certificate` trust.'],
];

const files: readonly (readonly [string, string])[] = [
  ['nixspec.yaml', 'The spec, where `--spec` names no other.'],
  ['.nixspec/runs/', 'The saved runs, beside the spec; for their owner only.'],
  ['.nixspec/schema.json', 'The JSON Schema that `nixspec init` writes for editors.'],
  ['~/.ssh/config, ~/.ssh/known_hosts', 'How targets are reached, and their host keys, as for `ssh`.'],
];

const examples: readonly (readonly [string, string])[] = [
  ['A first spec for the flake of this folder, and what runs on the server now:', 'nixspec init --discover'],
  ['Does it work in the staging VM?', 'nixspec verify vm'],
  ['Switch, and go back where something breaks:', 'nixspec switch production'],
  ['Verify the server, and compare it with the VM:', 'nixspec verify production'],
  ['What changed between the last two runs:', 'nixspec diff production~1 production'],
];

function composeSynopsis(commands: readonly Command[]): string {
  const lines = commands.map((command) => {
    const words = command.arguments.map(({ name }) => escapeRoff(name));
    return `\\fBnixspec ${escapeRoff(command.name)}\\fP ${['[options]', ...words].join(' ')}`;
  });
  return [...lines, '\\fBnixspec\\fP [\\fB\\-\\-help\\fP | \\fB\\-\\-version\\fP]'].join('\n.br\n');
}

function composeDescription(): string {
  return [
    'A spec says in YAML what works on a server: units, ports, HTTP answers, certificates, DNS, WireGuard.',
    '`nixspec` runs it over SSH against a staging VM that it builds from the flake, then against production after the switch,',
    'and compares the two runs: what broke, what was fixed, what merely differs, what could not be found out.',
  ]
    .map(roffText)
    .concat(
      '.PP',
      roffText('What can stand in a spec, and whatever else has a name, is explained by `nixspec explain`.'),
    )
    .concat(
      '.PP',
      roffText('Only a report, or what was asked for, goes to standard output; the rest goes to standard error.'),
    )
    .join('\n');
}

function describeCommand({ name, summary, arguments: words, options, examples: own }: Command): string {
  const usage = [`\\fBnixspec ${escapeRoff(name)}\\fP`, '[options]', ...words.map((word) => escapeRoff(word.name))];
  return [
    `.SS ${escapeRoff(name)}`,
    usage.join(' '),
    '.PP',
    roffText(`${summary}.`),
    ...own.map(([line, what]) => `.PP\n${roffText(what)}\n.PP\n.RS 4\n.nf\n${roffLines([line])}\n.fi\n.RE`),
    ...words.map((word) => roffTerm(word.name, `${word.summary}.`)),
    ...options.map(({ flags, summary: text, choices }) =>
      roffTerm(flags, choices ? `${text} (${choices.join(', ')}).` : `${text}.`),
    ),
  ].join('\n');
}

function composeExamples(): string {
  return examples
    .map(([what, line]) => `${roffText(what)}\n.PP\n.RS 4\n.nf\n${roffLines([line])}\n.fi\n.RE`)
    .join('\n.PP\n');
}

function terms(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([name, text]) => roffTerm(name, text)).join('\n');
}

function composeSeeAlso(): string {
  const pages = ['nix(1)', 'nixos-rebuild(8)', 'ssh(1)', 'ssh_config(5)', 'systemctl(1)'];
  return pages
    .map((page) =>
      page.replace(/^(.*)\((\d)\)$/, (_, name: string, section: string) => `.BR ${escapeRoff(name)} (${section})`),
    )
    .join(' ,\n');
}
