# What the tests share that read with tshark what passes on loopback. tshark says that it captures before it does, and writes what it
# captured a moment after: a capture has begun, and is whole, when a datagram of ours is in its file.
in_capture() { # FILE PORT TEXT: sends the text to that port, where nobody listens, until the file has it; fails when tshark is gone
  local end=$((SECONDS + 60))
  while [ $SECONDS -lt $end ]; do
    printf '%s' "$3" >"/dev/udp/127.0.0.1/$2" || true
    sleep 0.1
    ! grep -qaF -- "$3" "$1" 2>/dev/null || return 0
    kill -0 "$shark" 2>/dev/null || return 1
  done
  return 1
}
# Returns when packets are captured; the process is $shark and what it says is in FILE.log. The filter passes UDP. Datagrams that a busy
# sender gives the kernel as one (UDP_SEGMENT) would be captured as one: loopback takes each by itself.
capture() { # FILE FILTER
  ip link set lo gso_max_segs 1
  tshark -q -i lo -w "$1" -f "$2" >"$1.log" 2>&1 &
  shark=$!
  in_capture "$1" 9 "the capture begins"
}
# Ends a capture when all that passed until now is in its file.
end_capture() { # FILE
  in_capture "$1" 10 "the capture ends" || return 1
  kill "$shark"
  wait "$shark" || true
}
