#!/bin/bash
# The lab: two real machines, `staging` and `production`, for tests and demos. See README.md beside this file.
# usage: lab.sh up | down | status
# Exit codes: 0 well, 1 broken, 64 bad usage, 77 cannot be had here (not root, not Debian, packages out of reach).
set -euo pipefail
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${NIXSPEC_LAB_DIR:-/run/nixspec-lab}
# Not under the state directory, which may be a small tmpfs from which nothing may be executed.
cache=/var/cache/nixspec-lab
machines=$cache/machines
names="staging production"
deadline=${NIXSPEC_LAB_DEADLINE:-90}

for part in host root network keys certificates acme machine state; do
  # shellcheck source=/dev/null
  . "$here/lib/$part.sh"
done

say() { echo "lab: $*" >&2; }
# The note tells tests later why there is no lab; it may not be possible to leave one.
lacks() {
  say "$*"
  { mkdir -p "$state" && echo "$*" >"$state/skip"; } 2>/dev/null || true
  exit 77
}
broken() { say "$*"; exit 1; }

up() {
  need_host
  lock
  need_host_packages mmdebstrap:mmdebstrap systemd-nspawn:systemd-container ip:iproute2 ssh-keygen:openssh-client curl:curl nsenter:util-linux \
    busybox:busybox mkfs.btrfs:btrfs-progs
  need_root_image
  clear_leftovers
  trap 'rc=$?; if [ $rc != 0 ]; then keep_logs; clear_leftovers; fi; exit $rc' EXIT
  trap 'exit 130' INT TERM
  mkdir -p "$state/log"
  : >"$state/.nixspec-lab"
  make_network
  for name in $names; do mount_machine "$name"; done
  make_ssh_keys
  start_acme_server
  make_certificates
  for name in $names; do furnish_machine "$name"; done
  for name in $names; do start_machine "$name"; done
  write_ssh_config
  for name in $names; do wait_for_machine "$name"; done
  write_state
  say "up: $state/lab.json"
}

down() {
  need_root
  lock
  clear_leftovers
}

status() {
  [ -e "$state/lab.json" ] || { say "down"; return 1; }
  local name rc=0
  for name in $names; do
    if leader=$(leader_of "$name"); then say "$name: up, process $leader, $(address4 "$name")"; else say "$name: gone"; rc=1; fi
  done
  return $rc
}

case "${1:-}" in
  up | down | status) "$1" ;;
  *) say "usage: lab.sh up | down | status"; exit 64 ;;
esac
