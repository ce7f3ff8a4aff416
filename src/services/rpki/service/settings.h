#pragma once
// The section [rpki] of the configuration.

#include <string>
#include <vector>

#include "services/rpki/origin/guard.h"
#include "services/rpki/rtr/server.h"

namespace quipu::rpki {

struct RpkiSettings {
    std::string tals;
    std::string offline;
    Nanoseconds interval = std::chrono::minutes(10);
    std::vector<std::string> slurm;
    std::vector<std::string> routes;
    bool strict_names = false;
    std::int64_t threads = 0;
    std::vector<net::Endpoint> routinator_listen;
    GuardSettings guard;
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
            field<&T::routinator_listen>("routinator_listen",
                                         "Where Routinator's HTTP paths are served to whoever asks, ADDRESS:PORT; its "
                                         "users' scripts know port 8323"),
            field<&T::guard>("guard", "What must not reach routers unseen"),
            field<&T::rtr>("rtr", "The server for routers; no address, no server"));
    }
    [[nodiscard]] bool serves_routers() const {
        return !rtr.listen.empty() || !rtr.listen_tls.empty() || !rtr.local_socket.empty();
    }
    [[nodiscard]] Result<void> check() const;
};

}  // namespace quipu::rpki
