# A namespace "far" at the other end of a veth pair: near0 192.0.2.1/30 here, far0 192.0.2.2/30 there. Read inside a namespace of one's own.
ip netns add far
ip link add near0 type veth peer name far0 netns far
ip address add 192.0.2.1/30 dev near0
ip link set near0 up
ip -n far address add 192.0.2.2/30 dev far0
ip -n far link set far0 up
ip -n far link set lo up
