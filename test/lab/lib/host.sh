# What the host must have, and how it gets it.

need_root() {
  [ "$(id -u)" = 0 ] || lacks "needs root"
}

need_debian() {
  need_root
  [ -e /etc/debian_version ] && command -v apt-get >/dev/null || lacks "needs a Debian host"
}

need_host() {
  need_debian
  [ -e /dev/net/tun ] || lacks "needs /dev/net/tun (for wireguard-go)"
  [ -e /proc/sys/net/ipv6 ] || lacks "needs a kernel with IPv6"
}

# Two labs at once would share addresses and names; the second waits. Children must not inherit the lock: see 9>&-.
lock() {
  mkdir -p /run/lock
  exec 9>/run/lock/nixspec-lab.lock
  flock -w 300 9 || broken "another lab.sh has held the lock for five minutes"
}

# need_host_packages PROGRAM:PACKAGE...
need_host_packages() {
  local wanted="" pair
  for pair in "$@"; do
    command -v "${pair%:*}" >/dev/null || wanted="$wanted ${pair#*:}"
  done
  # An older keyring does not know the release that the machines are made of.
  [ -e /usr/share/keyrings/debian-archive-trixie-stable.gpg ] || wanted="$wanted debian-archive-keyring"
  [ -n "$wanted" ] || return 0
  say "installing$wanted"
  # shellcheck disable=SC2086
  install_packages $wanted || { apt-get update -qq >&2 && install_packages $wanted; } || lacks "cannot install$wanted"
}

install_packages() {
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 9>&-
}
