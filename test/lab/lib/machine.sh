# One machine: an overlay on the root, its own files, and a container that boots it.

mount_machine() {
  local dir=$machines/$1
  mkdir -p "$dir/upper" "$dir/work" "$dir/root"
  # Where the cache lies on an overlay itself (a container as host), copy instead.
  mount -t overlay "nixspec-$1" -o "lowerdir=$image,upperdir=$dir/upper,workdir=$dir/work" "$dir/root" 2>/dev/null ||
    cp -a --reflink=auto "$image/." "$dir/root/"
}

furnish_machine() {
  local name=$1 root=$machines/$1/root part file
  for part in common "$name"; do
    # Whatever owner and modes a checkout has.
    tar -C "$here/machine/$part" --owner=0 --group=0 --mode=u+rwX,go+rX,go-w -cf - . | tar -C "$root" -xf -
    (cd "$here/machine/$part" && grep -rl '@ADDRESS[46]@' . || true) | while read -r file; do
      sed -i "s/@ADDRESS4@/$(address4 "$name")/g; s/@ADDRESS6@/$(address6 "$name")/g" "$root/$file"
    done
  done
  echo "$name" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n10.213.0.5 acme.lab.test\n' "$name" >"$root/etc/hosts"
  echo 'nameserver 127.0.0.1' >"$root/etc/resolv.conf"
  cp "$state/acme/acme.pem" "$root/etc/ssl/acme-server.pem"
  # More addresses than fit into a UDP answer: a client must come back over TCP.
  for i in $(seq 200); do echo "local-data: \"big.lab.test. 300 A 10.213.9.$i\""; done >"$root/etc/unbound/big.conf"
  give_ssh_keys "$name" "$root"
  give_certificates "$root"
  chroot "$root" sh -s "$name" <"$here/lib/inside.sh" >"$state/log/$name.furnish.log" 2>&1 || { cat "$state/log/$name.furnish.log" >&2; broken "cannot furnish $name"; }
  mkdir -p "$state/wireguard/$name"
  cp "$root"/etc/wireguard/*.pub "$state/wireguard/$name/"
}

start_machine() {
  local name=$1 keep_unit=""
  # Where systemd runs the host, it gives the machine a place among its control groups; elsewhere we make one.
  [ -d /run/systemd/system ] && [ -S /run/dbus/system_bus_socket ] || keep_unit=--keep-unit
  (
    [ -z "$keep_unit" ] || enter_cgroup "$(namespace "$name")"
    # Real machines have a system of version 2 and kernel parameters of their network that can be set.
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
    # shellcheck disable=SC2086
    exec setsid systemd-nspawn --quiet --boot --directory="$machines/$name/root" --machine="$(namespace "$name")" --hostname="$name" \
      --network-namespace-path="/run/netns/$(namespace "$name")" --capability=CAP_NET_ADMIN --bind=/dev/net/tun \
      --register=no $keep_unit --console=pipe --resolv-conf=off --timezone=off --link-journal=no
  ) </dev/null >"$state/log/$name.console.log" 2>&1 9>&- &
  disown
}

cgroup_roots() {
  local dir
  for dir in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    [ ! -e "$dir/cgroup.procs" ] || echo "$dir"
  done
}

enter_cgroup() {
  local dir
  for dir in $(cgroup_roots); do
    mkdir -p "$dir/$1"
    echo "$BASHPID" >"$dir/$1/cgroup.procs"
  done
}

# The container's supervisor is known by the directory it was given, whatever happened to our notes.
supervisor_of() {
  local dir
  for dir in /proc/[0-9]*; do
    if { tr '\0' '\n' <"$dir/cmdline"; } 2>/dev/null | grep -qxF -e "--directory=$machines/$1/root"; then
      echo "${dir#/proc/}"
      return 0
    fi
  done
  return 1
}

# The first process of the machine, as the host counts. nspawn has helpers while it starts: ours leads its own namespace.
leader_of() {
  local supervisor child
  supervisor=$(supervisor_of "$1") || return 1
  for child in $(cat "/proc/$supervisor/task/$supervisor/children" 2>/dev/null); do
    if grep -q '^NSpid:.*[[:space:]]1$' "/proc/$child/status" 2>/dev/null; then echo "$child"; return 0; fi
  done
  return 1
}

# inside NAME COMMAND...
inside() {
  local leader
  leader=$(leader_of "$1") || return 1
  shift
  nsenter -t "$leader" -m -u -i -n -p -C -- /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root "$@" 9>&-
}

wait_for_machine() {
  local name=$1 missing="" end=$((SECONDS + deadline))
  while [ $SECONDS -lt $end ]; do
    supervisor_of "$name" >/dev/null || { missing="its container has ended"; break; }
    if missing=$(inside "$name" lab-health 2>&1); then return 0; fi
    sleep 0.2
  done
  say "$name is not as it should be: $missing"
  tail -n 5 "$state/log/$name.console.log" >&2
  inside "$name" journalctl -q --no-pager -o short-monotonic >"$state/log/$name.journal.log" 2>&1 || true
  grep -v crash-loop "$state/log/$name.journal.log" | tail -n 20 >&2
  return 1
}

# clear_leftovers removes all that any `up`, also one that crashed, may have left.
clear_leftovers() {
  local name pid try dir
  kill_in_namespaces
  for name in $names; do
    for try in $(seq 30); do
      pid=$(supervisor_of "$name") || break
      [ "$try" -lt 25 ] || kill -KILL "$pid" 2>/dev/null || true
      sleep 0.1
    done
  done
  kill_in_namespaces
  for name in $names; do
    while mountpoint -q "$machines/$name/root"; do umount -l "$machines/$name/root" || break; done
    rm -rf --one-file-system "${machines:?}/$name" "/run/systemd/nspawn/propagate/$(namespace "$name")"
    for dir in $(cgroup_roots); do
      [ ! -d "$dir/$(namespace "$name")" ] || find "$dir/$(namespace "$name")" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
  done
  remove_network
  [ ! -e "$state/.nixspec-lab" ] || rm -rf --one-file-system "$state"
  rm -f "$state/skip"
  rmdir "$state" 2>/dev/null || true
}

keep_logs() {
  rm -rf "$cache/last-log"
  cp -r "$state/log" "$cache/last-log" 2>/dev/null && say "all logs: $cache/last-log" || true
}
