#include "registry/topology_zoo.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <set>

#include "base/fold.h"
#include "registry/countries.h"

namespace quipu::registry {
namespace {

constexpr std::size_t kLongestId = 63;
constexpr Bandwidth kAssumed{1'000'000'000};
constexpr std::string_view kAssumedDate = "2000-01-01";

std::string text_of(const GraphAttributes& attributes, std::string_view name) {
    const auto at = attributes.find(name);
    // The Zoo writes Python's None where it knows nothing.
    return at == attributes.end() || at->second == "None" ? std::string() : at->second;
}

std::optional<double> number_of(const GraphAttributes& attributes, std::string_view name) {
    const std::string text = text_of(attributes, name);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

/// The prefix and the rest shortened together to what a slug may hold, then numbered until nobody else has it.
std::string unique_id(const std::string& wanted, std::set<std::string>& taken) {
    std::string id = wanted.substr(0, kLongestId);
    for (int n = 2; !taken.insert(id).second; ++n) {
        const std::string suffix = fmt::format("-{}", n);
        id = wanted.substr(0, kLongestId - suffix.size()) + suffix;
    }
    return id;
}

std::string file_stem(std::string_view name) {
    name = name.substr(name.find_last_of('/') + 1);
    return std::string(name.substr(0, name.find('.')));
}

/// "2010_08" or "2010" as a day; nothing if the graph does not say.
std::optional<std::string> date_of(const Graph& graph) {
    const std::string text = text_of(graph.attributes, "NetworkDate");
    if (text.size() != 4 && text.size() != 7) return std::nullopt;
    const std::string day = fmt::format("{}-{}-01", text.substr(0, 4), text.size() == 7 ? text.substr(5) : "01");
    return parse_date(day) ? std::optional(day) : std::nullopt;
}

void set_if(Value& object, std::string_view field, std::string text, std::size_t longest) {
    if (text.size() > longest) {
        std::size_t end = longest;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            --end;  // between characters, not within one
        text.resize(end);
    }
    if (!text.empty()) object.set(field, Value(std::move(text)));
}

/// Reads "4x1 Gbps + 2x STM-1" from the left.
class Rates {
  public:
    explicit Rates(std::string_view text) : text_(text) {}

    double total() {
        double sum = 0;
        double times = 1;
        while (!text_.empty()) {
            if (const auto level = after("STM-")) {
                sum += times * *level * 155.52e6;  // ITU-T G.707
                times = 1;
            } else if (const auto carrier = after("OC-")) {
                sum += times * *carrier * 51.84e6;  // Telcordia GR-253
                times = 1;
            } else if (const auto figure = number()) {
                skip_spaces();
                if (text_.starts_with('x') || text_.starts_with('X')) {
                    text_.remove_prefix(1);
                    skip_spaces();
                    times = *figure;
                } else {
                    sum += times * *figure * unit();
                    times = 1;
                }
            } else {
                text_.remove_prefix(1);
            }
        }
        return sum;
    }

  private:
    void skip_spaces() {
        while (text_.starts_with(' '))
            text_.remove_prefix(1);
    }

    std::optional<double> number() {
        double out = 0;
        const auto [end, error] =
            std::from_chars(text_.data(), text_.data() + text_.size(), out, std::chars_format::fixed);
        if (error != std::errc{} || text_.starts_with('-') || !std::isfinite(out)) return std::nullopt;
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return out;
    }

    std::optional<double> after(std::string_view name) {
        if (!text_.starts_with(name)) return std::nullopt;
        text_.remove_prefix(name.size());
        return number();
    }

    /// Bits per second of "Gbps", "Mb/s", "GE"…; 0 if what follows is no rate.
    double unit() {
        constexpr std::string_view prefixes = "kKMGT";
        constexpr std::array factors = {1e3, 1e3, 1e6, 1e9, 1e12};
        if (text_.empty()) return 0;
        const auto prefix = prefixes.find(text_.front());
        if (prefix == std::string_view::npos) return 0;
        text_.remove_prefix(1);
        for (const std::string_view name : {"b/s", "bps", "bit/s", "bits", "igE", "E", "b"})
            if (text_.starts_with(name)) return factors[prefix];
        return 0;
    }

    std::string_view text_;
};

}  // namespace

std::optional<Bandwidth> bandwidth_in(std::string_view label) {
    const double total = Rates(label).total();
    if (!(total >= 1) || total > 1e18) return std::nullopt;
    return Bandwidth{std::llround(total)};
}

std::vector<Change> changes_from_graph(const Graph& graph, std::string_view name) {
    std::string network = text_of(graph.attributes, "Network");
    if (network.empty()) network = text_of(graph.attributes, "label");
    if (network.empty()) network = file_stem(name);
    std::string prefix = slug_of(network);
    if (prefix.empty()) prefix = "network";
    const std::optional<std::string> date = date_of(graph);
    const std::string source =
        fmt::format("Internet Topology Zoo, {}{}", network, date ? ", " + date->substr(0, 7) : "");

    std::vector<Change> changes;
    std::set<std::string> taken;
    std::map<std::string, std::string, std::less<>> slugs;  // node id to its part of a link's id
    std::map<std::string, std::string, std::less<>> sites;
    for (const GraphNode& node : graph.nodes) {
        const std::string label = text_of(node.attributes, "label");
        std::string slug = slug_of(label);
        if (slug.empty()) slug = slug_of("node " + node.id);
        const std::string id = unique_id(prefix + "-" + slug, taken);
        slugs.emplace(node.id, slug);
        sites.emplace(node.id, id);
        Value object;
        object.set("id", Value(id));
        set_if(object, "name", label.empty() ? "Node " + node.id : label, 200);
        if (const auto code = country_code_of(text_of(node.attributes, "Country"))) object.set("country", Value(*code));
        const auto latitude = number_of(node.attributes, "Latitude");
        const auto longitude = number_of(node.attributes, "Longitude");
        if (latitude && longitude) {
            object.set("latitude", Value(*latitude));
            object.set("longitude", Value(*longitude));
        }
        object.set("pop", Value(text_of(node.attributes, "Internal") != "0"));
        object.set("source", Value(source));
        changes.push_back({Kind::sites, id, std::move(object), std::nullopt, node.line});
    }
    taken.clear();
    for (const GraphEdge& edge : graph.edges) {
        const std::string id =
            unique_id(fmt::format("{}-{}-{}", prefix, slugs.at(edge.source), slugs.at(edge.target)), taken);
        const std::string label = text_of(edge.attributes, "LinkLabel");
        std::optional<Bandwidth> capacity;
        if (const auto raw = number_of(edge.attributes, "LinkSpeedRaw"); raw && *raw >= 1 && *raw <= 1e18)
            capacity = Bandwidth{std::llround(*raw)};
        if (!capacity) capacity = bandwidth_in(label);
        std::string note = text_of(edge.attributes, "LinkNote");
        const auto remark = [&](std::string_view text) { note += fmt::format("{}{}", note.empty() ? "" : "; ", text); };
        if (!capacity) remark("capacity unknown, 1 Gb/s assumed");
        remark(date ? "activation assumed: the date of the map" : "activation unknown, assumed");
        Value object;
        object.set("id", Value(id));
        object.set("a", Value(sites.at(edge.source)));
        object.set("b", Value(sites.at(edge.target)));
        object.set("capacity", Value(capacity.value_or(kAssumed).bits_per_second));
        const std::string type = text_of(edge.attributes, "LinkType");
        set_if(object, "technology", type.empty() ? label : type, 60);
        object.set("activated", Value(date.value_or(std::string(kAssumedDate))));
        object.set("source", Value(source));
        set_if(object, "note", note, 4000);
        changes.push_back({Kind::links, id, std::move(object), std::nullopt, edge.line});
    }
    return changes;
}

}  // namespace quipu::registry
