#pragma once
// What the servers of one place say of themselves: where they listen, and what they did since they were started.

#include "base/describe.h"
#include "net/address.h"

namespace quipu::servers {

/// An agent's Figures as JSON, told now and then and kept nowhere.
inline constexpr std::string_view kFiguresStream = "measure.servers";

struct Figures {
    std::vector<net::Endpoint> owamp, twamp, stamp;
    std::string problem;  ///< why nothing is served though it should be
    std::int64_t connections = 0, connections_refused = 0;
    std::int64_t sessions = 0, sessions_refused = 0;
    std::int64_t sent = 0, received = 0;            ///< OWAMP's test packets
    std::int64_t reflected = 0, not_reflected = 0;  ///< STAMP's and TWAMP's
    std::int64_t own_loss = 0;
    static constexpr auto describe() {
        using T = Figures;
        return fields(
            field<&T::owamp>("owamp", "Where OWAMP-Control is served"),
            field<&T::twamp>("twamp", "Where TWAMP-Control is served"),
            field<&T::stamp>("stamp", "Where STAMP and TWAMP Light are served"),
            field<&T::problem>("problem", "Why nothing is served though it should be"),
            field<&T::connections>("connections", "Control connections since the start"),
            field<&T::connections_refused>("connections_refused", "Of those: refused, by address, key or limit"),
            field<&T::sessions>("sessions", "Test sessions accepted since the start"),
            field<&T::sessions_refused>("sessions_refused", "Test sessions refused since the start"),
            field<&T::sent>("sent", "OWAMP test packets sent"),
            field<&T::received>("received", "OWAMP test packets received"),
            field<&T::reflected>("reflected", "TWAMP and STAMP test packets answered"),
            field<&T::not_reflected>("not_reflected",
                                     "TWAMP and STAMP test packets without an answer: forged, too many, a wrong key"),
            field<&T::own_loss>("own_loss", "Test packets that this machine's own buffers lost"));
    }
    bool operator==(const Figures&) const = default;
};

}  // namespace quipu::servers
