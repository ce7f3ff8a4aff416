#include "services/measure/owamp/twamp_reflectors.h"

namespace quipu::owamp {
namespace {

stamp::Mode mode_of(TestMode mode) {
    switch (mode) {
        case TestMode::open: break;
        case TestMode::authenticated: return stamp::Mode::authenticated;
        case TestMode::encrypted: return stamp::Mode::encrypted;
    }
    return stamp::Mode::open;
}

}  // namespace

Result<TestEnds::Place> TwampReflectors::reserve(const net::IpAddress& local, std::uint16_t port, std::uint8_t dscp,
                                                 const net::Endpoint& peer) {
    // RFC 5357 §3.5: a port that is not free is answered with another one.
    auto place = server_.reserve({local, port}, dscp);
    if (!place && port != 0) place = server_.reserve({local, 0}, dscp);
    if (!place) return std::unexpected(place.error());
    if (!reserved_.emplace(place->socket, peer).second)
        return fail(ErrorCode::conflict, "a session from that port runs already", peer.text());
    return TestEnds::Place{place->socket, place->port};
}

Result<TestEnds::Place> TwampReflectors::reserve_elsewhere(const net::IpAddress& local, std::uint8_t dscp,
                                                           const net::Endpoint& peer) {
    std::vector<std::uint32_t> taken;
    for (const auto& [socket, from] : reserved_)
        if (from == peer) taken.push_back(socket);
    const auto place = TRY(server_.reserve({local, 0}, dscp, taken));
    reserved_.emplace(place.socket, peer);
    return TestEnds::Place{place.socket, place.port};
}

void TwampReflectors::start(const TestEnds::Place& place, const Session& session) {
    static_cast<void>(server_.grant({place.socket, place.port}, session.peer,
                                    {.form = {stamp::Protocol::twamp, mode_of(session.mode)},
                                     .keys = {.aes = session.keys.aes, .hmac = session.keys.hmac},
                                     .reflected_octets = session.reflected_padding,
                                     .symmetrical = session.symmetrical}));
}

void TwampReflectors::stop(const TestEnds::Place& place, const net::Endpoint& peer) {
    static_cast<void>(server_.revoke({place.socket, place.port}, peer));
    reserved_.erase({place.socket, peer});
}

}  // namespace quipu::owamp
