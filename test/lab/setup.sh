#!/bin/sh
# Runs inside the root while it is made: what needs the machine's own tools and is the same on both machines.
set -eu

# What a real server has of its own, each machine makes or is given at its start.
rm -f /etc/ssh/ssh_host_* /etc/ssl/private/ssl-cert-snakeoil.key /etc/machine-id /etc/nginx/sites-enabled/default /root/setup.sh
: >/etc/machine-id
passwd -d root >/dev/null

# `deploy` may become root without a password, `limited` only with one; the login shells of `fishy` and `noisy` are traps.
groupadd wheel
useradd -m -s /bin/bash -G wheel deploy
useradd -m -s /bin/bash -G sudo limited
useradd -m -s /usr/bin/fish -G wheel fishy
useradd -m -s /bin/bash -G wheel noisy
useradd -m -s /bin/bash app
useradd -r -M -d /var/lib/worker -s /usr/sbin/nologin worker
echo 'limited:limited' | chpasswd
echo 'echo "welcome to $(hostname), have a nice day"' | cat - /home/noisy/.bashrc >/tmp/bashrc
cat /tmp/bashrc >/home/noisy/.bashrc
rm /tmp/bashrc
echo '%wheel ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/wheel
chmod 0440 /etc/sudoers.d/wheel
mkdir -p /var/lib/systemd/linger
touch /var/lib/systemd/linger/app

# Files of every kind, to be asked about.
mkdir -p -m 0750 /srv/files
cd /srv/files
printf 'first line\nsecond line\n' >plain
printf 'x' >'with space'
printf 'x' >"it's \"quoted\" \$HOME \`x\`"
printf 'x' >"$(printf 'two\nlines')"
printf 'x' >'umlaut ü'
printf '\000\377binary\000' >binary
: >empty
head -c 3000000 /dev/zero >large
printf 'secret\n' >secret
chmod 0600 secret
chown deploy:wheel plain
chmod 0640 plain
cp /bin/true setuid
chmod 4755 setuid
ln -s plain link
ln -s link link-to-link
ln -s nowhere broken
ln -s loop loop
mkfifo pipe
mkdir -m 1777 sticky
chmod 0755 /srv/files

# Certificates lie where NixOS has them; those who serve with them are in its group.
groupadd -r acme
usermod -aG acme postgres

systemctl mask systemd-networkd-wait-online.service systemd-resolved.service e2scrub_reap.service apt-daily.timer \
  apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer console-getty.service getty@.service >/dev/null 2>&1
