#!/bin/bash
# What happens to measurements when the place where they are kept fails: two agents over a veth pair, a hub beside one of them.
#   sqlite      the disks of the archive and of the raw records are full (a small tmpfs each) for more than a minute
#   clickhouse  Debian's ClickHouse is killed (-9) and comes back more than a minute later, as often as KILLS says (1)
# Meanwhile the hub refuses with a reason, the agents keep their records; afterwards every minute is there, once, and every packet.
# tests/measure/archive_faults.sh PATH/TO/quipu [sqlite|clickhouse [KILLS]]; exits 77 (skipped) without root, or when asked for a
# ClickHouse that is not installed. All of it is in namespaces of its own. Minutes take a minute: some four for each place.
set -euo pipefail
quipu=$(realpath "$1")
only=${2:-} kills=${3:-1}
here=$(realpath "$(dirname "$0")")
tools=
source "$here/../alone.bash"
source "$here/../hub.bash"
source "$here/far.bash"
server=

start_agents() {
  "$quipu" agent --data santiago --ticket santiago.ticket --address 192.0.2.1 --clock-error 100us >>santiago.log 2>&1 &
  santiago=$!
  ip netns exec far "$quipu" agent --data panama --ticket panama.ticket --address 192.0.2.2 --clock-error 100us >>panama.log 2>&1 &
  panama=$!
}
end() { # PID…
  for process in "$@"; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
}
minutes() { # how many there are of the pair; nothing while the archive is away
  "$quipu" measure export santiago panama 2>/dev/null | tail -n +2 | wc -l
}
await_minutes() { # COUNT
  local end=$((SECONDS + 300))
  while [ $SECONDS -lt $end ]; do
    [ "$(minutes)" -lt "$1" ] || return 0
    sleep 0.2
  done
  fails "there are $1 minutes" hub.log santiago.log panama.log
}
# From the first that was measured to the last there is each minute, once; whatever the receiver counted is there.
whole() { # PACKETS-A-MINUTE
  "$quipu" measure export santiago panama >minutes.csv
  python3 - "$1" <<'PY' || fails "every minute is there once" minutes.csv hub.log panama.log
import csv, datetime, sys
rows = list(csv.DictReader(open("minutes.csv", newline="")))
times = [datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00")) for row in rows]
if len(rows) < 3:
    sys.exit(f"only {len(rows)} minutes")
for before, after in zip(times, times[1:]):
    if after - before != datetime.timedelta(minutes=1):
        sys.exit(f"{after} comes after {before}")
for row in rows[1:]:
    if row["sent"] != sys.argv[1] or row["received"] != sys.argv[1]:
        sys.exit(f"of {row['time']}: {row['sent']} sent, {row['received']} received")
print(f"{len(rows)} minutes, each once, with all their packets")
PY
}

on_sqlite() {
  mkdir -p hub/measure-raw archive
  mount -t tmpfs -o size=4m none archive
  mount -t tmpfs -o size=1m none hub/measure-raw
  local packets=600 # so that a minute's do not fit into what a full disk leaves: the rest of a file's last page
  cat >quipu.toml <<CONF
[hub]
archive = "archive"
[agents]
listen = ["192.0.2.1:8443"]
[measure]
packets_per_minute = $packets
raw = true
raw_octets = 16777216
CONF
  start_hub --port 8080 --only exchange
  add_sites santiago panama </dev/null
  start_agents
  await_minutes 1
  for disk in archive hub/measure-raw; do dd if=/dev/zero of=$disk/filler bs=4k 2>/dev/null || true; done
  # Both streams are refused, each with what is wrong, and the hub goes on.
  await "No space left on device" cat panama.log
  await "raw_octets" cat panama.log
  await "full" cat panama.log
  "$quipu" measure pairs >/dev/null || fails "the hub answers while the disk is full" hub.log
  there=$(minutes)
  # A minute later nothing more is there, and nothing was given up.
  refused=$(grep -c "measure.minute" panama.log || true)
  for _ in $(seq 1200); do
    [ "$(grep -c "measure.minute" panama.log || true)" -le "$((refused + 1))" ] || break
    sleep 0.1
  done
  [ "$(minutes)" = "$there" ] || fails "nothing is shown that is not kept" hub.log
  rm archive/filler hub/measure-raw/filler
  await_minutes $((there + 3))
  whole $packets
  # Of each whole minute every packet, once.
  "$quipu" measure raw santiago panama --since "$(sed -n 3p minutes.csv | cut -d, -f3)" --until "$(tail -n 1 minutes.csv | cut -d, -f3)" >raw.csv
  python3 - $packets <<'PY' || fails "every packet is there once" raw.csv panama.log
import csv, sys
rows = list(csv.DictReader(open("raw.csv", newline="")))
minutes = list(csv.DictReader(open("minutes.csv", newline="")))[1:-1]
sequences = [int(row["sequence"]) for row in rows]
if len(rows) != int(sys.argv[1]) * len(minutes) or len(set(sequences)) != len(rows):
    sys.exit(f"{len(rows)} records with {len(set(sequences))} sequences, of {len(minutes)} minutes")
if max(sequences) - min(sequences) != len(rows) - 1:
    sys.exit("sequences are missing")
if any(not row["received"] for row in rows):
    sys.exit("a packet did not come")
print(f"{len(rows)} raw records, each once")
PY
  "$quipu" measure raw santiago panama --format owamp | awk 'NF != 8 { exit 1 }' || fails "a raw record has eight fields" hub.log
  end "$santiago" "$panama" "$hub"
  umount archive hub/measure-raw
}

start_clickhouse() {
  (cd clickhouse && exec /usr/sbin/clickhouse-server --config-file=config.xml) >>clickhouse.log 2>&1 &
  server=$!
  for _ in $(seq 600); do
    ! curl -sf http://127.0.0.1:8123/ping >/dev/null || return 0
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  fails "ClickHouse starts" clickhouse.log
}
on_clickhouse() {
  mkdir clickhouse
  cat >clickhouse/config.xml <<CONF
<yandex><logger><level>error</level><console>1</console></logger><http_port>8123</http_port><listen_host>127.0.0.1</listen_host>
<path>/run/test/clickhouse/data/</path><tmp_path>/run/test/clickhouse/tmp/</tmp_path><users_config>users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database><mark_cache_size>16777216</mark_cache_size></yandex>
CONF
  cat >clickhouse/users.xml <<CONF
<yandex><profiles><default><max_memory_usage>1000000000</max_memory_usage><background_pool_size>2</background_pool_size></default></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
<quotas><default></default></quotas></yandex>
CONF
  start_clickhouse
  cat >quipu.toml <<CONF
[hub]
archive = "clickhouse://127.0.0.1:8123/quipu"
[agents]
listen = ["192.0.2.1:8443"]
CONF
  start_hub --port 8080 --only exchange
  add_sites santiago panama </dev/null
  start_agents
  await_minutes 1
  for time in $(seq "$kills"); do
    there=$(minutes)
    before=$(grep -c "measure.minute" panama.log || true)
    kill -9 "$server"
    wait "$server" 2>/dev/null || true
    # Until a minute was refused at the least.
    for _ in $(seq 1200); do
      [ "$(grep -c "measure.minute" panama.log || true)" = "$before" ] || break
      sleep 0.1
    done
    [ "$(grep -c "measure.minute" panama.log)" -gt "$before" ] || fails "the hub refuses while ClickHouse is away" panama.log
    start_clickhouse
    await_minutes $((there + 2))
    echo "after kill $time:"
    whole 90
  done
  end "$santiago" "$panama" "$hub"
  kill -9 "$server"
}

fresh() {
  cd /run/test
  rm -rf hub santiago panama ./*.log ./*.ticket
}
if [ "$only" != clickhouse ]; then
  on_sqlite
fi
if [ "$only" != sqlite ]; then
  if [ -x /usr/sbin/clickhouse-server ]; then
    fresh
    on_clickhouse
  elif [ "$only" = clickhouse ]; then
    echo "ClickHouse is not installed (tools/setup): not asked"
    exit 77
  else
    echo "ClickHouse is not installed (tools/setup): only SQLite was asked"
  fi
fi
