# lab.json: all that a test needs to know.

public_key() { cat "$state/wireguard/$1/$2.pub"; }

machine_json() {
  local name=$1
  cat <<END
    "$name": {
      "host": "$(address4 "$name")", "host6": "$(address6 "$name")", "hostName": "$name",
      "leader": $(leader_of "$name"),
      "ssh": { "alias": "$name", "user": "root", "port": 22 },
      "ca": "$state/ca/$2.pem",
      "wireguard": { "interface": "wg0", "port": 51820, "publicKey": "$(public_key "$name" wg0)",
        "alive": "$(public_key "$name" alive)", "aliveAddress": "10.100.0.2",
        "never": "$(public_key "$name" never)", "neverAddress": "10.100.0.3" }
    }
END
}

write_state() {
  save_acme_root
  cat >"$state/lab.json.new" <<END
{
  "directory": "$state",
  "sshConfig": "$ssh/config",
  "knownHosts": "$ssh/known_hosts",
  "knownHostsHashed": "$ssh/known_hosts_hashed",
  "knownHostsChanged": "$ssh/known_hosts_changed",
  "knownHostsEmpty": "$ssh/known_hosts_empty",
  "keys": {
    "plain": "$ssh/id_ed25519", "rsa": "$ssh/id_rsa", "untrusted": "$ssh/id_untrusted",
    "encrypted": "$ssh/id_encrypted", "passphrase": "lab passphrase",
    "certified": "$ssh/id_cert", "certificate": "$ssh/id_cert-cert.pub",
    "expiredCertificate": "$ssh/id_expired-cert.pub",
    "userCa": "$ssh/user_ca", "hostCa": "$ssh/host_ca.pub"
  },
  "ports": { "cert": 2201, "hostcert": 2202, "pq": 2203, "noforward": 2204, "jump": 2205 },
  "privateAddress": "$(private_address production)",
  "users": {
    "deploy": { "sudo": "without a password" },
    "limited": { "sudo": "with a password", "password": "limited" },
    "fishy": { "sudo": "without a password", "shell": "fish" },
    "noisy": { "sudo": "without a password" },
    "app": { "sudo": "none", "lingers": true }
  },
  "names": ["git.lab.test", "www.lab.test", "expired.lab.test", "wrong.lab.test", "mail.lab.test"],
  "basicAuth": { "url": "https://git.lab.test/private/", "username": "alice", "password": "wonderland" },
  "dns": { "zone": "lab.test", "big": "big.lab.test", "signed": "www.signed.test", "refused": "x.refused.test", "broken": "x.broken.test",
    "tlsPort": 853, "httpsPort": 8443, "path": "/dns-query", "serverName": "dns.lab.test" },
  "minicaCa": "$state/ca/minica.pem",
  "machines": {
$(machine_json staging minica),
$(machine_json production pebble)
  }
}
END
  mv "$state/lab.json.new" "$state/lab.json"
}
