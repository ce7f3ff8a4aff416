#!/bin/bash
# RTR over the channels that hide it: TLS, read by openssl s_client, and SSH, where the real sshd runs `quipu rpki rtr-stdio` as its
# subsystem and rtrclient (RTRlib) asks for the set. Each holds what is served.
# tests/rpki/channels.sh PATH/TO/quipu; a channel whose program is not installed is not asked; exits 77 (skipped) if none is.
set -euo pipefail
quipu=$(realpath "$1")
reader=$(realpath "$(dirname "$0")/reader.py")
source "$(dirname "$0")/rtr.bash"

installed tls openssl
installed ssh /usr/sbin/sshd ssh-keygen rtrclient
[ ${#routers[@]} != 0 ] || exit 77

"$quipu" rpki lab --folder tree --objects 300 >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=cache -addext subjectAltName=DNS:cache.example \
  -keyout tls.key -out tls.pem 2>/dev/null
chmod 600 tls.key
start_server 127.0.0.1:0 --rtr-tls 127.0.0.1:0 --tls-certificate tls.pem --tls-key tls.key
mapfile -t ports < <(sed -n 's/^rtr .*:\([0-9]*\)$/\1/p' served)
[ ${#ports[@]} = 2 ] || { echo "two ports were wanted:"; cat served server.log; exit 1; }
expect_vrps

vrps_of_tls() {
  timeout 60 python3 "$reader" openssl s_client -quiet -verify_quiet -verify_return_error -CAfile tls.pem -verify_hostname cache.example \
    -connect "127.0.0.1:${ports[1]}" 2>tls.log
}
start_ssh() {
  [ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd # where the program insists on it
  ssh-keygen -q -t ed25519 -N '' -f host.key
  ssh-keygen -q -t ed25519 -N '' -f router.key
  ssh_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  echo "[127.0.0.1]:$ssh_port $(cut -d ' ' -f 1,2 host.key.pub)" >known_hosts
  cat >sshd_config <<CONF
ListenAddress 127.0.0.1
Port $ssh_port
HostKey $work/host.key
PidFile none
AuthorizedKeysFile $work/router.key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem rpki-rtr $quipu rpki rtr-stdio $work/rtr.sock
CONF
  /usr/sbin/sshd -D -e -f "$work/sshd_config" 2>ssh.log &
  started+=($!)
  # rtrclient that finds nobody asks again after ten minutes.
  for _ in $(seq 600); do
    ! grep -q '^Server listening' ssh.log || break
    sleep 0.1
  done
}
vrps_of_ssh() {
  timeout 60 rtrclient -e -t csv -o ssh.csv ssh 127.0.0.1 "$ssh_port" "$(id -un)" "$work/router.key" "$work/known_hosts" >rtrclient.log 2>&1 &&
    cat ssh.csv
}
# The same by the ssh program, octet by octet.
vrps_of_ssh_program() {
  timeout 60 python3 "$reader" ssh -F none -p "$ssh_port" -i router.key -o IdentitiesOnly=yes -o UserKnownHostsFile=known_hosts \
    -o BatchMode=yes -s 127.0.0.1 rpki-rtr 2>ssh_program.log
}

for channel in "${routers[@]}"; do
  [ "$channel" != ssh ] || start_ssh
  same_set "$channel" "over $channel"
done
if [[ " ${routers[*]} " == *" ssh "* ]] && command -v ssh >/dev/null; then same_set ssh_program "over ssh -s"; fi

# A reader that goes away while its other side stays: rtr-stdio ends, and there is nothing to complain of.
mkfifo questions
exec 7<>questions
printf '\001\002\000\000\000\000\000\010' >&7
"$quipu" rpki rtr-stdio "$work/rtr.sock" <questions 2>stdio.log | head -c 2 >/dev/null && status=0 || status=${PIPESTATUS[0]}
[ "$status" = 0 ] && [ ! -s stdio.log ] || { echo "rtr-stdio ended with $status:"; cat stdio.log; exit 1; }
echo "rtr-stdio ends when its reader does"
! grep -E 'RPKI_RTR_(FAULT|TOLD)' server.log || { echo "a router and the server do not agree on the protocol"; exit 1; }
