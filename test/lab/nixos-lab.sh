#!/bin/bash
# Machines in the shape of NixOS, to be switched: see README.md beside this file. Each has a name, and stands alone.
# usage: nixos-lab.sh up NAME | down NAME | status NAME | leader NAME | root | sweep
# Exit codes: 0 well, 1 broken, 64 bad usage, 77 cannot be had here.
set -euo pipefail
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
base=/run/nixspec-nixos-lab
cache=/var/cache/nixspec-lab/nixos
machines=$cache/machines
deadline=${NIXSPEC_LAB_DEADLINE:-90}

# The libraries take the folder of the packages as `here`.
here=$lab
for part in host root network machine; do
  # shellcheck source=/dev/null
  . "$lab/lib/$part.sh"
done
here=$lab/nixos

say() { echo "nixos-lab: $*" >&2; }
lacks() {
  say "$*"
  { mkdir -p "$base" && echo "$*" >"$base/skip"; } 2>/dev/null || true
  exit 77
}
broken() { say "$*"; exit 1; }
namespace() { echo "nixspec-$1"; }

# The root is made once for all; whoever comes second waits.
root_key() { cat "$here/packages" "$here/setup.sh" "$lab/build-root.sh" | sha256sum | cut -c 1-16; }
build_root() {
  exec 8>"$base/root.lock"
  flock -w 600 8 || broken "another nixos-lab.sh has been making the root for ten minutes"
  image=$cache/root-$(root_key)
  [ ! -e "$image/.complete" ] || { exec 8>&-; return 0; }
  say "making the machines' root (once; a minute or two)"
  rm -rf --one-file-system "$image"
  if ! sh "$lab/build-root.sh" "$image" "$here" >"$cache/build.log" 2>&1 8>&-; then
    tail -n 20 "$cache/build.log" >&2
    rm -rf --one-file-system "$image"
    lacks "cannot make the machines' root: is a Debian mirror within reach?"
  fi
  : >"$image/.complete"
  exec 8>&-
}

need_all() {
  need_debian
  mkdir -p "$base" "$cache"
  need_host_packages mmdebstrap:mmdebstrap systemd-nspawn:systemd-container ip:iproute2 ssh-keygen:openssh-client nsenter:util-linux
  build_root
  rm -f "$base/skip"
}

# A network of its own for each: 10.214.N.0/24, the host has .1 and the machine .2. The link on the host reserves the number.
make_link() {
  local number
  make_namespace "$(namespace "$id")"
  for number in $(seq 1 250); do
    ip link add "nxos$number" type veth peer name eth0 netns "$(namespace "$id")" 2>/dev/null || continue
    ip addr add "10.214.$number.1/24" dev "nxos$number"
    ip link set "nxos$number" up
    ip -n "$(namespace "$id")" link set eth0 up
    echo "$number" >"$state/number"
    address=10.214.$number.2
    return 0
  done
  broken "no network is free"
}

furnish() {
  local root=$machines/$id/root
  mkdir -p "$root/root/lab" "$root/root/.ssh" "$root/home/deploy/.ssh" "$root/boot"
  tar -C "$here/machine" --owner=0 --group=0 --mode=u+rwX,go+rX,go-w -cf - . | tar -C "$root/root/lab" -xf -
  echo "$name" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$name" >"$root/etc/hosts"
  echo "$address/24" >"$root/etc/lab-address"
  ssh-keygen -q -t ed25519 -N '' -C lab -f "$state/key" </dev/null
  ssh-keygen -q -t ed25519 -N '' -C host -f "$root/etc/ssh/ssh_host_ed25519_key" </dev/null
  cp "$state/key.pub" "$root/root/.ssh/authorized_keys"
  cp "$state/key.pub" "$root/home/deploy/.ssh/authorized_keys"
  chroot "$root" chown -R deploy: /home/deploy
  echo "$address $(cut -d ' ' -f 1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" >"$state/known_hosts"
  # Nix wants to read /proc; the mounts go with their namespace.
  unshare --mount sh -ec 'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$1" sh -eu -s' sh "$root" <<'END' >"$state/furnish.log" 2>&1 || { cat "$state/furnish.log" >&2; broken "cannot make the first generation"; }
export HOME=/root PATH=/usr/sbin:/usr/bin
system=$(nix-build --no-out-link /root/lab/system.nix --argstr spec '{"label":"base"}')
ln -sfn "$system" /nix/var/nix/gcroots/lab-base
nix-env -p /nix/var/nix/profiles/system --set "$system"
mkdir -p /run/nixos
"$system/bin/switch-to-configuration" boot
rm -rf /run/nixos
END
  cat >"$state/ssh_config" <<END
Host $name $name-deploy
  HostName $address
  User root
  IdentityFile $state/key
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking yes
  UserKnownHostsFile $state/known_hosts
  GlobalKnownHostsFile /dev/null
END
  sed -i "1i Host $name-deploy\n  User deploy" "$state/ssh_config"
}

# A machine that reboots ends its container with 133, for whoever started it to start it again: here, this loop.
boot() {
  local keep_unit=""
  [ -d /run/systemd/system ] && [ -S /run/dbus/system_bus_socket ] || keep_unit=--keep-unit
  (
    [ -z "$keep_unit" ] || enter_cgroup "$(namespace "$id")"
    echo "$BASHPID" >"$state/loop"
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
    while :; do
      code=0
      # shellcheck disable=SC2086
      systemd-nspawn --quiet --boot --directory="$machines/$id/root" --machine="$(namespace "$id")" --hostname="$name" \
        --network-namespace-path="/run/netns/$(namespace "$id")" --capability=CAP_NET_ADMIN \
        --register=no $keep_unit --console=pipe --resolv-conf=off --timezone=off --link-journal=no || code=$?
      [ $code = 133 ] || break
    done
  ) </dev/null >"$state/console.log" 2>&1 9>&- &
  disown
}

wait_until_up() {
  local end=$((SECONDS + deadline)) said=""
  while [ $SECONDS -lt $end ]; do
    said=$(inside "$id" systemctl is-system-running 2>&1) || true
    case $said in running | degraded) [ "$said" = running ] && return 0; break ;; esac
    sleep 0.1
  done
  say "$name is not as it should be: $said"
  tail -n 20 "$state/console.log" >&2
  inside "$id" systemctl --failed --no-pager >&2 || true
  return 1
}

up() {
  need_all
  exec 9>"$base/$name.lock"
  flock -w 120 9 || broken "another nixos-lab.sh is busy with $name"
  if status >/dev/null 2>&1; then say "$name is up"; return 0; fi
  clear_machine
  trap 'rc=$?; [ $rc = 0 ] || clear_machine; exit $rc' EXIT
  mkdir -p "$state"
  make_link
  mount_machine "$id"
  furnish
  boot
  wait_until_up
  cat >"$state/machine.json.new" <<END
{ "name": "$name", "address": "$address", "sshConfig": "$state/ssh_config", "key": "$state/key", "knownHosts": "$state/known_hosts",
  "root": "$machines/$id/root", "base": "$(readlink "$machines/$id/root/nix/var/nix/gcroots/lab-base")" }
END
  # The test that it belongs to, by its process: `sweep` takes down what a test has left that ended without doing so.
  [ -z "${NIXSPEC_LAB_OWNER:-}" ] || echo "$NIXSPEC_LAB_OWNER" >"$state/owner"
  mv "$state/machine.json.new" "$state/machine.json"
}

status() { [ -e "$state/machine.json" ] && leader_of "$id" >/dev/null; }

# Its first process: another one after a reboot.
leader() { leader_of "$id"; }

clear_machine() {
  local pid try dir
  [ ! -s "$state/loop" ] || kill -KILL "$(cat "$state/loop")" 2>/dev/null || true
  for try in $(seq 50); do
    pid=$(supervisor_of "$id") || break
    kill -KILL "$pid" 2>/dev/null || true
    sleep 0.1
  done
  if [ -e "/run/netns/$(namespace "$id")" ]; then
    for pid in $(ip netns pids "$(namespace "$id")"); do kill -KILL "$pid" 2>/dev/null || true; done
  fi
  while mountpoint -q "$machines/$id/root"; do umount -l "$machines/$id/root" || break; done
  rm -rf --one-file-system "${machines:?}/$id" "/run/systemd/nspawn/propagate/$(namespace "$id")"
  for dir in $(cgroup_roots); do
    [ ! -d "$dir/$(namespace "$id")" ] || find "$dir/$(namespace "$id")" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  [ ! -s "$state/number" ] || ip link del "nxos$(cat "$state/number")" 2>/dev/null || true
  [ ! -e "/run/netns/$(namespace "$id")" ] || ip netns del "$(namespace "$id")" || true
  rm -rf --one-file-system "$state"
}

down() {
  need_root
  mkdir -p "$base"
  exec 9>"$base/$name.lock"
  flock -w 120 9 || broken "another nixos-lab.sh is busy with $name"
  clear_machine
  rm -f "$base/$name.lock"
}

sweep() {
  local owner
  for owner in "$base"/*/owner; do
    [ -e "$owner" ] && ! kill -0 "$(cat "$owner")" 2>/dev/null || continue
    name=$(basename "$(dirname "$owner")")
    "$0" down "$name"
  done
}

case "${1:-} ${2:-}" in
  "root ") need_all ;;
  "sweep ") sweep ;;
  up\ [a-z]* | down\ [a-z]* | status\ [a-z]* | leader\ [a-z]*)
    name=$2 id=nixos-$2 state=$base/$2
    [[ $name =~ ^[a-z][a-z0-9-]{0,30}$ ]] || { say "a name is letters, digits and dashes"; exit 64; }
    "$1"
    ;;
  *) say "usage: nixos-lab.sh up NAME | down NAME | status NAME | leader NAME | root | sweep"; exit 64 ;;
esac
