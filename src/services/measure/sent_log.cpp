#include "services/measure/sent_log.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "agent/files.h"

namespace quipu::measure {
namespace {

// A new session may have been waited for by its receiver for as long as its assignment was on the way.
constexpr Nanoseconds kLookback = std::chrono::minutes(10);

std::string mark_of(Time now) {
    return fmt::format("{:020}\n", now.time_since_epoch().count());
}

}  // namespace

SentLog::~SentLog() {
    if (fd_ >= 0) ::close(fd_);
}

void SentLog::load() {
    std::ifstream in(path_);
    std::int64_t until = 0;
    if (!(in >> until) || until <= 0) return;
    until_ = Time(Nanoseconds(until));
    known_ = true;
    Name name;
    while (in >> name.first >> name.second)
        sessions_.insert(name);
}

Time SentLog::sent_until(const Name& session, Time now) const {
    if (known_ && sessions_.contains(session)) return until_;
    return std::min(known_ ? until_ : now, now - kLookback);
}

Result<void> SentLog::start_sessions(const std::set<Name>& sessions, Time now) {
    std::string text = mark_of(now);
    for (const auto& [to, seed] : sessions)
        text += fmt::format("{} {}\n", to, seed);
    TRY(agent::write_file(path_, text, 0600));
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd_ < 0) return fail_errno(errno, "can't keep until when packets were sent", path_);
    sessions_ = sessions;
    until_ = now;
    known_ = true;
    return {};
}

void SentLog::mark(Time now) {
    if (fd_ < 0) return;
    until_ = now;
    const std::string text = mark_of(now);
    // A failure costs precision after the next restart, nothing now.
    static_cast<void>(::pwrite(fd_, text.data(), text.size(), 0) < 0);
}

}  // namespace quipu::measure
