#!/usr/bin/env bash
# Prints each event as it is heard: "MS DATA", in milliseconds since the request. Usage: reader.sh URL [CURL OPTION]...
set -euo pipefail
url=$1
shift
now() { echo "$((${EPOCHREALTIME/[.,]/} / 1000))"; }
echo asks
began=$(now)
# Replaced by curl, so that the process that is ended is the one that reads.
exec curl --no-buffer --silent --show-error "$@" "$url" > >(while IFS= read -r line; do
  case $line in data:\ *) echo "$(($(now) - began)) ${line#data: }" ;; esac
done)
