#include "services/measure/engine_sender.h"

#include <map>
#include <utility>

namespace quipu::measure {

void SenderEngine::assign(std::vector<SenderSession> sessions, Time now) {
    std::map<std::string, std::size_t> before;
    for (std::size_t i = 0; i < sessions_.size(); ++i)
        before.emplace(sessions_[i].to, i);
    const auto old_sessions = std::exchange(sessions_, std::move(sessions));
    const auto old_cursors = std::exchange(cursors_, {});
    cursors_.reserve(sessions_.size());
    // Ranges of former sessions stay in skips_ and are taken; they grow no more.
    open_skip_.assign(sessions_.size(), 0);
    queue_ = {};
    for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
        const auto& session = sessions_[i];
        const auto kept = before.find(session.to);
        if (kept != before.end() && old_sessions[kept->second].schedule == session.schedule) {
            cursors_.push_back(old_cursors[kept->second]);
        } else {
            cursors_.emplace_back(session.schedule, now);
            if (session.sent_until < now)
                skip(i, session.schedule.index_at(session.sent_until), cursors_[i].index() - 1);
        }
        queue_.push({cursors_[i].due(), i});
    }
}

void SenderEngine::collect(Time now, std::size_t limit, std::vector<Due>& out) {
    while (limit > 0 && !queue_.empty() && queue_.top().due <= now) {
        const std::uint32_t i = queue_.top().session;
        queue_.pop();
        auto& cursor = cursors_[i];
        if (now - cursor.due() > kSendPatience) {
            const std::int64_t first = cursor.index();
            cursor = ScheduleCursor(sessions_[i].schedule, now - kSendPatience);
            skip(i, first, cursor.index() - 1);
        } else {
            out.push_back({i, cursor.sequence(), cursor.due()});
            cursor.advance();
            --limit;
        }
        queue_.push({cursor.due(), i});
    }
}

void SenderEngine::step_to(Time now) {
    queue_ = {};
    for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
        const std::int64_t before = cursors_[i].index();
        cursors_[i] = ScheduleCursor(sessions_[i].schedule, now);
        skip(i, before, cursors_[i].index() - 1);
        queue_.push({cursors_[i].due(), i});
    }
}

std::vector<SkipRange> SenderEngine::take_skips() {
    open_skip_.assign(sessions_.size(), 0);
    return std::exchange(skips_, {});
}

void SenderEngine::skip(std::uint32_t session, std::int64_t first, std::int64_t last) {
    if (last < first) return;
    skipped_ += static_cast<std::uint64_t>(last - first + 1);
    std::size_t& open = open_skip_[session];
    if (open != 0 && skips_[open - 1].last + 1 == first) {
        skips_[open - 1].last = last;
        return;
    }
    skips_.push_back({sessions_[session].to, sessions_[session].schedule.per_minute, first, last});
    open = skips_.size();
}

}  // namespace quipu::measure
