#include "net/event_reader.h"

namespace quipu::net {

Result<bool> EventReader::feed(std::string_view octets) {
    while (!octets.empty()) {
        if (after_return_) {
            after_return_ = false;
            if (octets.front() == '\n') {
                octets.remove_prefix(1);
                continue;
            }
        }
        const std::size_t end = octets.find_first_of("\r\n");
        line_.append(octets.substr(0, end));
        if (line_.size() + data_.size() > max_event_octets_)
            return fail(ErrorCode::too_large, "an event of the stream is over the limit");
        if (end == std::string_view::npos) return true;
        after_return_ = octets[end] == '\r';
        octets.remove_prefix(end + 1);
        const bool more = take_line(line_);
        line_.clear();
        if (!more) return false;
    }
    return true;
}

bool EventReader::take_line(std::string_view line) {
    if (line.empty()) {
        const bool more = !has_data_ || on_event_(event_.empty() ? "message" : std::string_view(event_), data_);
        event_.clear();
        data_.clear();
        has_data_ = false;
        return more;
    }
    const std::size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") {
        event_ = value;
    } else if (field == "data") {
        if (has_data_) data_ += '\n';
        data_ += value;
        has_data_ = true;
    }
    return true;
}

}  // namespace quipu::net
