#!/bin/bash
# Origin validation of many routes, quipu and rtrlib's rpki-rov (fed by stayrtr) in one run on the same VRPs: processor seconds, memory, and
# whether they agree. bench/rpki/validity.sh PATH/TO/quipu [VRPS] [ROUTES]; a peer that is missing is said.
set -euo pipefail
quipu=$(realpath "$1")
vrps=${2:-800000}
routes=${3:-1000000}
work=$(mktemp -d)
cache=
stop() {
  [ -z "$cache" ] || { kill "$cache"; wait "$cache" 2>/dev/null || true; }
  rm -rf "$work"
}
trap stop EXIT
cd "$work"

python3 - "$vrps" "$routes" <<'PY'
import ipaddress, json, random, sys
rng = random.Random(4)
def prefix():
    if rng.random() < 0.75:
        length = rng.randint(16, 24)
        return ipaddress.ip_network((rng.randrange(1 << 24, 223 << 24) >> (32 - length) << (32 - length), length))
    length = rng.randint(32, 48)
    return ipaddress.ip_network(((0x2001 << 112 | rng.randrange(1 << 32) << 80) >> (128 - length) << (128 - length), length))
held = []
for _ in range(int(sys.argv[1])):
    p = prefix()
    most = 24 if p.version == 4 else 48
    held.append((p, most if rng.random() < 0.33 else p.prefixlen, rng.randint(1, 70000)))
with open("vrps.json", "w") as out:
    json.dump({"metadata": {"buildtime": "2030-01-01T00:00:00Z"}, "roas": [{"asn": f"AS{a}", "prefix": str(p), "maxLength": m, "ta": "x"} for p, m, a in held]}, out)
# A third has a prefix that may not be covered, a tenth another origin, a fifth is longer than its VRP's prefix; each route once, as quipu tells it.
routes = set()
while len(routes) < int(sys.argv[2]):
    p, m, a = held[rng.randrange(len(held))]
    kind = rng.random()
    if kind < 0.33: p = prefix()
    elif kind < 0.44: a = rng.randint(1, 70000)
    elif kind < 0.64 and p.prefixlen < (24 if p.version == 4 else 48):
        p = next(p.subnets(new_prefix=rng.randint(p.prefixlen + 1, 24 if p.version == 4 else 48)))
    routes.add((p, a))
routes = list(routes)
rng.shuffle(routes)
with open("routes.quipu", "w") as ours, open("routes.rov", "w") as theirs:
    for p, a in routes:
        ours.write(f"{p} => AS{a}\n")
        theirs.write(f"{p.network_address} {p.prefixlen} {a}\n")
PY

measure() { # NAME INPUT COMMAND…
  local name=$1 input=$2
  shift 2
  /usr/bin/env python3 - "$name" "$input" "$@" <<'PY'
import resource, subprocess, sys, time
name, source, command = sys.argv[1], sys.argv[2], sys.argv[3:]
start = time.monotonic()
status = subprocess.run(command, stdin=open(source), stdout=open(name + ".out", "w"), stderr=open(name + ".err", "w")).returncode
wall = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(name + ".took", "w") as out:
    out.write(f"{used.ru_utime + used.ru_stime} {wall}\n")
print(f"{name:10} {used.ru_utime + used.ru_stime:8.2f} CPU s {wall:8.2f} s {used.ru_maxrss / 1024:7.0f} MiB  status {status}")
PY
}
# Each reads its VRPs first (JSON here, RTR there), then all routes: what one VRP and one route takes is that.
head -1 routes.quipu >one.quipu
head -1 routes.rov >one.rov
measure quipu-one one.quipu "$quipu" --output csv rpki validity --vrps vrps.json --file -
measure quipu routes.quipu "$quipu" --output csv rpki validity --vrps vrps.json --file -
# What the routes themselves take: reading them, judging, and writing what came of each.
of_routes() { # NAME
  read -r cpu_one wall_one <"$1-one.took"
  read -r cpu wall <"$1.took"
  python3 -c 'import sys; cpu_one, wall_one, cpu, wall = map(float, sys.argv[3:]); print(f"{sys.argv[1]}: {int(sys.argv[2]):,} routes in one batch, read, judged and written: {wall - wall_one:.2f} s, {cpu - cpu_one:.2f} CPU s")' \
    "$1" "$routes" "$cpu_one" "$wall_one" "$cpu" "$wall"
}
of_routes quipu
for tool in stayrtr rpki-rov; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed: nothing to compare with"; exit 0; }
done
port=$((20000 + RANDOM % 20000))
stayrtr -bind "127.0.0.1:$port" -cache "$work/vrps.json" -checktime=false -metrics.addr= >stayrtr.log 2>&1 &
cache=$!
# It listens some time after it has read them, and rpki-rov does not try again.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
for _ in $(seq 900); do
  listens && break
  sleep 0.2
done
listens || { echo "stayrtr does not listen after three minutes"; tail -3 stayrtr.log; exit 1; }
measure rpki-rov-one one.rov rpki-rov 127.0.0.1 "$port"
measure rpki-rov routes.rov rpki-rov 127.0.0.1 "$port"
of_routes rpki-rov
# rpki-rov: "PREFIX LEN AS|covering…|state", 0 valid, 1 not found, 2 invalid; it says "input error" at the end of its input.
python3 - <<'PY'
import collections, sys
names = {"0": "valid", "1": "not-found", "2": "invalid"}
theirs = {}
for line in open("rpki-rov.out"):
    parts = line.rstrip("\n").split("|")
    if parts[-1] not in names: continue
    address, length, asn = parts[0].split()
    theirs[f"{address}/{length}", asn] = names[parts[-1]]
ours = {}
for line in open("quipu.out").read().splitlines()[1:]:
    prefix, asn, state = line.split(",")[:3]
    ours[prefix, asn.removeprefix("AS")] = state
different = [(route, state, theirs.get(route)) for route, state in ours.items() if theirs.get(route) != state]
print("states:", dict(collections.Counter(ours.values())))
print(f"the two agree on {len(ours) - len(different):,} of {len(theirs):,} routes")
for one in different[:5]: print("  differ:", one)
sys.exit(bool(different) or len(ours) != len(theirs))
PY
