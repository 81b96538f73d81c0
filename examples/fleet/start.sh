#!/bin/sh
# Three hubs behind nginx, on one Redis: open http://127.0.0.1:8080, and end any of the hubs while it is open. Ctrl-C ends all.
#
# Needs redis-server and nginx. PORT, HUB_PORTS and REDIS_PORT choose other ports; ARTESIAN is how the command is started.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
port=${PORT:-8080}
hub_ports=${HUB_PORTS:-3001 3002 3003}
redis_port=${REDIS_PORT:-6390}
artesian=${ARTESIAN:-npx artesian}

directory=$(mktemp -d)
redis=
running=
# The hubs drain, and have something to say to Redis at their end.
trap 'trap - EXIT; kill $running 2>/dev/null || true; wait $running || true; kill $redis 2>/dev/null || true; wait; rm -rf "$directory"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Its log is flushed before it answers, so that what is acknowledged survives a power cut.
redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$directory" --appendonly yes --appendfsync always --save "" --loglevel warning &
redis=$!
until redis-cli -p "$redis_port" ping >/dev/null 2>&1; do sleep 0.1; done

for hub_port in $hub_ports; do
  # One public URL for all of them: it names the hub, and relative topics are resolved against it.
  # This nginx does not ask for the hubs' health, so a hub that stops need not wait for it: --lame-duck 0.
  $artesian serve --port "$hub_port" --data "$directory/$hub_port" --journal "redis://127.0.0.1:$redis_port" \
    --public-url "http://127.0.0.1:$port" --trusted-proxies 127.0.0.1 --lame-duck 0 --anonymous --anonymous-publish --subscriptions --log-level warn &
  running="$running $!"
done

# shellcheck disable=SC2086
set -- $hub_ports
mkdir "$directory/tmp"
# Started by root, its workers would be another user's, who may not read the directory.
if [ "$(id -u)" = 0 ]; then echo "user root;" >"$directory/nginx.conf"; fi
sed -e "s/:8080;/:$port;/" -e "s/:3001/:$1/" -e "s/:3002/:$2/" -e "s/:3003/:$3/" "$here/nginx.conf" >>"$directory/nginx.conf"
PATH="$PATH:/usr/sbin" nginx -p "$directory" -c "$directory/nginx.conf" -e stderr &
running="$running $!"
wait
