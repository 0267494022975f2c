# A toplevel in the shape of NixOS's, of raw derivations. `spec` is JSON; see NixosSystem in ../../nixos-lab.ts.
{ spec }:
let
  given = builtins.fromJSON spec;
  label = given.label;
  shell = name: env: script: derivation ({
    inherit name;
    system = "x86_64-linux";
    builder = "/bin/sh";
    args = [ "-ec" script ];
    PATH = "/usr/bin:/bin";
  } // env);
  # Parts with paths of their own, so that two systems share them or differ, and the garbage collector has references.
  part = name: version: shell "${name}-${version}" { } "mkdir -p $out/lib/modules/${version}; echo ${version} >$out/image";
  kernel = part "linux" (given.kernel or "6.12.1");
  initrd = part "initrd" (given.initrd or "1");
  modules = part "kernel-modules" (given.kernel or "6.12.1");

  service = text: "[Unit]\n${text}\n[Install]\nWantedBy=multi-user.target\n";
  daemon = text: service "After=network.target\n[Service]\n${text}";
  oneshot = text: service "[Service]\nType=oneshot\nRemainAfterExit=yes\n${text}";
  basic = {
    "network-addresses-eth0.service" = service ''
      Before=network.target
      [Service]
      Type=oneshot
      RemainAfterExit=yes
      ExecStart=/bin/sh -c 'read -r address </etc/lab-address; ip link set eth0 up; ip addr replace "$address" dev eth0'
      ExecStop=/bin/sh -c 'read -r address </etc/lab-address; ip addr del "$address" dev eth0'
    '';
    "firewall.service" = oneshot ''
      ExecStart=/usr/sbin/nft -f /etc/static/firewall.nft
      ExecStop=/usr/sbin/nft flush ruleset
    '';
    # Sessions outlive a restart, as with NixOS's sshd.service.
    "sshd.service" = daemon ''
      ExecStartPre=/bin/mkdir -p /run/sshd
      ExecStart=/usr/sbin/sshd -D
      KillMode=process
      Restart=always
    '';
    # Its text changes with the generation, so that a switch restarts it.
    "web.service" = daemon ''
      Environment=GENERATION=${label}
      ExecStart=/usr/sbin/nginx -c /etc/static/web/nginx.conf
    '';
  };
  units = basic // (given.units or { });
  unitFiles = builtins.concatStringsSep "\n" (map
    (name: "cp ${builtins.toFile "unit" units.${name}} $out/systemd/system/${name}; ln -s ../${name} $out/systemd/system/multi-user.target.wants/${name}")
    (builtins.filter (name: units.${name} != null) (builtins.attrNames units)));
  nginx = builtins.toFile "nginx.conf" ''
    daemon off; pid /run/web.pid; error_log stderr; worker_processes 1;
    events { worker_connections 64; }
    http { access_log off; server { listen 80 default_server; location / { return ${given.web or "200"} "${label}\n"; } } }
  '';
  firewall = builtins.toFile "firewall.nft" ''
    flush ruleset
    table inet firewall {
      chain input {
        type filter hook input priority 0; policy accept;
        ${given.firewall or ""}
      }
    }
  '';
  etc = shell "etc" { } ''
    mkdir -p $out/systemd/system/multi-user.target.wants $out/web
    ${unitFiles}
    cp ${nginx} $out/web/nginx.conf
    cp ${firewall} $out/firewall.nft
  '';
  sw = shell "system-path" { tools = given.tools or ""; } ''
    mkdir -p $out/bin
    for dir in /usr/sbin /usr/bin; do
      for tool in "$dir"/*; do ln -sfn "$tool" "$out/bin/''${tool##*/}"; done
    done
    sed 's/@label@/${label}/g' ${./nixos-version} >$out/bin/nixos-version
    cp ${./bootctl} $out/bin/bootctl.new && mv $out/bin/bootctl.new $out/bin/bootctl
    for tool in $tools; do rm -f $out/bin/$tool; printf '#!/bin/sh\nexit 1\n' >$out/bin/$tool; chmod +x $out/bin/$tool; done
    chmod +x $out/bin/nixos-version $out/bin/bootctl
  '';
  text = name: value: builtins.toFile name "${value}\n";
  specialisations = builtins.concatStringsSep "\n" (map
    (name: "ln -s ${import ./system.nix { spec = builtins.toJSON (given.specialisations.${name} // { inherit name; }); }} $out/specialisation/${name}")
    (builtins.attrNames (given.specialisations or { })));
in
shell "nixos-system-lab-25.11.${label}" { inherit etc sw kernel initrd modules; } ''
  mkdir -p $out/bin $out/specialisation
  ln -s $etc $out/etc
  ln -s $sw $out/sw
  ln -s $kernel/image $out/kernel
  ln -s $initrd/image $out/initrd
  ln -s $modules $out/kernel-modules
  sed "s|@out@|$out|g" ${./activate} >$out/activate
  sed "s|@out@|$out|g" ${./switch-to-configuration} >$out/bin/switch-to-configuration
  printf '#!/bin/sh\n' >$out/init
  chmod +x $out/activate $out/bin/switch-to-configuration $out/init
  cp ${text "before" (given.activationBefore or ":")} $out/activation-before
  cp ${text "after" (given.activationAfter or ":")} $out/activation-after
  ${if given ? preSwitchCheck then "cp ${text "check" given.preSwitchCheck} $out/pre-switch-check" else ""}
  ${if given.bootLoaderFails or false then ": >$out/boot-loader-fails" else ""}
  ${if given.reexecs or false then ": >$out/reexecs" else ""}
  printf %s 25.11.${label} >$out/nixos-version
  printf %s x86_64-linux >$out/system
  echo '${given.kernelParams or "loglevel=4"}' >$out/kernel-params
  echo 'systemd ${given.initInterface or "257"}' >$out/init-interface-version
  echo '${builtins.toJSON (given.inhibitors or { })}' >$out/switch-inhibitors
  ${specialisations}
''
