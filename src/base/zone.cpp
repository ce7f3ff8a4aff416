#include "base/zone.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

namespace quipu {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::seconds;

namespace {

constexpr std::string_view kFolder = "/usr/share/zoneinfo";
constexpr std::size_t kLargest = 65536;
// RFC 9636 §3.2: an offset is more than -25 and less than +26 hours.
constexpr std::int64_t kLeastOffset = -25 * 3600, kMostOffset = 26 * 3600;

/// RFC 9636 §3.1.
struct Header {
    std::uint8_t version = 0;
    std::uint32_t ut = 0, standard = 0, leap = 0, times = 0, types = 0, characters = 0;
    /// Octets of the data block that follows; `wide` ones have times of eight octets.
    [[nodiscard]] std::uint64_t size(bool wide) const {
        const std::uint64_t time = wide ? 8 : 4;
        return times * (time + 1) + std::uint64_t{types} * 6 + characters + leap * (time + 4) + standard + ut;
    }
};

Header read_header(ByteReader& in) {
    Header out;
    if (as_text(in.bytes(4)) != "TZif") in.fail_here();
    out.version = in.u8();
    in.skip(15);
    out.ut = in.u32();
    out.standard = in.u32();
    out.leap = in.u32();
    out.times = in.u32();
    out.types = in.u32();
    out.characters = in.u32();
    return out;
}

std::unexpected<Error> malformed(std::string_view name, std::string_view what) {
    return fail(ErrorCode::invalid, fmt::format("the time zone file {}", what), std::string(name));
}

}  // namespace

/// POSIX's TZ: "<-04>4<-03>,M9.1.6/24,M4.1.6/24".
class Zone::FutureReader {
  public:
    explicit FutureReader(std::string_view text) : left_(text) {}

    bool read(Future& out) {
        if (!name() || !time(out.standard)) return false;
        out.standard = -out.standard;  // POSIX counts west of Greenwich
        if (left_.empty()) return true;
        out.changes = true;
        if (!name()) return false;
        out.summer = out.standard + hours(1);
        if (!left_.empty() && left_.front() != ',') {
            if (!time(out.summer)) return false;
            out.summer = -out.summer;
        }
        return taken(',') && rule(out.start) && taken(',') && rule(out.end) && left_.empty();
    }

  private:
    bool taken(char c) {
        if (left_.empty() || left_.front() != c) return false;
        left_.remove_prefix(1);
        return true;
    }
    bool name() {
        const bool quoted = taken('<');
        std::size_t length = 0;
        while (length < left_.size() && (quoted ? left_[length] != '>' : is_letter(left_[length])))
            ++length;
        left_.remove_prefix(length);
        return length >= 3 && (!quoted || taken('>'));
    }
    static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

    bool number(int& out, int most) {
        std::size_t digits = 0;
        out = 0;
        for (; digits < left_.size() && digits < 3 && left_[digits] >= '0' && left_[digits] <= '9'; ++digits)
            out = out * 10 + (left_[digits] - '0');
        left_.remove_prefix(digits);
        return digits > 0 && out <= most;
    }
    /// [+-]hh[:mm[:ss]], hours to 167 (RFC 9636 §3.3.2).
    bool time(seconds& out) {
        const bool negative = taken('-');
        if (!negative) static_cast<void>(taken('+'));
        int h = 0, m = 0, s = 0;
        if (!number(h, 167)) return false;
        if (taken(':') && !number(m, 59)) return false;
        if (taken(':') && !number(s, 59)) return false;
        out = hours(h) + std::chrono::minutes(m) + seconds(s);
        if (negative) out = -out;
        return true;
    }
    bool rule(Rule& out) {
        out.time = hours(2);
        if (taken('M')) {
            out.kind = Rule::Kind::month;
            if (!number(out.month, 12) || out.month < 1 || !taken('.')) return false;
            if (!number(out.week, 5) || out.week < 1 || !taken('.')) return false;
            if (!number(out.day, 6)) return false;
        } else if (taken('J')) {
            out.kind = Rule::Kind::julian;
            if (!number(out.day, 365) || out.day < 1) return false;
        } else {
            out.kind = Rule::Kind::day;
            if (!number(out.day, 365)) return false;
        }
        return !taken('/') || time(out.time);
    }

    std::string_view left_;
};

local_seconds Zone::Rule::in(std::chrono::year year) const {
    using namespace std::chrono;
    local_days date;
    switch (kind) {
        case Kind::month: {
            const std::chrono::month in_month(static_cast<unsigned>(month));
            const std::chrono::weekday on(static_cast<unsigned>(day));
            date = week == 5 ? local_days(year / in_month / on[last])
                             : local_days(year / in_month / on[static_cast<unsigned>(week)]);
            break;
        }
        case Kind::julian:  // 29 February is not counted
            date = local_days(year / January / 1) + days(day - 1 + (year.is_leap() && day > 59 ? 1 : 0));
            break;
        case Kind::day: date = local_days(year / January / 1) + days(day); break;
    }
    return date + time;
}

seconds Zone::Future::offset_at(Time at) const {
    if (!changes) return standard;
    const auto utc = std::chrono::floor<seconds>(at);
    const std::chrono::year year = date_of(Time(utc + standard)).year();
    const auto begins = std::chrono::sys_seconds(start.in(year).time_since_epoch()) - standard;
    const auto ends = std::chrono::sys_seconds(end.in(year).time_since_epoch()) - summer;
    const bool in_summer = begins < ends ? utc >= begins && utc < ends : utc >= begins || utc < ends;
    return in_summer ? summer : standard;
}

Result<Zone> Zone::load(std::string_view name) {
    const bool plain = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
               c == '-' || c == '+';
    });
    if (name.empty() || !plain || name.front() == '/')
        return fail(ErrorCode::not_found, fmt::format("\"{}\" is not a time zone", name), {},
                    "use a name such as America/Santiago");
    if (name == "UTC") return Zone();
    const std::string path = fmt::format("{}/{}", kFolder, name);
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || std::filesystem::is_directory(path)) {
        if (!std::filesystem::exists(kFolder))
            return fail(ErrorCode::unavailable, "this system has no time zones", std::string(kFolder),
                        "apt-get install tzdata");
        return fail(ErrorCode::not_found, fmt::format("\"{}\" is not a time zone", name), {},
                    "use a name such as America/Santiago");
    }
    text << file.rdbuf();
    return parse(as_bytes(text.view()), name);
}

Result<Zone> Zone::parse(ByteSpan file, std::string_view name) {
    if (file.size() > kLargest) return malformed(name, "is too large");
    ByteReader in(file);
    const Header old = read_header(in);
    if (!in.ok()) return malformed(name, "does not begin with TZif");
    if (old.version < '2') return malformed(name, "is of version 1, which ends in 2038");
    // RFC 9636 §4: a reader of the newer block passes over the older one.
    if (old.size(false) > in.remaining()) return malformed(name, "is cut off");
    in.skip(static_cast<std::size_t>(old.size(false)));
    const Header header = read_header(in);
    if (!in.ok() || header.size(true) > in.remaining()) return malformed(name, "is cut off");
    if (header.types == 0) return malformed(name, "has no local time types");

    Zone out;
    out.name_ = name;
    std::vector<std::int64_t> times(header.times);
    for (auto& at : times)
        at = static_cast<std::int64_t>(in.u64());
    if (!std::ranges::is_sorted(times)) return malformed(name, "has transitions out of order");
    const ByteSpan kinds = in.bytes(header.times);
    std::vector<seconds> offsets(header.types);
    for (auto& offset : offsets) {
        offset = seconds(static_cast<std::int32_t>(in.u32()));
        in.skip(2);
        if (offset.count() <= kLeastOffset || offset.count() >= kMostOffset)
            return malformed(name, "has an offset of more than a day");
    }
    in.skip(header.characters + std::size_t{header.leap} * 12 + header.standard + header.ut);
    out.first_ = offsets.front();
    out.transitions_.reserve(times.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
        if (kinds[i] >= offsets.size()) return malformed(name, "names a local time type that it does not have");
        out.transitions_.push_back({times[i], offsets[kinds[i]]});
    }

    // RFC 9636 §3.3: a line feed, the rule, a line feed.
    std::string_view footer = as_text(in.rest());
    if (footer.size() < 2 || footer.front() != '\n' || footer.find('\n', 1) == std::string_view::npos)
        return malformed(name, "has no rule at its end");
    footer = footer.substr(1, footer.find('\n', 1) - 1);
    if (!footer.empty()) {
        if (!FutureReader(footer).read(out.future_))
            return malformed(name, fmt::format("ends with a rule that can't be read: {}", footer));
        out.has_future_ = true;
    }
    return out;
}

seconds Zone::offset_at(Time time) const {
    const std::int64_t at = unix_seconds(time);
    const auto after = std::ranges::upper_bound(transitions_, at, {}, &Transition::at);
    if (after == transitions_.end() && has_future_) return future_.offset_at(time);
    return after == transitions_.begin() ? first_ : std::prev(after)->offset;
}

LocalTime Zone::local(Time time) const {
    return LocalTime(time.time_since_epoch() + offset_at(time));
}

Time Zone::instant(LocalTime local) const {
    const Time as_utc(local.time_since_epoch());
    // The offset is one of those a day before and after; the earlier instant has the larger offset.
    const seconds before = offset_at(as_utc - hours(26));
    const seconds after = offset_at(as_utc + hours(26));
    for (const seconds offset : {std::max(before, after), std::min(before, after)})
        if (const Time candidate = as_utc - offset; offset_at(candidate) == offset) return candidate;
    return as_utc - before;  // skipped
}

}  // namespace quipu
