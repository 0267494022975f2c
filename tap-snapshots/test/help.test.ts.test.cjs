/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/help.test.ts > TAP > completion --help > must match snapshot 1`] = `
Examples:
  source <(nixspec completion bash)   in ~/.bashrc
  source <(nixspec completion zsh)    in ~/.zshrc, behind compinit
  nixspec completion fish | source    in ~/.config/fish/config.fish

Usage: nixspec completion [options] <shell>

Print what makes a shell complete nixspec: commands, options, targets, tags,
runs.

Arguments:
  shell           bash, zsh, fish

Options:
  --color <when>  auto, always or never (NO_COLOR is honoured)
  -h, --help      display help for command

`

exports[`test/help.test.ts > TAP > init --help > must match snapshot 1`] = `
Examples:
  nixspec init
      write nixspec.yaml for the flake of this folder
  nixspec init --host web --ssh root@web.example.org
      ask nothing that is said
  nixspec init --discover
      and add what runs on the server now

Usage: nixspec init [options]

Write a first spec: finds the flake and its hosts, asks what it cannot find.

Options:
  -s, --spec <file>        the spec to write (default: nixspec.yaml)
  --flake <flakeref>       the flake, and the host in it: .#web (default: that
                           of this folder, or above it)
  --host <host>            a host of the flake; may be repeated
  --ssh <destination>      what one types after ssh; of several hosts:
                           host=destination
  --discover               look at the running server, and add what runs there
  --vscode                 write .vscode/settings.json and extensions.json too
  -y, --yes                ask nothing: take what one would be offered
  -f, --force              overwrite the spec that is there
  -F, --ssh-config <file>  as \`ssh -F\`, for --discover
  --color <when>           auto, always or never (NO_COLOR is honoured)
  -h, --help               display help for command

`
