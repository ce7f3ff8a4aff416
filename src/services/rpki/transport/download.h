#pragma once
// Files over HTTPS from one host on one kept connection. Blocks: for a fetcher's own thread.

#include <memory>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "net/http_client.h"
#include "services/rpki/transport/engine_fetch.h"
#include "services/rpki/transport/gzip.h"

namespace quipu::rpki {

/// Ends what is under way, from another thread.
class Cancellation {
  public:
    void cancel();
    [[nodiscard]] bool cancelled() const { return cancelled_; }

    /// A loop that is to be stopped while this lives.
    class Running {
      public:
        Running(Cancellation& owner, net::EventLoop& loop);
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running();

      private:
        Cancellation& owner_;
        net::EventLoop& loop_;
    };

  private:
    std::atomic<bool> cancelled_ = false;
    Guarded<std::set<net::EventLoop*>> loops_;
};

struct FileAnswer {
    bool modified = true;  ///< false: 304
    std::string etag;
    std::string last_modified;
};

class Downloads {
  public:
    /// `origin`: "https://HOST" with perhaps a port.
    static Result<std::unique_ptr<Downloads>> create(std::string_view origin, const net::TlsContext& tls,
                                                     const TransportSettings& settings, std::string agent,
                                                     Cancellation& cancellation);

    struct Wanted {
        std::string address;    ///< of this origin
        std::string etag = {};  ///< what is held already
        std::string last_modified = {};
        std::uint64_t octets = 0;     ///< that it may have at most, unpacked
        std::string_view limit = {};  ///< the setting that says so
    };
    /// What is unpacked goes to `sink`. Redirections within the origin are followed (RFC 9674 §2).
    [[nodiscard]] Result<FileAnswer> get(const Wanted& wanted, const OctetSink& sink);
    /// Over the wire, of all files so far.
    [[nodiscard]] std::uint64_t octets() const { return octets_; }

  private:
    class Sink;
    Downloads(const TransportSettings& settings, std::string agent, Cancellation& cancellation)
        : settings_(settings), agent_(std::move(agent)), cancellation_(cancellation) {}

    const TransportSettings& settings_;
    std::string agent_;
    Cancellation& cancellation_;
    net::EventLoop loop_;
    std::unique_ptr<net::HttpClient> client_;  // before the loop goes
    std::uint64_t octets_ = 0;
};

}  // namespace quipu::rpki
