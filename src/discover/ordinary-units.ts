/**
 * Units that every machine with systemd has, or every NixOS, Debian or Ubuntu: asserting them says nothing about this one,
 * and they come and go with versions of the distribution. Kept are those of `systemd-*` that somebody chose to have.
 */
const table: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [
    /^systemd-(?!networkd\.service|resolved\.service|timesyncd\.service|nspawn@|journal-(remote|upload|gatewayd))/,
    'systemd itself',
  ],
  [
    /^(initrd|rescue|emergency|plymouth|kmod|modprobe@|quotacheck|debug-shell|syslog\.socket|ldconfig)/,
    'steps of booting',
  ],
  [/^(dbus|dbus-broker|dbus-org\.|polkit)\b/, 'the bus, which all of systemd needs'],
  [/^((serial-|console-|container-)?getty|autovt)(@|-static|\.)/, 'consoles'],
  [/^(user|user-runtime-dir)@|^(session|background)-/, 'logins'],
  [
    /^sshd?-(unix|vsock)|^sshd?-keygen|^sshd@sshd-keygen|^sshd?@\d|^sshd-session|^sshd-unix-local/,
    'parts of sshd, made for each boot or login',
  ],
  [
    /^(nscd|resolvconf|network-setup|network-local-commands|network-addresses-|network-link-|nix-daemon|suid-sgid-wrappers)/,
    'NixOS',
  ],
  [
    /^(mount-pstore|reload-systemd-vconsole-setup|linger-users|prepare-kexec|post-boot|save-hwclock|register-nix-paths)/,
    'NixOS',
  ],
  [
    /^(generate-shutdown-ramfs|logrotate|growpart|nixos-activation|firewall-reload|userborn|update-locatedb|lastlog2-import)\b/,
    'NixOS and others',
  ],
  [
    /^(apt-|dpkg-|man-db|e2scrub|fstrim|motd-news|update-notifier|ua-|apport|esm-|finalrd|unattended-upgrades\.timer)/,
    'Debian and Ubuntu',
  ],
  [
    /^(apparmor|console-setup|keyboard-setup|networking\.|ifup@|ifupdown|blk-availability|lvm2-|setvtrigb|sysstat|dm-event)/,
    'Debian and Ubuntu',
  ],
  [
    /^(snapd\.(seeded|apparmor|core-fixup|autoimport|system-shutdown|snap-repair)|cloud-|ldconfig|hv-|vgauth|pollinate)/,
    'Debian and Ubuntu',
  ],
  [
    /^(accounts-daemon|udisks2|upower|packagekit|fwupd|fwupd-refresh|rtkit-daemon|switcheroo-control|power-profiles-daemon)\b/,
    'started by whoever asks for them',
  ],
  [/^(rpc-statd-notify|nfs-client|auth-rpcgss|rpc-gssd|rpcbind\.socket$)/, 'clients of NFS'],
];

/** Whether a unit is one that every such machine has. */
export function isOrdinary(name: string): boolean {
  return table.some(([pattern]) => pattern.test(name));
}
