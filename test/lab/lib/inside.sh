# Runs in a machine's root before it boots: what needs the machine's own tools and is new at every start.
# usage: sh -s NAME
set -eu
name=$1

cd /etc/wireguard
umask 077
for key in wg0 alive never; do wg genkey | tee $key.key | wg pubkey >$key.pub; done
rm never.key
umask 022

chown -R app: /home/app
mkdir -p /var/spool/inbox /etc/unbound
chown root:www-data /etc/nginx/htpasswd
chmod 0640 /etc/nginx/htpasswd

# A signed zone, and its key as the resolver's trust anchor.
cd /etc/unbound
cat >signed.plain <<END
\$ORIGIN signed.test.
@ 3600 IN SOA ns hostmaster 1 7200 3600 1209600 300
@ 3600 IN NS ns
ns 3600 IN A 127.0.0.1
www 300 IN A 203.0.113.7
END
key=$(ldns-keygen -r /dev/urandom -a ED25519 -k signed.test)
ldns-signzone -f signed.zone signed.plain "$key"
echo "trust-anchor: \"$(sed 's/;.*//; s/\t/ /g' "$key.ds")\"" >anchor.conf
rm -f signed.plain "$key.private"

units="worker migrate tidy backup.timer fails crash-loop on-metal proxy.socket greeter.socket inbox.path shard@one edited
  srv-data.mount wireguard-wg0 nginx unbound opensmtpd ssh postgresql"
[ "$name" != production ] || units="$units sshd-face@cert sshd-face@hostcert sshd-face@pq sshd-face@noforward sshd-face@jump
  acme@git.lab.test acme@www.lab.test acme@mail.lab.test acme@git.lab.test.timer acme@www.lab.test.timer acme@mail.lab.test.timer"
# shellcheck disable=SC2086
systemctl enable --quiet $units
