#pragma once
// What is known of each repository: for the API, the metrics, and the next round after a restart.

#include <optional>
#include <string>

#include "base/describe.h"

namespace quipu::rpki {

/// By which way the copy that is validated came.
enum class Way : std::uint8_t { none, rrdp, rsync };
constexpr auto describe_enum(Way) {
    return names<Way>({{Way::none, "none"}, {Way::rrdp, "rrdp"}, {Way::rsync, "rsync"}});
}

enum class RepositoryState : std::uint8_t { never, fresh, failing };
constexpr auto describe_enum(RepositoryState) {
    return names<RepositoryState>({{RepositoryState::never, "never"},        // nothing has been fetched yet
                                   {RepositoryState::fresh, "fresh"},        // the last attempt was good
                                   {RepositoryState::failing, "failing"}});  // the last good copy stands
}

struct RepositoryStatus {
    std::string source;  ///< "https://HOST/…/notification.xml", "rsync://HOST/MODULE/" or a trust anchor's address
    std::string host;
    RepositoryState state = RepositoryState::never;
    Way way = Way::none;
    std::optional<Time> last_attempt;
    std::optional<Time> last_success;
    std::optional<Time> last_change;
    std::optional<Time> next_attempt;  ///< not before, when it backs off
    std::int64_t failures = 0;         ///< one after the other
    std::string error;                 ///< of the last attempt; empty when it was good
    std::string session;               ///< RRDP
    std::int64_t serial = 0;           ///< RRDP
    std::string step;                  ///< "not modified", "no change", "deltas", "snapshot: WHY", "rsync: WHY"
    std::int64_t objects = 0;          ///< in the copy (RRDP)
    std::int64_t octets = 0;           ///< over the wire, of the last attempt
    double seconds = 0;                ///< that the last attempt took
    std::int64_t refused_objects = 0;  ///< larger than the limit, at the last attempt
    static constexpr auto describe() {
        using T = RepositoryStatus;
        return fields(
            field<&T::source>("source", "Address of the notification file, the rsync module or the certificate"),
            field<&T::host>("host", "Host that it is fetched from"),
            field<&T::state>("state", "never: nothing yet; fresh: the last attempt was good; failing: it was not"),
            field<&T::way>("way", "By which way the copy that is validated came"),
            field<&T::last_attempt>("last_attempt", "Time of the last attempt"),
            field<&T::last_success>("last_success", "Time of the last good attempt"),
            field<&T::last_change>("last_change", "When an object last changed"),
            field<&T::next_attempt>("next_attempt", "Not tried before, after failures"),
            field<&T::failures>("failures", "Failed attempts one after the other"),
            field<&T::error>("error", "What the last attempt failed of"), field<&T::session>("session", "RRDP session"),
            field<&T::serial>("serial", "RRDP serial"), field<&T::step>("step", "What the last good attempt did"),
            field<&T::objects>("objects", "Objects of the RRDP copy"),
            field<&T::octets>("octets", "Octets that the last attempt took over the wire"),
            field<&T::seconds>("seconds", "Seconds that the last attempt took"),
            field<&T::refused_objects>("refused_objects", "Objects over the size limit in the last attempt"));
    }
};

}  // namespace quipu::rpki
