#pragma once
// The agents' listener: four routes over mutual TLS, and the clockwork that notices who is lost.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/engine_roster.h"
#include "agent/hub.h"
#include "agent/store.h"
#include "agent/ticket.h"
#include "agent/waiters.h"
#include "base/guarded.h"
#include "net/http.h"
#include "net/tls.h"
#include "platform/service.h"

namespace quipu::agent {

/// Shared by the service, its routes and the tasks on the loops; it lives until the last of them ends.
class Server : public std::enable_shared_from_this<Server> {
  public:
    using Take = std::function<Result<void>(const StreamBatch&)>;
    /// In the order in which they are taken.
    using Streams = std::vector<std::pair<std::string, Take>>;
    /// A stream that is there already keeps its place.
    static void put(Streams& streams, std::string_view stream, Take take);

    Server(platform::House house, net::KeyPair authority);

    /// The roster from the store; parts and streams must be known by then.
    Result<void> load();
    void add_part(std::string name, Agents::Assign assign);
    void add_stream(std::string_view stream, Take take);
    void invalidate();

    [[nodiscard]] Task<net::HttpResponse> handle(net::HttpRequest& request);
    /// Every second until `stop`: long polls that are over, agents that are lost.
    [[nodiscard]] Task<void> clockwork();
    void stop();

    /// Makes the secret of a ticket and keeps its hash.
    [[nodiscard]] Result<std::string> make_secret(std::string_view agent, Nanoseconds life);
    [[nodiscard]] Result<void> revoke(std::string_view agent, std::string_view why);
    [[nodiscard]] std::vector<AgentInfo> agents() const;
    [[nodiscard]] const net::KeyPair& authority() const { return authority_; }

  private:
    struct Counters {
        std::shared_ptr<platform::Counter> records, not_kept, refused, enrolments;
    };

    [[nodiscard]] Task<Result<net::HttpResponse>> enrol(const net::HttpRequest& request);
    [[nodiscard]] Task<Result<net::HttpResponse>> poll(const net::HttpRequest& request, std::string agent);
    [[nodiscard]] Task<Result<net::HttpResponse>> take_records(const net::HttpRequest& request, std::string agent);
    [[nodiscard]] Task<Result<net::HttpResponse>> renew(const net::HttpRequest& request, std::string agent);
    [[nodiscard]] Task<Result<net::HttpResponse>> route(const net::HttpRequest& request);

    [[nodiscard]] Result<CertificateReply> sign(std::string_view agent, std::string_view request,
                                                std::string_view secret);
    [[nodiscard]] Result<RecordsReply> take_batch(const std::string& agent, const std::string& body);
    void expire();

    platform::House house_;
    net::KeyPair authority_;
    Store store_;
    Guarded<Roster> roster_;
    Guarded<std::map<std::string, Agents::Assign>> parts_;
    Guarded<Streams> streams_;
    Guarded<std::set<std::string>> not_kept_;  ///< streams that their services could not keep last time
    /// One batch of an agent at a time: its order is the order of its records.
    Guarded<std::map<std::string, std::shared_ptr<std::mutex>>> turns_;
    Waiters waiters_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> complete_{false};  ///< the other services have had their time to start
    Counters counters_;
};

}  // namespace quipu::agent
