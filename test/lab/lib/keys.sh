# SSH keys, certificates, known hosts and the ssh_config that goes with them.

make_key() { ssh-keygen -q -t "$1" -N "${3:-}" -C "lab $(basename "$2")" -f "$2" </dev/null; }

make_ssh_keys() {
  ssh=$state/ssh
  mkdir -p -m 0700 "$ssh"
  make_key rsa "$ssh/id_rsa" &
  make_key ed25519 "$ssh/id_ed25519"
  make_key ed25519 "$ssh/id_encrypted" 'lab passphrase'
  make_key ed25519 "$ssh/id_untrusted"
  make_key ed25519 "$ssh/id_cert"
  make_key ed25519 "$ssh/user_ca"
  make_key ed25519 "$ssh/host_ca"
  ssh-keygen -q -s "$ssh/user_ca" -I "lab user" -n root,deploy,limited -V -1d:+1d "$ssh/id_cert.pub"
  cp "$ssh/id_cert" "$ssh/id_expired" && cp "$ssh/id_cert.pub" "$ssh/id_expired.pub"
  ssh-keygen -q -s "$ssh/user_ca" -I "lab user, expired" -n root -V -2d:-1d "$ssh/id_expired.pub"
  wait
}

# What a machine itself has: host keys, and who may log in.
give_ssh_keys() {
  local name=$1 root=$2 user home
  make_key ed25519 "$root/etc/ssh/ssh_host_ed25519_key"
  make_key ecdsa "$root/etc/ssh/ssh_host_ecdsa_key"
  make_key ed25519 "$root/etc/ssh/hostcert_key"
  ssh-keygen -q -s "$ssh/host_ca" -h -I "$name" -n "$(address4 "$name"),$name.lab.test" -V -1d:+1d "$root/etc/ssh/hostcert_key.pub"
  cp "$ssh/user_ca.pub" "$root/etc/ssh/user_ca.pub"
  for user in root deploy limited fishy noisy app; do
    home=$root/home/$user
    [ $user != root ] || home=$root/root
    mkdir -p -m 0700 "$home/.ssh"
    cat "$ssh"/id_{ed25519,encrypted,rsa}.pub >"$home/.ssh/authorized_keys"
    chroot "$root" chown -R "$user:" "${home#"$root"}"
  done
}

# known_hosts has ECDSA alone for staging: a client that does not ask for the key it knows sees a stranger there.
write_known_hosts() {
  local staging=$machines/staging/root/etc/ssh production=$machines/production/root/etc/ssh at
  at=$(address4 production)
  {
    echo "$(address4 staging) $(cut -d ' ' -f 1,2 "$staging/ssh_host_ecdsa_key.pub")"
    echo "[$at]:22,$at $(cut -d ' ' -f 1,2 "$production/ssh_host_ed25519_key.pub")"
    echo "$at $(cut -d ' ' -f 1,2 "$production/ssh_host_ecdsa_key.pub")"
    for port in 2201 2203 2204; do echo "[$at]:$port $(cut -d ' ' -f 1,2 "$production/ssh_host_ed25519_key.pub")"; done
    echo "[$(private_address production)]:2205 $(cut -d ' ' -f 1,2 "$production/ssh_host_ed25519_key.pub")"
    echo "@cert-authority [$at]:2202 $(cut -d ' ' -f 1,2 "$ssh/host_ca.pub")"
  } >"$ssh/known_hosts"
  cp "$ssh/known_hosts" "$ssh/known_hosts_hashed"
  ssh-keygen -q -H -f "$ssh/known_hosts_hashed" >/dev/null 2>&1
  rm -f "$ssh/known_hosts_hashed.old"
  # Another machine's key under each name, and no key at all.
  for name in $names; do echo "$(address4 "$name") $(cut -d ' ' -f 1,2 "$ssh/id_untrusted.pub")"; done >"$ssh/known_hosts_changed"
  : >"$ssh/known_hosts_empty"
}

write_ssh_config() {
  write_known_hosts
  cat >"$ssh/config" <<END
# The machines of the lab.
Host staging
  HostName $(address4 staging)

Host production production-deploy production-limited production-fishy production-noisy production-encrypted production-rsa production-hashed
  HostName $(address4 production)

Host production-deploy
  User deploy
Host production-limited
  User limited
Host production-fishy
  User fishy
Host production-noisy
  User noisy
Host production-encrypted
  IdentityFile $ssh/id_encrypted
Host production-rsa
  IdentityFile $ssh/id_rsa
Host production-hashed
  UserKnownHostsFile $ssh/known_hosts_hashed

Host production-cert
  HostName $(address4 production)
  Port 2201
  IdentityFile $ssh/id_cert
  CertificateFile $ssh/id_cert-cert.pub

Host production-hostcert
  HostName $(address4 production)
  Port 2202

Host production-pq
  HostName $(address4 production)
  Port 2203

Host production-noforward
  HostName $(address4 production)
  Port 2204

Host production-jump
  HostName $(private_address production)
  Port 2205
  ProxyJump staging

Host production-proxycommand
  HostName $(address4 production)
  ProxyCommand ssh -F $ssh/config -W %h:%p staging

Host staging production production-*
  User root
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking yes
  UserKnownHostsFile $ssh/known_hosts
  GlobalKnownHostsFile /dev/null

Match originalhost "staging,production,production-*,!production-encrypted,!production-rsa,!production-cert"
  IdentityFile $ssh/id_ed25519
END
}
