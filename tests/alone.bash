# What the tests share that run as root in namespaces of their own: network, mounts and processes. Read by them, with $tools set and before they
# go anywhere: the script begins anew inside, with the same arguments, and all of it ends with it. Skipped (77) without root or a tool.
# Inside, /run is a file system of its own with the empty folder /run/test, where the script then is.
if [ -z "${QUIPU_ALONE:-}" ]; then
  [ "$(id -u)" = 0 ] || { echo "skipped: network namespaces need root"; exit 77; }
  for tool in unshare ip $tools; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed (tools/setup)"; exit 77; }
  done
  QUIPU_ALONE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$(realpath "$0")" "$@"
fi
unset QUIPU_ALONE
mount -t tmpfs none /run
mkdir -m 755 /run/netns /run/test
cd /run/test || exit 1
ip link set lo up
