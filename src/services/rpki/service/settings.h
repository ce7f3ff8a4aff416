#pragma once
// The section [rpki] of the configuration.

#include <string>
#include <vector>

#include "services/rpki/origin/guard.h"
#include "services/rpki/rtr/server.h"
#include "services/rpki/transport/round.h"

namespace quipu::rpki {

/// Bounds on what a tree of authorities can make the validation do. Each is named in the verdict of what exceeds it.
struct LimitSettings {
    ByteCount max_object_size{std::int64_t{8} << 20};
    ByteCount max_point_size{std::int64_t{256} << 20};
    std::int64_t max_files = 100'000;
    std::int64_t max_depth = 32;
    std::int64_t max_authorities = 500'000;
    static constexpr auto describe() {
        using T = LimitSettings;
        return fields(
            field<&T::max_object_size>("max_object_size", "Octets of one object, fetched or read")
                .between(1 << 10, 1 << 30),
            field<&T::max_point_size>("max_point_size", "Octets of one manifest's files").between(1 << 10, 1e12),
            field<&T::max_files>("max_files", "Files of one manifest").between(1, 1e8),
            field<&T::max_depth>("max_depth", "Certificates above an object").between(1, 1000),
            field<&T::max_authorities>("max_authorities", "Authorities below one trust anchor").between(1, 1e8));
    }
    [[nodiscard]] Limits limits() const;
};

struct RpkiSettings {
    std::string tals;
    std::string offline;
    Nanoseconds interval = std::chrono::minutes(10);
    std::vector<std::string> slurm;
    std::vector<std::string> routes;
    bool strict_names = false;
    std::int64_t threads = 0;
    Nanoseconds forget_after = kForgetAfter;
    std::vector<net::Endpoint> routinator_listen;
    GuardSettings guard;
    LimitSettings limits;
    TransportSettings transport;
    RtrSettings rtr;
    static constexpr auto describe() {
        using T = RpkiSettings;
        return fields(
            field<&T::tals>("tals", "Folder of trust anchor locators, NAME.tal; empty: nothing is validated"),
            field<&T::offline>("offline",
                               "Folder with objects as rsync leaves them, HOST/path/…; empty: they are fetched"),
            field<&T::interval>("interval", "From one validation to the next, 10s to 24h"),
            field<&T::slurm>("slurm", "Files with local exceptions (RFC 8416)"),
            field<&T::routes>("routes",
                              "Files with the routes that are looked at: MRT, or .txt with lines PREFIX => AS"),
            field<&T::strict_names>("strict_names", "Refuse names that are not PrintableString (RFC 6487 §4.4)"),
            field<&T::threads>("threads", "Threads of the validation; 0 is one for each core").between(0, 256),
            field<&T::forget_after>("forget_after",
                                    "The last valid version of a publication point is forgotten so long after its "
                                    "manifest became stale, 1h to 365d"),
            field<&T::routinator_listen>("routinator_listen",
                                         "Where Routinator's HTTP paths are served to whoever asks, ADDRESS:PORT; its "
                                         "users' scripts know port 8323"),
            field<&T::guard>("guard", "What must not reach routers unseen"),
            field<&T::limits>("limits", "Bounds on what is validated"),
            field<&T::transport>("transport", "How objects are fetched, and bounds on what others send"),
            field<&T::rtr>("rtr", "The server for routers; no address, no server"));
    }
    [[nodiscard]] bool serves_routers() const {
        return !rtr.listen.empty() || !rtr.listen_tls.empty() || !rtr.local_socket.empty();
    }
    [[nodiscard]] Result<void> check() const;
};

}  // namespace quipu::rpki
