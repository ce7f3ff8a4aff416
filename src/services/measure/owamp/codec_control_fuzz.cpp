#include <cstdlib>

#include "services/measure/owamp/codec_control.h"

namespace {

using namespace quipu;
using namespace quipu::owamp;

constexpr MessageLimits kLimits{.slots = 100, .sessions = 100, .skips = 1000, .records = 1000};

/// What was read is written and read again: the same.
void round_trip(const Command& command, bool two_way) {
    ControlWriter out;
    std::visit(
        [&](const auto& message) {
            if constexpr (std::is_same_v<std::decay_t<decltype(message)>, StopSessions>)
                write(out, message, two_way);
            else
                write(out, message);
        },
        command);
    ControlReader in;
    in.feed(out.take());
    const auto again = read_command(in, two_way, kLimits);
    if (!again || !again->has_value() || **again != command) std::abort();
}

}  // namespace

// The first octet chooses the side and the protocol.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool two_way = (data[0] & 1U) != 0;
    const bool client = (data[0] & 2U) != 0;
    ControlReader in;
    in.feed(ByteSpan(data, size).subspan(1));
    if (client) {
        static_cast<void>(read_greeting(in));
        static_cast<void>(read_server_start(in, nullptr));
        static_cast<void>(read_accept_session(in));
        static_cast<void>(read_start_ack(in));
        const auto ack = read_fetch_ack(in);
        if (ack && *ack) static_cast<void>(read_fetched(in, **ack, kLimits));
        return 0;
    }
    static_cast<void>(read_set_up(in));
    for (;;) {
        const auto command = read_command(in, two_way, kLimits);
        if (!command || !command->has_value()) return 0;
        round_trip(**command, two_way);
        in.release();
    }
}
