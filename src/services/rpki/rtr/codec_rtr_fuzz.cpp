#include <cstdlib>

#include "services/rpki/rtr/engine_session.h"

// Every PDU by itself: what is taken is written as it was read. Then the same octets as what a router says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace quipu;
    using namespace quipu::rpki;
    ByteReader in(ByteSpan(octets, size));
    while (!in.at_end()) {
        const auto pdu = rtr::parse(in);
        if (!pdu) break;
        ByteWriter out;
        rtr::write(out, *pdu);
        ByteReader again(out.span());
        const auto same = rtr::parse(again);
        if (!same) std::abort();
        // An error report's text is cut.
        if (!std::holds_alternative<rtr::ErrorReport>(pdu->body) && *same != *pdu) std::abort();
    }

    static const rtr::Served served = [] {
        PayloadSet set;
        set.vrps.push_back({.address = 0xc0000200, .as = 64496, .length = 24, .max_length = 24, .v6 = false});
        return rtr::Served{
            std::make_shared<const rtr::Snapshot>(std::uint16_t{0}, 1, std::make_shared<const PayloadSet>(set),
                                                  rtr::Snapshot::Steps{}, rtr::Intervals{}),
            Time{}};
    }();
    rtr::Session session({});
    ByteSpan rest(octets, size);
    for (bool open = true; open && !rest.empty();) {
        const std::size_t part = std::min(rest.size(), session.room());
        if (part == 0) std::abort();  // it would wait for ever
        session.feed(rest.first(part));
        rest = rest.subspan(part);
        while (open) {
            const auto answer = session.next(served, Time{});
            if (!answer) break;
            open = !answer->close;
        }
    }
    return 0;
}
