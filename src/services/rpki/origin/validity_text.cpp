// Routes and VRPs as the texts in which people and other validators keep them.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <functional>

#include "base/value.h"
#include "services/rpki/origin/validity.h"

namespace quipu::rpki {
namespace {

constexpr std::size_t kMaxRoutes = 2'000'000;
constexpr std::size_t kMaxVrps = 5'000'000;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const std::size_t from = text.find_first_not_of(kBlank);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

std::string at_line(std::string_view name, std::size_t line) {
    return fmt::format("{}:{}", name, line);
}

/// Calls each(line, number) for every line until one fails.
Result<void> for_each_line(std::string_view text,
                           const std::function<Result<void>(std::string_view, std::size_t)>& each) {
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        TRY(each(trimmed(text.substr(0, end)), ++number));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return {};
}

/// The error of a part, told with the place of the whole.
std::unexpected<Error> in_place(Error error, std::string where) {
    error.where = std::move(where);
    return std::unexpected(std::move(error));
}

Result<Route> parse_route_line(std::string_view line) {
    const std::size_t arrow = line.find("=>");
    if (arrow == std::string_view::npos)
        return fail(ErrorCode::invalid, "a route is written PREFIX => AS", {}, "for example 192.0.2.0/24 => AS64496");
    return Route {
        TRY(net::Prefix::parse(trimmed(line.substr(0, arrow))))
        , TRY(parse_asn(trimmed(line.substr(arrow + 2))))
    };
}

Result<std::vector<Route>> parse_json_routes(std::string_view text, std::string_view name) {
    const Value root = TRY(parse_json(text, name));
    const Value* list = root.find("routes");
    if (list == nullptr || list->if_array() == nullptr)
        return fail(ErrorCode::invalid, "the list \"routes\" is missing", std::string(name),
                    R"(write {"routes": [{"prefix": "192.0.2.0/24", "asn": "AS64496"}]})");
    std::vector<Route> out;
    for (const Value& one : *list->if_array()) {
        const std::string where = fmt::format("{}:{}: routes[{}]", name, one.line(), out.size());
        if (out.size() == kMaxRoutes) return fail(ErrorCode::too_large, "there are more than 2,000,000 routes", where);
        const Value* prefix = one.find("prefix");
        const Value* as = one.find("asn");
        if (prefix == nullptr || prefix->if_string() == nullptr)
            return fail(ErrorCode::invalid, "a route has a text \"prefix\"", where);
        if (as == nullptr) return fail(ErrorCode::invalid, "a route has an \"asn\"", where);
        auto parsed = net::Prefix::parse(*prefix->if_string());
        if (!parsed) return in_place(std::move(parsed.error()), where + ".prefix");
        auto origin = parse_asn(as->if_integer() != nullptr  ? std::to_string(*as->if_integer())
                                : as->if_string() != nullptr ? *as->if_string()
                                                             : std::string());
        if (!origin) return in_place(std::move(origin.error()), where + ".asn");
        out.push_back({*parsed, *origin});
    }
    return out;
}

Result<Vrp> checked_vrp(std::string_view prefix_text, std::string_view as_text,
                        std::optional<std::int64_t> max_length) {
    const net::Prefix prefix = TRY(net::Prefix::parse(prefix_text));
    const Asn as = TRY(parse_asn(as_text));
    const std::int64_t longest = max_length.value_or(prefix.length());
    if (longest < prefix.length() || longest > prefix.address().width())
        return fail(ErrorCode::invalid, fmt::format("the maximal length {} does not fit {}", longest, prefix.text()));
    return vrp_of(prefix, as, static_cast<int>(longest));
}

Result<std::vector<Vrp>> parse_json_vrps(std::string_view text, std::string_view name) {
    const Value root = TRY(parse_json(text, name));
    const Value* list = root.find("roas");
    if (list == nullptr || list->if_array() == nullptr)
        return fail(ErrorCode::invalid, "the list \"roas\" is missing", std::string(name),
                    "the JSON output of a validator has it");
    std::vector<Vrp> out;
    for (const Value& one : *list->if_array()) {
        const std::string where = fmt::format("{}:{}: roas[{}]", name, one.line(), out.size());
        if (out.size() == kMaxVrps) return fail(ErrorCode::too_large, "there are more than 5,000,000 VRPs", where);
        const Value* prefix = one.find("prefix");
        const Value* as = one.find("asn");
        const Value* longest = one.find("maxLength");
        if (prefix == nullptr || prefix->if_string() == nullptr || as == nullptr ||
            (longest != nullptr && longest->if_integer() == nullptr))
            return fail(ErrorCode::invalid, "a VRP has \"asn\", \"prefix\" and a number \"maxLength\"", where);
        auto vrp = checked_vrp(*prefix->if_string(),
                               as->if_integer() != nullptr  ? std::to_string(*as->if_integer())
                               : as->if_string() != nullptr ? *as->if_string()
                                                            : std::string(),
                               longest == nullptr ? std::nullopt : std::optional(*longest->if_integer()));
        if (!vrp) return in_place(std::move(vrp.error()), where);
        out.push_back(*vrp);
    }
    return out;
}

/// The fields of one line, without their quotes. None of the fields that are asked for holds a comma.
void split_fields(std::string_view line, std::vector<std::string_view>& out) {
    out.clear();
    while (true) {
        const std::size_t comma = line.find(',');
        std::string_view field = trimmed(line.substr(0, comma));
        if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
        out.push_back(field);
        if (comma == std::string_view::npos) return;
        line.remove_prefix(comma + 1);
    }
}

Result<std::vector<Vrp>> parse_csv_vrps(std::string_view text, std::string_view name) {
    std::vector<Vrp> out;
    std::vector<std::string_view> values;
    std::size_t as_at = 0;
    std::size_t prefix_at = 1;
    std::size_t length_at = 2;
    TRY(for_each_line(text, [&](std::string_view line, std::size_t number) -> Result<void> {
        if (line.empty() || line.front() == '#') return {};
        split_fields(line, values);
        if (const auto heading = std::ranges::find(values, "ASN"); heading != values.end()) {
            as_at = static_cast<std::size_t>(heading - values.begin());
            prefix_at = static_cast<std::size_t>(std::ranges::find(values, "IP Prefix") - values.begin());
            length_at = static_cast<std::size_t>(std::ranges::find(values, "Max Length") - values.begin());
            return {};
        }
        if (out.size() == kMaxVrps)
            return fail(ErrorCode::too_large, "there are more than 5,000,000 VRPs", at_line(name, number));
        if (as_at >= values.size() || prefix_at >= values.size())
            return fail(ErrorCode::invalid, "a line has ASN, IP Prefix, Max Length", at_line(name, number));
        std::optional<std::int64_t> longest;
        if (length_at < values.size() && !values[length_at].empty()) {
            std::int64_t value = -1;
            const std::string_view digits = values[length_at];
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
            if (error != std::errc{} || end != digits.data() + digits.size())
                return fail(ErrorCode::invalid, "\"" + std::string(digits) + "\" is not a length",
                            at_line(name, number));
            longest = value;
        }
        auto vrp = checked_vrp(values[prefix_at], values[as_at], longest);
        if (!vrp) return in_place(std::move(vrp.error()), at_line(name, number));
        out.push_back(*vrp);
        return {};
    }));
    return out;
}

bool begins_object(std::string_view text) {
    const std::size_t at = text.find_first_not_of(" \t\r\n");
    return at != std::string_view::npos && text[at] == '{';
}

}  // namespace

Result<std::vector<Route>> parse_routes(std::string_view text, std::string_view name) {
    if (begins_object(text)) return parse_json_routes(text, name);
    std::vector<Route> out;
    TRY(for_each_line(text, [&](std::string_view line, std::size_t number) -> Result<void> {
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty()) return {};
        if (out.size() == kMaxRoutes)
            return fail(ErrorCode::too_large, "there are more than 2,000,000 routes", at_line(name, number));
        auto route = parse_route_line(line);
        if (!route) return in_place(std::move(route.error()), at_line(name, number));
        out.push_back(*route);
        return {};
    }));
    return out;
}

Result<std::vector<Vrp>> parse_vrps(std::string_view text, std::string_view name) {
    std::vector<Vrp> out = TRY(begins_object(text) ? parse_json_vrps(text, name) : parse_csv_vrps(text, name));
    std::ranges::sort(out);
    const auto repeated = std::ranges::unique(out);
    out.erase(repeated.begin(), repeated.end());
    return out;
}

}  // namespace quipu::rpki
