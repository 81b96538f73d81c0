#!/bin/sh
# sh publish.sh /orders/42 '{"state":"paid"}'
# The same key for each attempt: the hub publishes once.
answer=$(curl -sS --retry 5 --retry-all-errors --max-time 60 -w '\n%{http_code}' \
  -H "Authorization: Bearer $TOKEN" \
  -H "Idempotency-Key: \"$(cat /proc/sys/kernel/random/uuid)\"" \
  -d private=on --data-urlencode "topic=$1" --data-urlencode "data=$2" \
  "${HUB:-http://127.0.0.1:3000/events/stream}")
case $answer in
  *200) echo "$answer" | head -n 1 ;;
  *) echo "$answer" >&2 && exit 1 ;;
esac
