#include "desk/pert/calendar.h"

#include <fmt/format.h>

namespace quipu::pert {
namespace {

constexpr std::size_t kLongestLine = 75;  // octets, RFC 5545 §3.1

/// "20111115T120000Z", RFC 5545 §3.3.5 form 2.
std::string utc(Time time) {
    std::string out;
    for (const char c : format_time(std::chrono::floor<std::chrono::seconds>(time)))
        if (c != '-' && c != ':') out += c;
    return out;
}

/// RFC 5545 §3.3.11; control characters have no place in a text.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n')
            out += "\\n";
        else if (c == '\\' || c == ';' || c == ',')
            out.append("\\").push_back(c);
        else if (static_cast<unsigned char>(c) >= ' ' && c != 0x7F)
            out += c;
    }
    return out;
}

/// A line is folded by CRLF and a blank, between two characters.
void add_line(std::string& out, std::string_view line) {
    std::size_t room = kLongestLine;
    while (line.size() > room) {
        std::size_t end = room;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U)
            --end;
        out.append(line.substr(0, end)).append("\r\n ");
        line.remove_prefix(end);
        room = kLongestLine - 1;
    }
    out.append(line).append("\r\n");
}

void add_text(std::string& out, std::string_view name, std::string_view text) {
    if (!text.empty()) add_line(out, fmt::format("{}:{}", name, escaped(text)));
}

std::string_view status_of(MeetingState state) {
    return state == MeetingState::cancelled ? "CANCELLED" : "CONFIRMED";
}

/// RFC 3986 §2 without what would end the line or begin another value.
std::string address_of(std::string_view url) {
    std::string out;
    for (const char c : url)
        if (static_cast<unsigned char>(c) > ' ' && c != 0x7F) out += c;
    return out;
}

}  // namespace

std::string calendar_of(std::span<const Meeting> meetings, std::string_view host, Time now) {
    std::string out;
    for (const std::string_view line :
         {"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Quipu//eduPERT//EN", "CALSCALE:GREGORIAN"})
        add_line(out, line);
    for (const Meeting& meeting : meetings) {
        add_line(out, "BEGIN:VEVENT");
        add_line(out, fmt::format("UID:pert-meeting-{}@{}", meeting.number, escaped(host)));
        add_line(out, "DTSTAMP:" + utc(now));
        add_line(out, "DTSTART:" + utc(meeting.begins));
        add_line(out, "DTEND:" + utc(meeting.ends));
        add_line(out, "LAST-MODIFIED:" + utc(meeting.changed));
        add_line(out, fmt::format("SEQUENCE:{}", meeting.version));
        add_line(out, fmt::format("STATUS:{}", status_of(meeting.state)));
        add_text(out, "SUMMARY", meeting.title);
        add_text(out, "LOCATION", meeting.place.value_or(""));
        if (meeting.url) add_line(out, "URL:" + address_of(*meeting.url));
        add_text(out, "DESCRIPTION", meeting.agenda);
        add_line(out, "END:VEVENT");
    }
    add_line(out, "END:VCALENDAR");
    return out;
}

}  // namespace quipu::pert
