# What the tests share that start a hub and ask it; read by them, with $quipu set, in the folder where its output may lie.
export NO_COLOR=1
unset QUIPU_HUB QUIPU_PORT QUIPU_DATA QUIPU_WEB QUIPU_DATABASE QUIPU_TOKEN

fails() { # WHAT-IS-NOT-SO FILE…
  echo "not so: $1"
  shift
  tail -n 20 "$@" 2>/dev/null || true
  exit 1
}
# Waits until a command's output has a text; how long that may take decides nothing but when to give up.
await() { # TEXT COMMAND…
  local text=$1
  shift
  for _ in $(seq 600); do
    "$@" >await.out 2>&1 || true
    ! grep -qF -- "$text" await.out || return 0
    sleep 0.1
  done
  fails "\"$*\" says \"$text\"" await.out ./*.log
}
# Starts a hub with quipu.toml and the folder hub; its process is $hub and what it serves is $QUIPU_HUB.
start_hub() { # OPTION…
  rm -f hub.out # one from before its restart would name its address too early
  "$quipu" serve --config quipu.toml --data hub "$@" >hub.out 2>>hub.log &
  hub=$!
  for _ in $(seq 600); do
    ! grep -q http hub.out 2>/dev/null || break
    kill -0 "$hub" 2>/dev/null || break
    sleep 0.05
  done
  QUIPU_HUB=$(grep -o 'http://[^ ]*' hub.out) || fails "the hub starts" hub.log
  export QUIPU_HUB
}
