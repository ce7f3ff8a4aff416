# What the benchmarks over a veth pair share; read by them once they are in namespaces of their own (tests/alone.bash, tests/measure/far.bash).
echo "load of the machine: $(cut -d' ' -f1-3 /proc/loadavg)"
umask 077
echo 'ana 616263' >keys
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; } # of processor time, of a process
value() { # FILE FIELD: a number of a JSON file; - if it is absent
  local found
  found=$(sed -n "s/.*\"$2\": *\(-\{0,1\}[0-9.]*\).*/\1/p" "$1" | head -1)
  echo "${found:--}"
}
wait_for() { until grep -q "$2" "$1" 2>/dev/null; do sleep 0.05; done; } # FILE PATTERN
start_irtt() { # at the far end; its process is $theirs
  ip netns exec far irtt server -b 192.0.2.2:2112 -i 0 -d 0 >irtt.log 2>&1 &
  theirs=$!
  for _ in $(seq 100); do irtt client -q -d 200ms -i 100ms 192.0.2.2 >/dev/null 2>&1 && break; sleep 0.1; done
}
