#pragma once
// Until when this point is known to have sent, kept in a small file so that after a restart the absence can be told to
// the hub as skip ranges. The file survives the end of the process; after a loss of power it may be some seconds old,
// and then those seconds, too, are reported as not sent.

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace quipu::measure {

class SentLog {
  public:
    /// A session's name across restarts: where to, and its schedule's seed.
    using Name = std::pair<std::string, std::int64_t>;

    explicit SentLog(std::string path) : path_(std::move(path)) {}
    ~SentLog();
    SentLog(const SentLog&) = delete;
    SentLog& operator=(const SentLog&) = delete;

    /// What the file says; a missing or damaged one says nothing.
    void load();
    /// Everything of this session that was due before is known to have been sent (or reported). For one that did not
    /// run at the end, or when nothing is known: `lookback` before it would have begun.
    [[nodiscard]] Time sent_until(const Name& session, Time now) const;

    [[nodiscard]] Result<void> start_sessions(const std::set<Name>& sessions, Time now);
    /// Cheap: rewrites 20 octets in place.
    void mark(Time now);

  private:
    std::string path_;
    int fd_ = -1;
    Time until_{};
    bool known_ = false;
    std::set<Name> sessions_;
};

}  // namespace quipu::measure
