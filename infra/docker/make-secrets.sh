#!/bin/sh
# Makes the passwords that docker-compose.yml mounts as files, once: what is there stays as it is.
# The folder admits its owner alone. Each file is for its owner and group: containers that mount it are put into that group.
set -eu
folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
chmod 700 "$folder"
word() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() {
  [ -s "$folder/$1" ] && return
  printf '%s' "$2" > "$folder/$1"
  chmod 640 "$folder/$1"
}
for name in redis_password clickhouse_writer clickhouse_reader grafana_admin; do keep "$name" "$(word)"; done
keep redis_url "redis://:$(cat "$folder/redis_password")@redis:6379"
echo "Passwords are in $folder."
