#include "platform/mail/codec_dsn.h"

#include <algorithm>
#include <array>

#include "net/ascii.h"

namespace quipu::mail {
namespace {

constexpr std::size_t kMostRecipients = 100;
constexpr std::size_t kMostIds = 200;
constexpr std::size_t kLongestId = 250;

std::string_view next_line(std::string_view& rest) {
    std::string_view line = net::take_until(rest, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// "rfc822; ana@reuna.cl" without its type (RFC 3464 §2.1.2).
std::string_view without_type(std::string_view value) {
    const std::size_t semicolon = value.find(';');
    return net::trim(semicolon == std::string_view::npos ? value : value.substr(semicolon + 1));
}

struct Group {
    std::string original, final, action, status, diagnostic;
};

void keep_field(Group& group, std::string_view name, std::string_view value) {
    const auto is = [&](std::string_view wanted) { return net::equal_ignoring_case(name, wanted); };
    if (is("Original-Recipient")) group.original = without_type(value);
    if (is("Final-Recipient")) group.final = without_type(value);
    if (is("Action")) group.action = net::trim(value);
    if (is("Status")) group.status = net::trim(value);
    if (is("Diagnostic-Code")) group.diagnostic = without_type(value);
}

std::optional<RecipientReport> report_of(const Group& group) {
    static constexpr std::array<std::pair<std::string_view, DsnAction>, 5> kActions{
        {{"failed", DsnAction::failed},
         {"delayed", DsnAction::delayed},
         {"delivered", DsnAction::delivered},
         {"relayed", DsnAction::relayed},
         {"expanded", DsnAction::expanded}}};
    const auto action = std::ranges::find_if(
        kActions, [&](const auto& each) { return net::equal_ignoring_case(each.first, group.action); });
    RecipientReport out;
    out.address = group.original.empty() ? group.final : group.original;
    if (action == kActions.end() || !check_address(out.address)) return std::nullopt;
    out.action = action->second;
    std::string_view status = group.status;
    out.status = EnhancedStatus::take(status);
    out.diagnostic = group.diagnostic.substr(0, 500);
    return out;
}

}  // namespace

Result<std::vector<RecipientReport>> parse_delivery_status(std::string_view part) {
    std::vector<RecipientReport> out;
    Group group;
    std::string name;
    std::string value;
    const auto end_field = [&] {
        if (!name.empty()) keep_field(group, name, value);
        name.clear();
        value.clear();
    };
    const auto end_group = [&] {
        end_field();
        if (auto report = report_of(group); report && out.size() < kMostRecipients) out.push_back(std::move(*report));
        group = {};
    };
    while (!part.empty()) {
        const std::string_view line = next_line(part);
        if (line.empty()) {
            end_group();
        } else if (line.front() == ' ' || line.front() == '\t') {
            if (value.size() < 4096) value.append(" ").append(net::trim(line).substr(0, 1000));
        } else {
            end_field();
            std::string_view rest = line;
            name = net::trim(net::take_until(rest, ':'));
            value = net::trim(rest).substr(0, 1000);
        }
    }
    end_group();
    if (out.empty()) return fail(ErrorCode::invalid, "the delivery status names no recipient");
    return out;
}

std::vector<std::string> message_ids_of(std::string_view field) {
    std::vector<std::string> out;
    while (out.size() < kMostIds) {
        const std::size_t open = field.find('<');
        if (open == std::string_view::npos) break;
        const std::size_t close = field.find('>', open);
        if (close == std::string_view::npos) break;
        const std::string_view id = field.substr(open + 1, close - open - 1);
        const bool fits = !id.empty() && id.size() <= kLongestId && std::ranges::none_of(id, [](char c) {
            return static_cast<unsigned char>(c) <= ' ' || c == '<' || c == 0x7f;
        });
        if (fits) out.emplace_back(id);
        field.remove_prefix(close + 1);
    }
    return out;
}

}  // namespace quipu::mail
