#!/bin/sh
# Runs inside the root while it is made: what needs the machine's own tools and is the same on all machines.
set -eu
rm -f /etc/ssh/ssh_host_* /etc/machine-id /etc/nginx/sites-enabled/default /root/setup.sh
: >/etc/machine-id
passwd -d root >/dev/null

groupadd wheel
useradd -m -s /bin/bash -G wheel deploy
echo '%wheel ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/wheel
chmod 0440 /etc/sudoers.d/wheel

# The machine's own units come from its generation; Debian's would stand in their way.
systemctl mask ssh.service ssh.socket nginx.service nix-daemon.service nix-daemon.socket systemd-networkd-wait-online.service e2scrub_reap.service apt-daily.timer \
  apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer console-getty.service getty@.service nftables.service >/dev/null 2>&1

# Builds run here as root, without a sandbox and without a network.
mkdir -p /etc/nix
printf 'experimental-features = nix-command flakes\nsandbox = false\nbuild-users-group =\nsubstituters =\n' >/etc/nix/nix.conf
: >/etc/NIXOS

# The first process picks a generation before it becomes systemd, as the second stage of NixOS does. It is put in systemd's
# place since systemd-nspawn starts that by its path; a re-executed systemd passes through it too.
mv /usr/lib/systemd/systemd /usr/lib/systemd/systemd-itself
ln -s /root/lab/stage-2 /usr/lib/systemd/systemd
