# What the tests with networks of their own share; read by them, with $quipu set, before anything else: the script begins anew
# in namespaces that end with it. Skipped (77) without root or BIRD.
if [ "${2:-}" != inside ]; then
  [ "$(id -u)" = 0 ] || { echo "network namespaces need root: not asked"; exit 77; }
  command -v bird >/dev/null || { echo "BIRD is not installed (tools/setup build): not asked"; exit 77; }
  exec unshare --net --mount --pid --fork --kill-child --mount-proc "$(realpath "$0")" "$quipu" inside
fi
mount -t tmpfs none /run
mkdir -m 755 /run/netns
ip link set lo up
