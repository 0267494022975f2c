# What the hosts have for a nixpkgs. Programs are Debian's, in folders by nixpkgs' names (see ../setup.sh); a few are
# stand-ins for what Debian has not, or has another program of that name for.
{ system, lib }:
let
  inherit (import ./build.nix { inherit system lib; }) build write writeScript;
  names = [
    "coreutils" "dnsmasq" "findutils" "gnugrep" "gnused" "gnutar" "gzip" "iproute2" "lego" "openssl" "pebble" "systemd" "wireguard-tools" "xz" "zstd"
  ];
  program = name: text: build name "mkdir -p $out/bin\n${write "$out/bin/${name}" text}chmod +x $out/bin/${name}";
in
lib.genAttrs names (name: "/usr/lib/nixpkgs/${name}")
// {
  inherit system lib writeScript;
  writeText = name: text: build name (write "$out" text);
  writeShellScript = name: text: build name "${write "$out" "#!/bin/bash\n${text}"}chmod +x $out";

  util-linux = build "util-linux" "mkdir -p $out/bin\nln -s /usr/bin/mount /usr/bin/umount $out/bin/";

  # minica --domains NAME --ip-addresses ADDRESS: a CA in the folder that it is started in, and a pair by it.
  minica = program "minica" ''
    #!/bin/sh
    set -e
    name=$2 address=$4
    key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc'
    [ -e minica.pem ] || /usr/bin/openssl req -x509 $key -keyout minica-key.pem -out minica.pem -days 36500 -subj '/CN=minica root ca 0a1b2c' -addext keyUsage=critical,digitalSignature,keyCertSign
    mkdir "$name"
    /usr/bin/openssl req -x509 $key -keyout "$name/key.pem" -out "$name/cert.pem" -days 760 -CA minica.pem -CAkey minica-key.pem -subj "/CN=$name" \
      -addext basicConstraints=critical,CA:FALSE -addext "subjectAltName=DNS:$name,IP:$address"
  '';
}
