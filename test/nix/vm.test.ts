import t from 'tap';
import { evaluate, evaluator, lacksNix } from './nix.js';

t.comment(lacksNix || `evaluated by ${evaluator}`);

/** Hosts as people have them, and what becomes of each in its staging VM. */
const hosts: readonly {
  readonly name: string;
  /** The host's configuration. */
  readonly host: string;
  /** Of `nixspec.vm`. */
  readonly settings?: string;
  /** Values by their option; in Nix, from the VM's `config`. */
  readonly expected: { readonly [option: string]: unknown };
}[] = [
  {
    name: 'nothing but itself',
    host: '{ }',
    expected: {
      'virtualisation.memorySize': 2048,
      'virtualisation.cores': 2,
      'virtualisation.diskSize': 20480,
      'virtualisation.graphics': false,
      'virtualisation.restrictNetwork': true,
      'networking.interfaces.nixspec0.useDHCP': true,
      'networking.dhcpcd.enable': true,
      'networking.dhcpcd.extraConfig': 'noarp\ninterface nixspec0\nnooption domain_name_servers\n',
      'networking.usePredictableInterfaceNames': false,
      'networking.firewall.interfaces.nixspec0.allowedTCPPorts': [22],
      'networking.nameservers': ['127.0.0.153'],
      'nixspec.vm.cards': [],
      'nixspec.vm.ownAddresses': ['10.0.2.15'],
      'services.openssh.enable': true,
      'services.openssh.ports': [22],
      'services.openssh.extraConfig': '',
      'boot.initrd.availableKernelModules': ['qemu_fw_cfg'],
      'builtins.attrNames config.systemd.services': ['nixspec-access', 'nixspec-dns', 'nixspec-network'],
    },
  },
  {
    name: 'sizes, and an open network',
    host: '{ networking.defaultGateway = "203.0.113.1"; virtualisation.vmVariant.virtualisation.memorySize = 512; }',
    settings: '{ memory = 8192; cores = 6; disk = 50000; restrictNetwork = false; }',
    expected: {
      'virtualisation.memorySize': 8192,
      'virtualisation.cores': 6,
      'virtualisation.diskSize': 50000,
      'virtualisation.restrictNetwork': false,
      'networking.defaultGateway': null,
      'lib.hasInfix "server=10.0.2.3" config.environment.etc."nixspec/dnsmasq.conf".text': true,
      'lib.hasInfix "address=/#/" config.environment.etc."nixspec/dnsmasq.conf".text': false,
    },
  },
  {
    name: 'sizes that the configuration forces',
    host: '{ lib, ... }: { virtualisation.vmVariant.virtualisation.memorySize = lib.mkForce 512; }',
    expected: { 'virtualisation.memorySize': 512 },
  },
  {
    name: 'sshd that lets nobody in',
    host: `{ lib, ... }: {
      services.openssh = {
        enable = true;
        ports = lib.mkForce [ 2222 ];
        listenAddresses = [ { addr = "203.0.113.7"; port = 2222; } ];
        authorizedKeysFiles = lib.mkForce [ "/etc/keys/%u" ];
        extraConfig = "Match User backup";
        settings = { PermitRootLogin = lib.mkForce "no"; AllowUsers = [ "deploy" ]; DenyGroups = [ "root" ]; AuthenticationMethods = "publickey,password"; X11Forwarding = false; };
      };
    }`,
    expected: {
      'services.openssh.ports': [2222],
      'services.openssh.extraConfig': 'Port 22\nMatch User backup',
      'services.openssh.listenAddresses': [],
      'services.openssh.hostKeys': [{ type: 'ed25519', path: '/run/nixspec/ssh_host_ed25519_key' }],
      'services.openssh.authorizedKeysFiles': [
        '/run/nixspec/authorized_keys.d/%u',
        '%h/.ssh/authorized_keys',
        '/etc/ssh/authorized_keys.d/%u',
      ],
      'services.openssh.settings': {
        AllowGroups: null,
        AllowUsers: null,
        AuthenticationMethods: 'any',
        DenyGroups: null,
        DenyUsers: null,
        HostKeyAlgorithms: 'ssh-ed25519',
        PermitRootLogin: 'prohibit-password',
        PubkeyAcceptedAlgorithms: '+ssh-ed25519',
        PubkeyAuthentication: true,
        X11Forwarding: false,
      },
      'lib.filter (name: name == "sshd") (builtins.attrNames config.systemd.sockets)': [],
    },
  },
  {
    name: 'sshd that a socket starts, on another port',
    host: '{ services.openssh = { enable = true; startWhenNeeded = true; ports = [ 2222 ]; }; }',
    expected: { 'systemd.sockets.sshd.socketConfig.ListenStream': [22] },
  },
  {
    name: 'fixed addresses, scripted',
    host: `{
      networking = {
        useDHCP = false;
        interfaces.enp1s0.ipv4.addresses = [ { address = "203.0.113.7"; prefixLength = 24; } ];
        interfaces.enp1s0.ipv6.addresses = [ { address = "2001:db8::7"; prefixLength = 64; } ];
        interfaces.br0.ipv4.addresses = [ { address = "10.0.0.1"; prefixLength = 24; } ];
        interfaces.tap0 = { virtual = true; ipv4.addresses = [ { address = "10.9.0.1"; prefixLength = 24; } ]; };
        interfaces.eno9.useDHCP = true;
        bridges.br0.interfaces = [ "enp2s0" ];
        vlans.lan7.interface = "enp3s0";
        defaultGateway = "203.0.113.1";
        nameservers = [ "203.0.113.53" ];
      };
    }`,
    expected: {
      'nixspec.vm.cards': ['enp1s0', 'enp2s0', 'enp3s0'],
      'nixspec.vm.ownAddresses': ['203.0.113.7', '2001:db8::7'],
      'networking.useDHCP': false,
      'networking.interfaces.nixspec0.useDHCP': true,
      'networking.interfaces.enp1s0.ipv4.addresses': [{ address: '203.0.113.7', prefixLength: 24 }],
      'networking.defaultGateway': '203.0.113.1',
      'networking.nameservers': ['127.0.0.153'],
      'map (name: lib.hasInfix "add_dummy ${name}" config.systemd.services.nixspec-network.script) [ "enp1s0" "enp2s0" "br0" ]':
        [true, true, false],
    },
  },
  {
    name: 'fixed addresses on a card with the name that QEMU gives its own',
    host: '{ networking.interfaces.eth0.ipv4.addresses = [ { address = "203.0.113.7"; prefixLength = 24; } ]; }',
    expected: { 'nixspec.vm.cards': ['eth0'], 'networking.interfaces.nixspec0.useDHCP': true },
  },
  {
    name: 'networkd',
    host: `{
      systemd.network = {
        enable = true;
        networks."10-wan" = { matchConfig.Name = "ens3"; address = [ "203.0.113.7/24" "2001:db8::7/64" ]; networkConfig.DHCP = "ipv4"; };
        networks."20-lan" = { matchConfig.Name = "ens4 ens5"; networkConfig.Address = "10.0.0.7/24"; };
        networks."30-any" = { matchConfig.Name = "en*"; networkConfig.DHCP = "yes"; };
        networks."40-mac" = { matchConfig.MACAddress = "96:00:00:00:00:01"; address = [ "198.51.100.7/32" ]; };
        networks."50-bridge" = { matchConfig.Name = "br0"; address = [ "10.1.0.1/24" ]; };
        netdevs."50-bridge".netdevConfig = { Kind = "bridge"; Name = "br0"; };
      };
      networking.useDHCP = false;
      networking.dhcpcd.enable = false;
    }`,
    settings: '{ addresses = [ "198.51.100.7/32" ]; }',
    expected: {
      'nixspec.vm.cards': ['ens3', 'ens4', 'ens5'],
      'nixspec.vm.ownAddresses': ['198.51.100.7', '203.0.113.7', '2001:db8::7'],
      'networking.dhcpcd.enable': false,
      'config.networking.interfaces ? nixspec0': false,
      'systemd.network.networks."00-0-nixspec-card"': {
        matchConfig: { Name: 'nixspec0' },
        networkConfig: { DHCP: 'ipv4', IPv6AcceptRA: false },
        dhcpV4Config: { UseDNS: false },
        linkConfig: { RequiredForOnline: 'routable' },
        address: [],
      },
      'systemd.network.networks."00-1-nixspec-others".linkConfig': { Unmanaged: true },
      'builtins.head (builtins.attrNames config.systemd.network.networks)': '00-0-nixspec-card',
      'systemd.network.wait-online.anyInterface': true,
      'lib.hasInfix "ip address replace 198.51.100.7/32 dev nixspec1" config.systemd.services.nixspec-network.script': true,
    },
  },
  {
    name: 'public names',
    host: `{
      services.nginx = { enable = true; virtualHosts = { "git.example.org" = { serverAliases = [ "www.git.example.org" "~^x" ]; }; "_" = { }; localhost = { }; other.serverName = "chat.example.org"; }; };
      services.caddy = { enable = true; virtualHosts = { "https://files.example.org:8443, b.example.org" = { }; ":80" = { }; }; };
      services.httpd.virtualHosts."off.example.org" = { };
      security.acme.certs."mail.example.org" = { extraDomainNames = [ "*.mail.example.org" ]; };
    }`,
    settings: '{ names = [ "*.pages.example.org" "vpn.example.org" ]; ownAddresses = [ "203.0.113.7" ]; }',
    expected: {
      'networking.hosts': {
        '203.0.113.7': [
          'git.example.org',
          'www.git.example.org',
          'chat.example.org',
          'files.example.org',
          'b.example.org',
          'mail.example.org',
          'vpn.example.org',
        ],
      },
      'lib.filter (lib.hasPrefix "address=") (lib.splitString "\\n" config.environment.etc."nixspec/dnsmasq.conf".text)':
        ['address=/mail.example.org/203.0.113.7', 'address=/pages.example.org/203.0.113.7', 'address=/#/'],
    },
  },
  {
    name: 'a resolver of its own',
    host: '{ networking.resolvconf.useLocalResolver = true; networking.nameservers = [ "127.0.0.1" ]; }',
    expected: { 'networking.nameservers': ['127.0.0.1'], 'config.systemd.services ? nixspec-dns': false },
  },
  {
    name: 'ACME',
    host: `{
      security.acme = { acceptTerms = true; certs."git.example.org" = { }; certs."dns.example.org" = { dnsProvider = "exec"; server = "https://acme.other.example/dir"; }; };
      services.caddy = { enable = true; acmeCA = "https://acme.other.example/dir"; globalConfig = "debug\\n"; };
    }`,
    expected: {
      'security.acme.defaults.server': 'https://127.0.0.1:14000/dir',
      'lib.mapAttrs (_: cert: cert.server) config.security.acme.certs': {
        'dns.example.org': 'https://127.0.0.1:14000/dir',
        'git.example.org': 'https://127.0.0.1:14000/dir',
      },
      'lib.mapAttrs (_: unit: unit.unitConfig) (lib.filterAttrs (name: _: lib.hasPrefix "acme" name) config.systemd.services)':
        {
          'acme-order-renew-dns.example.org': { ConditionPathExists: ['/run/nixspec/acme-orders'] },
          'acme-order-renew-git.example.org': { ConditionPathExists: ['/run/nixspec/acme-orders'] },
        },
      'services.caddy.acmeCA': null,
      'services.caddy.globalConfig': 'local_certs\nskip_install_trust\n\ndebug\n',
      'config.systemd.services ? nixspec-pebble': false,
    },
  },
  {
    name: 'ACME, with orders to Pebble',
    host: '{ security.acme.certs."git.example.org" = { }; security.acme.certs."dns.example.org".dnsProvider = "exec"; services.caddy.enable = true; }',
    settings: '{ acme.orders = "pebble"; }',
    expected: {
      'systemd.services."acme-order-renew-git.example.org".unitConfig': {},
      'systemd.services."acme-order-renew-git.example.org".after': ['nixspec-pebble.service'],
      'systemd.services."acme-order-renew-git.example.org".environment': {
        LEGO_CA_CERTIFICATES: '/var/lib/nixspec-pebble/minica.pem',
      },
      'systemd.services."acme-order-renew-dns.example.org".unitConfig.ConditionPathExists': [
        '/run/nixspec/acme-orders',
      ],
      'services.caddy.acmeCA': 'https://127.0.0.1:14000/dir',
      '(builtins.fromJSON config.environment.etc."nixspec/pebble.json".text).pebble.httpPort': 80,
      'systemd.services.nixspec-pebble.script':
        'exec pebble -config /etc/nixspec/pebble.json -dnsserver 127.0.0.153:53',
      'lib.filter (one: !one.assertion) config.assertions': [],
    },
  },
  {
    name: 'WireGuard, scripted, with a key in a file and one in the configuration',
    host: `{
      networking.wireguard.interfaces = {
        wg0 = { ips = [ "10.100.0.1/24" ]; listenPort = 51820; privateKeyFile = "/run/agenix/wg0"; peers = [ { publicKey = "office"; allowedIPs = [ "10.100.0.3/32" ]; endpoint = "office.example.org:51820"; presharedKeyFile = "/run/agenix/psk"; persistentKeepalive = 25; } ]; };
        wg1 = { privateKey = "a key of production"; generatePrivateKeyFile = false; };
      };
    }`,
    expected: {
      'networking.wireguard.interfaces.wg0.privateKeyFile': '/run/nixspec/wireguard/wg0.key',
      'networking.wireguard.interfaces.wg0.listenPort': 51820,
      'networking.wireguard.interfaces.wg0.ips': ['10.100.0.1/24'],
      'networking.wireguard.interfaces.wg0.peers': [
        {
          allowedIPs: ['10.100.0.3/32'],
          endpoint: null,
          name: null,
          persistentKeepalive: 25,
          presharedKey: null,
          presharedKeyFile: null,
          publicKey: 'office',
        },
      ],
      'networking.wireguard.interfaces.wg1.privateKey': null,
      'networking.wireguard.interfaces.wg1.privateKeyFile': '/run/nixspec/wireguard/wg1.key',
      'lib.filter (lib.hasPrefix "nixspec-w") (builtins.attrNames config.systemd.services)': [
        'nixspec-wireguard-keys',
        'nixspec-wireguard-wg0',
        'nixspec-wireguard-wg1',
      ],
      'nixspec.vm.cards': [],
    },
  },
  {
    name: 'WireGuard in another network namespace: a key of its own, nobody beside it',
    host: '{ networking.wireguard.interfaces.wg9 = { privateKeyFile = "/secret"; interfaceNamespace = "vpn"; }; }',
    expected: {
      'networking.wireguard.interfaces.wg9.privateKeyFile': '/run/nixspec/wireguard/wg9.key',
      'lib.hasInfix "for name in wg9;" config.systemd.services.nixspec-wireguard-keys.script': true,
      'config.systemd.services ? nixspec-wireguard-wg9': false,
    },
  },
  {
    name: 'WireGuard by wg-quick, one of them a whole file of production',
    host: `{
      networking.wg-quick.interfaces = {
        wg0 = { privateKeyFile = "/secret"; generatePrivateKeyFile = true; peers = [ { publicKey = "p"; endpoint = "e:1"; presharedKey = "s"; } ]; };
        wg1.configFile = "/secret/wg1.conf";
      };
    }`,
    expected: {
      'networking.wg-quick.interfaces.wg0.privateKeyFile': '/run/nixspec/wireguard/wg0.key',
      'networking.wg-quick.interfaces.wg0.generatePrivateKeyFile': false,
      'networking.wg-quick.interfaces.wg0.autostart': true,
      '(builtins.head config.networking.wg-quick.interfaces.wg0.peers).endpoint': null,
      '(builtins.head config.networking.wg-quick.interfaces.wg0.peers).presharedKey': null,
      'networking.wg-quick.interfaces.wg1.autostart': false,
      'config.systemd.services ? nixspec-wireguard-wg1': false,
    },
  },
  {
    name: 'WireGuard by networkd',
    host: `{
      systemd.network.enable = true;
      systemd.network.netdevs."50-wg" = { netdevConfig = { Kind = "wireguard"; Name = "wg0"; }; wireguardConfig = { PrivateKeyFile = "/secret"; ListenPort = 51820; }; wireguardPeers = [ { PublicKey = "p"; Endpoint = "e:1"; PresharedKeyFile = "/psk"; AllowedIPs = [ "10.0.0.0/8" ]; } ]; };
      systemd.network.netdevs."60-br".netdevConfig = { Kind = "bridge"; Name = "br0"; };
    }`,
    expected: {
      'systemd.network.netdevs."50-wg".wireguardConfig': {
        ListenPort: 51820,
        PrivateKeyFile: '/run/nixspec/wireguard/wg0.key',
      },
      'systemd.network.netdevs."50-wg".wireguardPeers': [{ PublicKey: 'p', AllowedIPs: ['10.0.0.0/8'] }],
      'systemd.network.netdevs."60-br".wireguardConfig': {},
      'lib.elem "systemd-networkd.service" config.systemd.services.nixspec-wireguard-keys.before': true,
    },
  },
  {
    name: 'WireGuard as production has it, where that is asked for',
    host: '{ networking.wireguard.interfaces.wg0 = { privateKeyFile = "/secret"; peers = [ { publicKey = "p"; endpoint = "e:1"; } ]; }; }',
    settings: '{ wireguard.enable = false; }',
    expected: {
      'networking.wireguard.interfaces.wg0.privateKeyFile': '/secret',
      '(builtins.head config.networking.wireguard.interfaces.wg0.peers).endpoint': 'e:1',
      'lib.filter (lib.hasPrefix "nixspec-w") (builtins.attrNames config.systemd.services)': [],
    },
  },
  {
    name: 'what reaches out',
    host: `{
      system.autoUpgrade.enable = true;
      services.restic.backups.nightly.repository = "sftp:x";
      services.borgbackup.jobs.home.repo = "x";
      services.tailscale = { enable = true; authKeyFile = "/secret"; };
      services.cloudflared.tunnels.off.credentialsFile = "/x";
    }`,
    settings: '{ alsoHeld = [ "newsletter" ]; }',
    expected: {
      'nixspec.vm.held': ['nixos-upgrade', 'restic-backups-nightly', 'borgbackup-job-home', 'tailscaled-autoconnect'],
      'system.autoUpgrade.enable': true,
      'systemd.services.restic-backups-nightly.unitConfig': { ConditionPathExists: ['/run/nixspec/outgoing'] },
      'systemd.services.nixos-upgrade.unitConfig': { ConditionPathExists: ['/run/nixspec/outgoing'] },
      'systemd.services.newsletter.unitConfig': { ConditionPathExists: ['/run/nixspec/outgoing'] },
      'services.syncoid.service.unitConfig': { ConditionPathExists: ['/run/nixspec/outgoing'] },
      'services.postfix.settings.main': { defer_transports: 'smtp, relay' },
    },
  },
  {
    name: 'what reaches out, where that is asked for',
    host: '{ services.restic.backups.nightly.repository = "sftp:x"; }',
    settings: '{ outgoing = "allowed"; }',
    expected: {
      'systemd.services.restic-backups-nightly.unitConfig': {},
      'services.postfix.settings.main': {},
    },
  },
  {
    name: 'impermanence',
    host: '{ lib, ... }: { options.environment.persistence = lib.mkOption { type = lib.types.attrs; }; config.environment.persistence."/persist" = { directories = [ "/var/log" ]; }; config.fileSystems."/persist" = { device = "/dev/sda2"; neededForBoot = true; }; }',
    expected: { 'builtins.attrNames config.fileSystems': ['/'] },
  },
  {
    name: 'impermanence, in memory',
    host: '{ lib, ... }: { options.environment.persistence = lib.mkOption { type = lib.types.attrs; }; config.environment.persistence."/persist" = { }; }',
    settings: '{ persistence = "tmpfs"; }',
    expected: {
      'fileSystems."/persist"': { device: 'tmpfs', fsType: 'tmpfs', options: ['mode=0755'], neededForBoot: true },
    },
  },
  {
    name: 'a seed',
    host: '{ }',
    settings: '{ seed = "/home/me/my seeds, old/web.tar.zst"; }',
    expected: {
      // Nothing in the VM may write to it.
      'config.virtualisation.qemu.options': [
        "-virtfs 'local,path=/home/me/my seeds,, old,security_model=none,readonly=on,mount_tag=nixspec-seed'",
      ],
      'systemd.services.nixspec-seed.before': ['sysinit.target'],
      'systemd.services.nixspec-seed.unitConfig.DefaultDependencies': false,
    },
  },
  {
    name: 'a seed for a database',
    host: '{ }',
    settings: '{ seed = "/dump.sh"; seedAfter = [ "postgresql.service" ]; seedBefore = [ "app.service" ]; }',
    expected: {
      'lib.head config.systemd.services.nixspec-seed.after': 'postgresql.service',
      'systemd.services.nixspec-seed.requires': ['postgresql.service'],
      'systemd.services.nixspec-seed.before': ['app.service'],
      'systemd.services.nixspec-seed.wantedBy': ['multi-user.target'],
      'config.systemd.services.nixspec-seed.unitConfig ? DefaultDependencies': false,
    },
  },
  {
    name: 'real hardware',
    host: '{ services.smartd.enable = true; services.thermald.enable = true; boot.zfs.extraPools = [ "tank" ]; boot.initrd.network = { enable = true; ssh.enable = true; }; boot.initrd.secrets."/key" = "/etc/key"; }',
    expected: {
      'services.smartd.enable': false,
      'services.thermald.enable': false,
      'boot.zfs.extraPools': [],
      'boot.initrd.network.enable': false,
      'boot.initrd.network.ssh.enable': false,
      'boot.initrd.secrets': {},
      'boot.kernelPackages': "the host's own",
    },
  },
  {
    name: 'hardware that is kept, and another kernel',
    host: '{ services.smartd.enable = true; }',
    settings: '{ hardware = true; defaultKernel = true; }',
    expected: { 'services.smartd.enable': true, 'boot.kernelPackages': '/nix/store/linuxPackages' },
  },
  {
    name: 'a host that is not run as a staging VM',
    host: '{ networking.wireguard.interfaces.wg0 = { privateKeyFile = "/secret"; peers = [ { publicKey = "p"; endpoint = "e:1"; } ]; }; security.acme.certs."a.example".server = "https://real"; services.smartd.enable = true; }',
    settings: '{ enable = false; }',
    expected: {
      'virtualisation.memorySize': 1024,
      'services.openssh.enable': false,
      'networking.wireguard.interfaces.wg0.privateKeyFile': '/secret',
      'security.acme.certs."a.example".server': 'https://real',
      'services.smartd.enable': true,
      'builtins.attrNames config.systemd.services': [],
    },
  },
];

const readValue = (option: string) =>
  /^[a-z][\w-]*(\.|$)/.test(option) && !/^(lib|builtins|map|config)\b/.test(option) ? `config.${option}` : option;

function expressionOf({ host, settings, expected }: (typeof hosts)[number]): string {
  const values = Object.keys(expected).map((option) => `(${readValue(option)})`);
  return `(let config = vmOf [ (${host}) ] (${settings ?? '{ }'}); in [ ${values.join(' ')} ])`;
}

for (const release of ['25.11', '26.05', '26.11']) {
  t.test(`hosts of NixOS ${release} as staging VMs, by ${evaluator}`, { skip: lacksNix }, async (t) => {
    const found = evaluate(`[ ${hosts.map(expressionOf).join('\n')} ]`, release) as unknown[][];
    for (const [at, { name, expected }] of hosts.entries()) {
      const options = Object.keys(expected);
      t.same(Object.fromEntries(options.map((option, n) => [option, found[at]?.[n]])), expected, name);
    }
  });
}

t.test('what a release does not have is not set', { skip: lacksNix }, async (t) => {
  const shared = 'let config = vmOf [ ] { }; in config.virtualisation.qemu.enableSharedMemory or "no such option"';
  t.same(
    ['25.11', '26.05', '26.11'].map((release) => evaluate(shared, release)),
    ['no such option', true, true],
  );
});

t.test('a host of which hardly an option is known', { skip: lacksNix }, async (t) => {
  // Modules that declare what vm.nix cannot do without, and nothing else.
  const bare = `let
    inherit (import ${new URL('minimal-modules.nix', import.meta.url).pathname}) evalModules;
    section = lib.mkOption { type = lib.types.attrsOf lib.types.anything; default = { }; };
    options = {
      virtualisation = lib.genAttrs [ "memorySize" "cores" "diskSize" "graphics" "restrictNetwork" "qemu" ] (_: lib.mkOption { type = lib.types.anything; });
      networking.hosts = section; environment.etc = section; systemd.services = section; systemd.network = { enable = lib.mkOption { default = true; }; networks = section; };
      assertions = lib.mkOption { type = lib.types.listOf lib.types.anything; default = [ ]; };
      services.openssh = { enable = lib.mkOption { default = false; }; settings = section; ports = lib.mkOption { default = [ 22 ]; }; extraConfig = lib.mkOption { default = ""; }; };
    };
    module = { inherit options; config._module.args.pkgs = { iproute2 = ""; wireguard-tools = ""; }; };
    vm = (evalModules { modules = [ module ${new URL('../../nix/vm.nix', import.meta.url).pathname} { nixspec.vm.enable = true; } ]; }).config;
  in [ vm.virtualisation.memorySize (builtins.attrNames vm.systemd.services) vm.services.openssh.enable ]`;
  t.same(evaluate(bare), [2048, ['nixspec-access', 'nixspec-network'], true]);
});
