#!/bin/sh
# Makes the passwords and signing keys that docker-compose.yml mounts as files, once: what is there stays as it is.
# The folder admits its owner alone. Each file is for its owner and group: containers that mount it are put into that group.
set -eu
command -v openssl > /dev/null || { echo "make-secrets: openssl is not installed; nothing was made." >&2; exit 1; }
folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
chmod 700 "$folder"
# The services run as user 1000: a key of that same user must be closed to its group as well.
key_mode=640
[ "$(id -u)" = 1000 ] && key_mode=600
keep() {
  [ -s "$folder/$1" ] && return
  umask 077
  cat > "$folder/$1.new"
  chmod "$2" "$folder/$1.new"
  mv "$folder/$1.new" "$folder/$1"
}
for name in redis_password clickhouse_writer clickhouse_reader grafana_admin; do
  openssl rand -hex 24 | tr -d '\n' | keep "$name" 640
done
printf 'redis://:%s@redis:6379' "$(cat "$folder/redis_password")" | keep redis_url 640
for name in seal.pem grant.pem; do openssl genpkey -algorithm ed25519 | keep "$name" "$key_mode"; done
# The last 32 bytes of the public key's DER are the key.
openssl pkey -in "$folder/grant.pem" -pubout -outform DER | tail -c 32 | openssl base64 -A | tr '+/' '-_' | tr -d '=' | keep grant.pub 640
echo "Passwords and keys are in $folder."
