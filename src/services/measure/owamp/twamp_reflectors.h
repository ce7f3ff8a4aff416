#pragma once
// TWAMP's granted sessions on the reflector that STAMP has too.

#include <set>
#include <vector>

#include "services/measure/owamp/engine_server.h"
#include "services/measure/stamp/server_reflector.h"

namespace quipu::owamp {

/// Used from one thread; `server` outlives it.
class TwampReflectors final : public Reflectors {
  public:
    explicit TwampReflectors(stamp::ReflectorServer& server) : server_(server) {}

    Result<TestEnds::Place> reserve(const net::IpAddress& local, std::uint16_t port, std::uint8_t dscp,
                                    const net::Endpoint& peer) override;
    Result<TestEnds::Place> reserve_elsewhere(const net::IpAddress& local, std::uint8_t dscp,
                                              const net::Endpoint& peer) override;
    void start(const TestEnds::Place& place, const Session& session) override;
    void stop(const TestEnds::Place& place, const net::Endpoint& peer) override;

  private:
    stamp::ReflectorServer& server_;
    std::set<std::pair<std::uint32_t, net::Endpoint>> reserved_;  // by socket
};

}  // namespace quipu::owamp
