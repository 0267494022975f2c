# A WireGuard peer in a network namespace of the same machine, so that a handshake happens that leaves it by no card.
{
  systemd.services.wireguard-beside = {
    description = "A peer beside wg0";
    wantedBy = [ "multi-user.target" ];
    after = [ "wireguard-wg0.service" ];
    requires = [ "wireguard-wg0.service" ];
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = ''
      cd /var/lib/wireguard
      [ -e beside.key ] || (umask 077; wg genkey >beside.key)
      ip netns add beside
      ip link add beside0 type veth peer name eth0 netns beside
      ip address add 10.100.1.1/30 dev beside0
      ip link set beside0 up
      ip -n beside address add 10.100.1.2/30 dev eth0
      ip -n beside link set eth0 up
      ip -n beside link add wg0 type wireguard
      ip netns exec beside wg set wg0 private-key beside.key peer "$(wg show wg0 public-key)" \
        allowed-ips 10.100.0.1/32 endpoint 10.100.1.1:51820 persistent-keepalive 25
      wg set wg0 peer "$(wg pubkey <beside.key)" allowed-ips 10.100.0.2/32 endpoint 10.100.1.2:51820
      ip -n beside address add 10.100.0.2/24 dev wg0
      ip -n beside link set wg0 mtu 1420 up
    '';
  };
}
