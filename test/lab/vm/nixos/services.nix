# Services by NixOS's names for them, and no more of each than the test hosts use.
{ config, lib, ... }:
let
  inherit (lib) concatMapStringsSep concatStringsSep escapeShellArg mapAttrs mapAttrsToList mkIf mkMerge mkOption optionalString types;
  section = mkOption { type = types.attrsOf types.anything; default = { }; };
  text = mkOption { type = types.lines; default = ""; };
  strings = mkOption { type = types.listOf types.str; default = [ ]; };
  string = default: mkOption { type = types.nullOr types.str; inherit default; };
  number = default: mkOption { type = types.nullOr types.int; inherit default; };
  switch = default: mkOption { type = types.bool; inherit default; };
  setOf = options: mkOption { type = types.attrsOf (types.submodule { inherit options; }); default = { }; };
  listOf = options: mkOption { type = types.listOf (types.submodule { inherit options; }); default = [ ]; };

  ssh = config.services.openssh;
  sshValue = value: if value == true then "yes" else if value == false then "no" else toString value;
  nginx = config.services.nginx;
  inherit (config.security.acme) certs;
  tunnels = config.networking.wireguard.interfaces;

  server =
    name: host:
    let
      certificate = if host.enableACME then "/var/lib/acme/${name}/fullchain.pem" else host.sslCertificate;
      key = if host.enableACME then "/var/lib/acme/${name}/key.pem" else host.sslCertificateKey;
      default = optionalString host.default " default_server";
      names = concatStringsSep " " ([ name ] ++ host.serverAliases);
    in
    optionalString host.forceSSL ''
      server {
        listen 80${default}; listen [::]:80${default}; server_name ${names};
        ${optionalString host.enableACME "location ^~ /.well-known/acme-challenge/ { root /var/lib/acme/acme-challenge; }"}
        location / { return 301 https://$host$request_uri; }
      }
    ''
    + ''
      server {
        ${if certificate != null then "listen 443 ssl${default}; listen [::]:443 ssl${default}; http2 on; ssl_certificate ${certificate}; ssl_certificate_key ${key};" else "listen 80${default}; listen [::]:80${default};"}
        server_name ${names};
        ${optionalString (host.root != null) "root ${host.root};"}
        ${host.extraConfig}
        ${concatStringsSep "\n  " (mapAttrsToList (path: { return, proxyPass, extraConfig }: "location ${path} { ${optionalString (return != null) "return ${return};"} ${optionalString (proxyPass != null) "proxy_pass ${proxyPass};"} ${extraConfig} }") host.locations)}
      }
    '';

  # Until an order has succeeded, NixOS serves with a pair that a CA of the machine's own has signed; its name is minica's.
  selfSigned = name: cert: ''
    mkdir -p /var/lib/acme
    umask 027
    dir=/var/lib/acme/${name}
    ca=/var/lib/acme/.minica
    mkdir -p "$ca" "$dir"
    cd "$dir"
    [ ! -e acme-success ] || exit 0
    # Several of these run at once, and there is one CA.
    exec 9>"$ca/lock"
    flock 9
    if [ ! -e "$ca/cert.pem" ]; then
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -noenc -keyout "$ca/key.pem" -out "$ca/cert.pem" -days 36500 -subj "/CN=minica root ca $(head -c 3 /dev/urandom | od -An -tx1 | tr -d ' ')"
    fi
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout key.pem -out cert.pem -days 760 \
      -CA "$ca/cert.pem" -CAkey "$ca/key.pem" -subj ${escapeShellArg "/CN=${name}"} -addext basicConstraints=critical,CA:FALSE \
      -addext ${escapeShellArg "subjectAltName=${concatMapStringsSep "," (domain: "DNS:${domain}") ([ name ] ++ cert.extraDomainNames)}"}
    cp "$ca/cert.pem" chain.pem
    cat cert.pem chain.pem >fullchain.pem
    cat key.pem fullchain.pem >full.pem
    chown -R acme:${cert.group} "$dir"
  '';
  acmeService = name: cert: lib.nameValuePair "acme-${name}" {
    description = "Ensure certificate for ${name}";
    wantedBy = [ "multi-user.target" ];
    before = lib.optionals nginx.enable [ "nginx.service" ];
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = selfSigned name cert;
  };

  wireguardService = name: tunnel: lib.nameValuePair "wireguard-${name}" {
    description = "WireGuard Tunnel - ${name}";
    wantedBy = [ "multi-user.target" ];
    after = [ "network-pre.target" ];
    before = [ "network.target" ];
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; ExecStop = "/usr/sbin/ip link del dev ${name}"; };
    script = ''
      ${optionalString tunnel.generatePrivateKeyFile ''
        mkdir -p "$(dirname ${tunnel.privateKeyFile})"
        [ -e ${tunnel.privateKeyFile} ] || (umask 077; wg genkey >${tunnel.privateKeyFile})
      ''}
      ip link add dev ${name} type wireguard
      wg set ${name} private-key ${tunnel.privateKeyFile} ${optionalString (tunnel.listenPort != null) "listen-port ${toString tunnel.listenPort}"}
      ${concatMapStringsSep "\n" (address: "ip address add ${address} dev ${name}") tunnel.ips}
      ip link set ${name} mtu 1420 up
      ${concatMapStringsSep "\n" (peer: "wg set ${name} peer ${escapeShellArg peer.publicKey} allowed-ips ${escapeShellArg (concatStringsSep "," peer.allowedIPs)}${optionalString (peer.endpoint != null) " endpoint ${escapeShellArg peer.endpoint}"}${optionalString (peer.persistentKeepalive != null) " persistent-keepalive ${toString peer.persistentKeepalive}"}") tunnel.peers}
      ${tunnel.postSetup}
    '';
  };
in
{
  options = {
    services.openssh = {
      enable = switch false;
      ports = mkOption { type = types.listOf types.port; default = [ 22 ]; };
      openFirewall = switch true;
      hostKeys = mkOption { type = types.listOf (types.attrsOf types.anything); default = [ { type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; } ]; };
      authorizedKeysFiles = strings;
      settings = section;
      extraConfig = text;
    };
    users.users = setOf { openssh.authorizedKeys.keys = strings; };
    services.nginx = {
      enable = switch false;
      appendHttpConfig = text;
      virtualHosts = setOf {
        default = switch false;
        serverAliases = strings;
        enableACME = switch false;
        forceSSL = switch false;
        sslCertificate = string null;
        sslCertificateKey = string null;
        root = string null;
        extraConfig = text;
        locations = setOf { return = string null; proxyPass = string null; extraConfig = text; };
      };
    };
    security.acme = {
      acceptTerms = switch false;
      defaults.email = string null;
      defaults.server = string null;
      certs = setOf { extraDomainNames = strings; group = mkOption { type = types.str; default = "acme"; }; };
    };
    networking.wireguard.enable = switch true;
    networking.wireguard.interfaces = setOf {
      ips = strings;
      listenPort = number null;
      privateKeyFile = string null;
      generatePrivateKeyFile = switch false;
      postSetup = text;
      peers = listOf { name = string null; publicKey = string null; allowedIPs = strings; endpoint = string null; persistentKeepalive = number null; };
    };
  };

  config = mkMerge [
    (mkIf ssh.enable {
      users.users.root = { };
      services.openssh.authorizedKeysFiles = [ "%h/.ssh/authorized_keys" "/etc/ssh/authorized_keys.d/%u" ];
      services.openssh.settings = mapAttrs (_: lib.mkDefault) { PermitRootLogin = "prohibit-password"; PasswordAuthentication = false; KbdInteractiveAuthentication = false; UsePAM = true; };
      environment.etc =
        {
          "ssh/sshd_config".text =
            concatMapStringsSep "" (port: "Port ${toString port}\n") ssh.ports
            + concatMapStringsSep "" ({ path, ... }: "HostKey ${path}\n") ssh.hostKeys
            + "AuthorizedKeysFile ${concatStringsSep " " ssh.authorizedKeysFiles}\nSubsystem sftp /usr/lib/openssh/sftp-server\n"
            + concatStringsSep "" (mapAttrsToList (name: value: "${name} ${sshValue value}\n") ssh.settings)
            + ssh.extraConfig;
        }
        // lib.mapAttrs' (user: { openssh, ... }: lib.nameValuePair "ssh/authorized_keys.d/${user}" { text = concatMapStringsSep "" (key: key + "\n") openssh.authorizedKeys.keys; }) config.users.users;
      systemd.services.sshd-keygen = {
        description = "SSH Host Keys Generation";
        before = [ "sshd.service" ];
        serviceConfig.Type = "oneshot";
        script = concatMapStringsSep "\n" ({ path, type, ... }: "[ -s ${path} ] || ssh-keygen -q -t ${type} -N '' -f ${path}") ssh.hostKeys;
      };
      systemd.services.sshd = {
        description = "SSH Daemon";
        wantedBy = [ "multi-user.target" ];
        wants = [ "sshd-keygen.service" ];
        after = [ "network.target" "sshd-keygen.service" ];
        serviceConfig = { Type = "notify"; ExecStart = "/usr/sbin/sshd -D -f /etc/ssh/sshd_config"; KillMode = "process"; Restart = "always"; RuntimeDirectory = "sshd"; };
        restartTriggers = [ (builtins.hashString "sha256" config.environment.etc."ssh/sshd_config".text) ];
      };
    })
    (mkIf nginx.enable {
      environment.etc."nginx/nginx.conf".text = ''
        user www-data;
        pid /run/nginx.pid;
        events { }
        http {
          include /etc/nginx/mime.types;
          access_log off;
          ${nginx.appendHttpConfig}
        ${concatStringsSep "" (mapAttrsToList server nginx.virtualHosts)}
        }
      '';
      security.acme.certs = mapAttrs (_: _: { group = "www-data"; }) (lib.filterAttrs (_: host: host.enableACME) nginx.virtualHosts);
      systemd.services.nginx = {
        description = "Nginx Web Server";
        wantedBy = [ "multi-user.target" ];
        after = [ "network.target" ];
        serviceConfig = { Type = "forking"; PIDFile = "/run/nginx.pid"; ExecStart = "/usr/sbin/nginx -c /etc/nginx/nginx.conf"; ExecReload = "/bin/kill -HUP $MAINPID"; };
        restartTriggers = [ (builtins.hashString "sha256" config.environment.etc."nginx/nginx.conf".text) ];
      };
    })
    { systemd.services = lib.mapAttrs' acmeService certs; }
    { systemd.services = lib.mapAttrs' wireguardService tunnels; }
  ];
}
