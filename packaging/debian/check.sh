#!/bin/sh
# Installs, starts, reloads, upgrades and purges the package on a Debian 13 whose systemd runs: check.sh DEB NEWER_DEB [ROOT]
#
# Needs root, debootstrap and systemd-container. ROOT is a folder that debootstrap made, with the packages below.
set -eu
deb=$1
newer=$2
root=${3:-}
[ "${CHECK_INSIDE:-}" ] || exec env CHECK_INSIDE=1 unshare --mount --cgroup "$0" "$@"

packages=ca-certificates,systemd,systemd-sysv,dbus,nodejs,curl,procps
work=$(mktemp -d)
container=
finish() {
  status=$?
  [ "$status" = 0 ] || [ -z "$container" ] || inside journalctl --no-pager -n 40 -u artesian >&2 || true
  [ -z "$container" ] || kill -KILL "$container" 2>/dev/null || true
  [ -z "$container" ] || wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

step() { echo "check: $*"; }
fail() { echo "check: FAILED: $*" >&2; exit 1; }
inside() { nsenter --target "$container" --all -- "$@"; }
await() { for _ in $(seq 600); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.2; done; fail "$*"; }
publish() { inside curl -sf -H "Authorization: Bearer $token" -d topic=check -d "data=$1" http://127.0.0.1:3000/events/stream; }

if [ -z "$root" ]; then
  step "make a Debian 13"
  mirror=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' | sort -u | head -n 1)
  debootstrap --variant=minbase --include="$packages" trixie "$work/base" "$mirror" >"$work/log" || { tail -n 20 "$work/log" >&2; exit 1; }
  root=$work/base
fi
cp -a "$root" "$work/root"
cp "$deb" "$work/root/root/old.deb"
cp "$newer" "$work/root/root/new.deb"

step "boot systemd"
# Without the cgroups of the host, systemd makes its own.
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
group=/sys/fs/cgroup/artesian-check-$$
mkdir "$group"
echo $$ >"$group/cgroup.procs"
systemd-nspawn --quiet --register=no --keep-unit --private-network --link-journal=no --boot --directory "$work/root" </dev/null >"$work/console" 2>&1 &
nspawn=$!
for _ in $(seq 600); do
  container=$(pgrep --parent "$nspawn" | head -n 1)
  if [ "$container" ] && nsenter --target "$container" --all -- systemctl is-system-running 2>/dev/null | grep -qE "running|degraded"; then break; fi
  sleep 0.2
done
[ "$container" ] || { cat "$work/console" >&2; fail "no container"; }
inside systemctl --version | head -n 1

step "install"
inside dpkg -i /root/old.deb
await inside systemctl is-active artesian
inside curl -sf http://127.0.0.1:3000/health/ready
inside systemctl show artesian -p Type,MainPID,StatusText,DynamicUser,WatchdogUSec,NRestarts
pid=$(inside systemctl show artesian -p MainPID --value)
inside sh -c "grep -E '^(Uid|NoNewPrivs|Seccomp|CapEff)' /proc/$pid/status; stat -c '%A %U %n' /etc/artesian/jwt.key /var/lib/private /var/lib/private/artesian"
[ "$(inside sh -c "awk '/^Uid/{print \$2}' /proc/$pid/status")" != 0 ] || fail "the hub runs as root"
token=$(inside artesian token mint --config /etc/artesian/artesian.json --jwt-key file:/etc/artesian/jwt.key --publish '*' --subscribe '*' 2>/dev/null)
for i in 1 2 3; do publish "$i"; echo; done

step "reload"
inside sh -c 'echo "{\"host\":\"127.0.0.1\",\"port\":3000,\"issuer\":\"urn:artesian:local\",\"maxTopics\":50}" >/etc/artesian/artesian.json'
inside systemctl reload artesian
await inside sh -c 'journalctl -u artesian | grep -q "settings and keys were taken over"'
inside sh -c 'cp /etc/artesian/artesian.json /root/good.json; echo "{" >/etc/artesian/artesian.json'
inside systemctl reload artesian
await inside sh -c 'systemctl show artesian -p StatusText | grep -q "the last reload changed nothing"'
inside systemctl is-active artesian
inside cp /root/good.json /etc/artesian/artesian.json

step "a hung hub is killed by the watchdog, and started again"
inside kill -STOP "$pid"
await inside sh -c "[ \$(systemctl show artesian -p NRestarts --value) = 1 ] && systemctl is-active artesian"
inside sh -c 'journalctl -u artesian | grep -i watchdog | head -n 3'

step "upgrade: nothing is lost, and the settings stay"
inside dpkg -i /root/new.deb
await inside systemctl is-active artesian
await inside curl -sf http://127.0.0.1:3000/health/ready
[ "$(inside dpkg-query -f '${Version}' -W artesian)" = "$(dpkg-deb -f "$newer" Version)" ] || fail "the version"
inside grep -q maxTopics /etc/artesian/artesian.json
publish 4
echo
inside sh -c "curl -sN -m 5 -H 'Authorization: Bearer $token' 'http://127.0.0.1:3000/events/stream?match=check&lastEventID=earliest' | grep ^data" >"$work/data" || true
[ "$(tr -d '\n' <"$work/data")" = "data: 1data: 2data: 3data: 4" ] || { cat "$work/data" >&2; fail "updates are missing"; }

step "keys in the data directory, which change without a restart, and a port below 1024"
inside mkdir -p /etc/systemd/system/artesian.service.d
cat >"$work/override.conf" <<'END'
[Service]
LoadCredential=
UnsetEnvironment=ARTESIAN_JWT_KEY
ExecStartPre=/bin/sh -c 'test -e keys.json || artesian keys create'
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
PrivateUsers=no
END
inside sh -c 'cat >/etc/systemd/system/artesian.service.d/override.conf' <"$work/override.conf"
inside sh -c 'echo "{\"port\":80}" >/etc/artesian/artesian.json'
inside systemctl daemon-reload
inside systemctl restart artesian
inside curl -sf http://127.0.0.1/health/ready
key=$(inside artesian keys rotate --data /var/lib/artesian)
inside systemctl reload artesian
await inside sh -c 'journalctl -u artesian -n 5 | grep -q "keys of urn:uuid"'
token=$(inside artesian token mint --data /var/lib/artesian --resource-identifier http://127.0.0.1:80/.well-known/mercure --publish '*' 2>/dev/null)
inside curl -sf -H "Authorization: Bearer $token" -d topic=check -d data=5 http://127.0.0.1/events/stream
echo " by the key $key"

step "stop"
inside systemctl stop artesian
inside systemctl show artesian -p Result,ExecMainStatus
inside journalctl -u artesian -o cat -n 5 --no-pager

step "remove and purge"
inside dpkg -r artesian
inside test -e /etc/artesian/artesian.json
inside test -d /var/lib/private/artesian
inside dpkg -P artesian
for path in /etc/artesian /var/lib/artesian /var/lib/private/artesian /usr/lib/artesian /etc/systemd/system/multi-user.target.wants/artesian.service; do
  if inside test -e "$path"; then fail "$path is left"; fi
done
inside systemctl poweroff || true
wait "$nspawn" || true
container=
step "all is well"
