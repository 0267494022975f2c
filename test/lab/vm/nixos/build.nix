# Derivations without a nixpkgs: the host's own shell and tools build them, outside any sandbox.
{ system, lib }:
let
  build = name: script: derivation {
    inherit name script system;
    builder = "/bin/sh";
    PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
    passAsFile = [ "script" ];
    args = [ "-c" "set -eu; . \"$scriptPath\"" ];
  };
  # Shell text that writes a file. Not builtins.toFile: that cannot hold the path of anything that is built.
  write = path: text: "printf %s ${lib.escapeShellArg text} >${path}\n";
in
{
  inherit build write;
  writeScript = name: text: build name "${write "$out" "#!/bin/sh\nset -e\n${text}"}chmod +x $out";
}
