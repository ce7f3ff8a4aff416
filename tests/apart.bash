# What the tests share that run as anybody in a network namespace of their own; read by them, with $tools and $kept set, before anything
# else. The script begins anew inside, in a folder that goes with it; what matches $kept is copied to KEEP-FOLDER, its second argument.
[ "${1:-}" = inside ] || {
  for tool in unshare ip $tools; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed (tools/setup test)"; exit 77; }
  done
  unshare -rn true 2>/dev/null || { echo "skipped: a network namespace cannot be made here"; exit 77; }
  exec unshare -rn "$0" inside "$(realpath "$1")" "${2:-}"
}
program=$2
keep=${3:-}
folder=$(mktemp -d)
pids=()
stop() {
  [ ${#pids[@]} = 0 ] || { kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null; }
  [ -z "$keep" ] || cp "$folder"/$kept "$keep"
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder" || exit 1
ip link set lo up
