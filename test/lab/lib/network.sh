# One switch in a network namespace of its own (so that no firewall of the host has a say), the host and both machines
# plugged in, and a private link between the machines that the host cannot reach.
#   host 10.213.0.1 · ACME server 10.213.0.5 (in the switch's namespace) · staging 10.213.0.10 · production 10.213.0.20

switch=nixspec-switch
host_link=nixspec0

address4() { case $1 in staging) echo 10.213.0.10 ;; production) echo 10.213.0.20 ;; esac; }
address6() { case $1 in staging) echo fd00:213::10 ;; production) echo fd00:213::20 ;; esac; }
private_address() { case $1 in staging) echo 10.213.1.1 ;; production) echo 10.213.1.2 ;; esac; }
namespace() { echo "nixspec-$1"; }

# set_parameter NAMESPACE PARAMETER VALUE      (a bare Debian has no sysctl)
set_parameter() {
  ip netns exec "$1" tee "/proc/sys/$2" <<<"$3" >/dev/null
}

make_namespace() {
  ip netns add "$1"
  set_parameter "$1" net/ipv6/conf/all/disable_ipv6 0
  set_parameter "$1" net/ipv6/conf/default/disable_ipv6 0
  set_parameter "$1" net/ipv6/conf/default/accept_dad 0
  ip -n "$1" link set lo up
}

# plug PORT NAMESPACE ADDRESS4 ADDRESS6: a cable from the switch's port to eth0 of a namespace
plug() {
  ip link add "$1" netns $switch type veth peer name eth0 netns "$2"
  ip -n $switch link set "$1" master bridge up
  ip -n "$2" addr add "$3/24" dev eth0
  ip -n "$2" addr add "$4/64" dev eth0 nodad
  ip -n "$2" link set eth0 up
}

make_network() {
  local name
  make_namespace $switch
  ip -n $switch link add bridge type bridge
  ip -n $switch addr add 10.213.0.5/24 dev bridge
  ip -n $switch link set bridge up

  for name in $names; do
    make_namespace "$(namespace "$name")"
    plug "$name" "$(namespace "$name")" "$(address4 "$name")" "$(address6 "$name")"
  done
  ip -n "$(namespace staging)" link add private type veth peer name private netns "$(namespace production)"
  for name in $names; do
    ip -n "$(namespace "$name")" addr add "$(private_address "$name")/24" dev private
    ip -n "$(namespace "$name")" link set private up
  done
  # A kernel parameter that differs on purpose.
  set_parameter "$(namespace production)" net/core/somaxconn 8192

  ip link add $host_link type veth peer name host netns $switch
  ip -n $switch link set host master bridge up
  ip addr add 10.213.0.1/24 dev $host_link
  ip addr add fd00:213::1/64 dev $host_link nodad 2>/dev/null || say "the host has IPv6 switched off"
  ip link set $host_link up
  # Without this, a connection to the private link would leave by the host's default route.
  ip route add unreachable 10.213.1.0/24
}

# Everything that runs in the lab's namespaces is the lab's: kill it, process by process.
kill_in_namespaces() {
  local space pid
  for space in $switch $(for name in $names; do namespace "$name"; done); do
    [ -e "/run/netns/$space" ] || continue
    for pid in $(ip netns pids "$space"); do kill -KILL "$pid" 2>/dev/null || true; done
  done
}

remove_network() {
  local space
  ip link del $host_link 2>/dev/null || true
  ip route del unreachable 10.213.1.0/24 2>/dev/null || true
  for space in $switch $(for name in $names; do namespace "$name"; done); do
    [ ! -e "/run/netns/$space" ] || ip netns del "$space" || true
  done
}
