#!/bin/sh
# Runs inside the root of the VMs' image while it is made: leaves what a boot needs, so that it is quick under emulation,
# and makes the initrd with the root's own tools.
set -eu
rm -f /etc/ssh/ssh_host_* /etc/ssl/private/* /etc/machine-id /etc/nginx/sites-enabled/default /etc/fstab /etc/nginx/nginx.conf /etc/ssh/sshd_config
: >/etc/machine-id
# Nobody has a password: whoever sits at the console is in.
passwd -d root >/dev/null
useradd -r -M -d /var/lib/acme -s /usr/sbin/nologin acme

# NixOS alone says what is enabled. Of what Debian's systemd starts by itself, that remains which shows when it is missing:
# each of the others costs a boot under emulation a quarter of a second or more.
rm -rf /etc/systemd/system
cd /usr/lib/systemd/system
rm -f multi-user.target.wants/* timers.target.wants/* local-fs.target.wants/* sysinit.target.wants/*
for unit in systemd-journald.service systemd-modules-load.service systemd-sysctl.service systemd-tmpfiles-setup.service \
  systemd-udevd.service systemd-udev-trigger.service; do
  ln -s ../$unit sysinit.target.wants/
done
cd sockets.target.wants
rm -f systemd-creds.socket systemd-hostnamed.socket systemd-initctl.socket systemd-pcr* systemd-sysext.socket
cd ..
ln -sfn multi-user.target default.target
ln -s ../getty.target multi-user.target.wants/
rm -f getty.target.wants/*
ln -s ../serial-getty@.service getty.target.wants/serial-getty@ttyS0.service
# The journal of a machine that lives for a minute need not be on its disk.
rm -rf /var/log/journal
# NixOS has no tmpfs at /tmp unless it is told to.
rm -f tmp.mount systemd-udev-load-credentials.service systemd-networkd-persistent-storage.service
rm -f /usr/lib/systemd/system-generators/*
# Devices that units wait for are disks, cards and terminals.
mkdir -p systemd-udev-trigger.service.d
printf '[Service]\nExecStart=\nExecStart=-udevadm trigger --action=add --subsystem-match=block --subsystem-match=net --subsystem-match=virtio\nExecStart=-udevadm trigger --action=add /sys/class/tty/ttyS0\n' >systemd-udev-trigger.service.d/few.conf
# Logging in takes no session manager here, and is not refused while the machine starts.
sed -i '/pam_nologin\|pam_motd\|pam_mail/d' /etc/pam.d/sshd
sed -i '/pam_systemd/d' /etc/pam.d/common-session

# Debian's programs by nixpkgs' names for packages: a service that names what it needs finds these and no others.
while read -r name packages; do
  mkdir -p /usr/lib/nixpkgs/$name/bin
  dpkg -L $packages | grep -E '^(/usr)?/s?bin/.' | while read -r program; do
    ln -sf "/usr/${program#/usr/}" /usr/lib/nixpkgs/$name/bin/
  done
done <<END
coreutils coreutils
findutils findutils
gnugrep grep
gnused sed
systemd systemd udev
gnutar tar
gzip gzip
xz xz-utils
zstd zstd
iproute2 iproute2
wireguard-tools wireguard-tools
dnsmasq dnsmasq-base
pebble pebble
lego lego
openssl openssl
END

# Nothing below /usr is ever newer than what was made of it.
touch /etc/.updated /var/.updated
systemd-hwdb update --usr 2>/dev/null || true

# Of the kernel's modules, those for what QEMU has here and what a server does; udev looks at each that fits some device.
kernel=$(ls /usr/lib/modules)
modules=/usr/lib/modules/$kernel
cd "$modules/kernel"
rm -rf sound drivers/gpu drivers/media drivers/iio drivers/infiniband drivers/scsi drivers/input drivers/usb drivers/hid drivers/staging drivers/platform \
  drivers/i2c drivers/hwmon drivers/mtd drivers/ata drivers/thunderbolt drivers/edac drivers/parport drivers/pcmcia drivers/leds drivers/bluetooth drivers/net/ethernet \
  drivers/net/wireless drivers/net/usb drivers/net/can drivers/cpufreq drivers/thermal drivers/acpi drivers/rtc drivers/watchdog drivers/char/agp drivers/char/ipmi \
  drivers/char/tpm drivers/mfd drivers/video drivers/target drivers/power drivers/block/drbd drivers/tty net/bluetooth net/wireless net/mac80211 fs/xfs fs/ocfs2 fs/gfs2
find . -name '*.ko.xz' -exec busybox unxz {} +
depmod "$kernel"

# needed MODULE...: the files of these, each after those that it needs
needed() { for module in "$@"; do modprobe -S "$kernel" --show-depends "$module"; done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$1]++'; }
# Checking a signature takes an emulated processor longer than all else about a module; the length of one stands before
# the 28 bytes that say that there is one.
unsign() {
  end=$(($(stat -c %s "$1") - 28))
  [ "$(tail -c 28 "$1" | head -c 27)" = '~Module signature appended~' ] || return 0
  set -- "$1" $(tail -c 32 "$1" | head -c 4 | od -An -tu1)
  truncate -s $((end - 12 - ($2 * 16777216 + $3 * 65536 + $4 * 256 + $5))) "$1"
}
early='virtio_blk ext4 overlay 9p 9pnet_virtio virtio_net qemu_fw_cfg virtio-rng'
for file in $(needed $early wireguard veth dummy tun nf_tables nft_compat autofs4 loop); do unsign "$file"; done

tree=/tmp/initrd
mkdir -p $tree/bin $tree/lib $tree/proc $tree/sys $tree/dev $tree/run
cp /bin/busybox $tree/bin/busybox
cp /root/initrd-init $tree/init
chmod 0755 $tree/init
for file in $(needed $early); do
  cp "$file" $tree/lib/
  echo "${file##*/}" >>$tree/modules
done
# The kernel's own tree is small enough not to be compressed, which emulation would pay for.
(cd $tree && find . | cpio --quiet -o -H newc) >/boot/initrd
rm -rf $tree /root/initrd-init /root/setup.sh /boot/initrd.img-* /initrd.img* /vmlinuz*
