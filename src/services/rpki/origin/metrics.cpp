#include "services/rpki/origin/metrics.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <map>

namespace quipu::rpki {
namespace {

void count_accepted(PublicationMetrics& of, ObjectKind kind) {
    switch (kind) {
        case ObjectKind::manifest: ++of.manifests_valid; break;
        case ObjectKind::crl: ++of.crls_valid; break;
        case ObjectKind::certificate: ++of.authorities_valid; break;
        case ObjectKind::router_certificate: ++of.router_certificates_valid; break;
        case ObjectKind::roa: ++of.roas_valid; break;
        case ObjectKind::aspa: ++of.aspas_valid; break;
        case ObjectKind::ghostbusters: ++of.ghostbusters_valid; break;
        default: break;
    }
}

void count_refused(PublicationMetrics& of, const Verdict& verdict) {
    const std::string_view uri = verdict.uri;
    switch (verdict.rule) {
        case Rule::manifest_missing: ++of.manifests_missing; return;
        case Rule::manifest_stale: ++of.manifests_stale; return;
        case Rule::manifest_premature: ++of.manifests_premature; return;
        case Rule::crl_stale: ++of.crls_stale; return;
        default: break;
    }
    if (uri.ends_with(".mft"))
        ++of.manifests_invalid;
    else if (uri.ends_with(".crl"))
        ++of.crls_invalid;
    else if (uri.ends_with(".cer"))
        ++of.certificates_invalid;
    else if (uri.ends_with(".roa"))
        ++of.roas_invalid;
    else if (uri.ends_with(".gbr"))
        ++of.ghostbusters_invalid;
    else if (uri.ends_with(".asa"))
        ++of.aspas_invalid;
    else
        ++of.others_invalid;
}

/// Label values: backslash, quote and line feed are escaped.
std::string label_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

class Exposition {
  public:
    void head(std::string_view name, std::string_view help, std::string_view type = "gauge") {
        fmt::format_to(std::back_inserter(text_), "# HELP routinator_{0} {1}\n# TYPE routinator_{0} {2}\n", name, help,
                       type);
    }
    template <class Number>
    void value(std::string_view name, std::string_view labels, const Number& number) {
        fmt::format_to(std::back_inserter(text_), "routinator_{}{}{}{} {}\n", name, labels.empty() ? "" : "{", labels,
                       labels.empty() ? "" : "}", number);
    }
    template <class Number>
    void single(std::string_view name, std::string_view help, const Number& number, std::string_view type = "gauge") {
        head(name, help, type);
        value(name, {}, number);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

std::int64_t whole_seconds(Nanoseconds duration) {
    return std::chrono::floor<std::chrono::seconds>(duration).count();
}

void write_updates(Exposition& out, const RpkiMetrics& metrics) {
    out.single("last_update_start", "seconds since the start of the last update",
               whole_seconds(metrics.now - metrics.update_began));
    out.head("last_update_duration", "duration of the last update in seconds");
    if (metrics.update_took)
        out.value("last_update_duration", {}, whole_seconds(*metrics.update_took));
    else
        out.value("last_update_duration", {}, "NaN");
    out.head("last_update_done", "seconds since the end of the last update");
    if (metrics.update_ended)
        out.value("last_update_done", {}, whole_seconds(metrics.now - *metrics.update_ended));
    else
        out.value("last_update_done", {}, "NaN");
    out.single("serial", "current RTR serial number", metrics.serial);
}

/// Trust anchors are told apart by name, repositories by address.
struct Grouping {
    std::string_view prefix;
    std::string_view label;
    std::string_view what;
    const std::vector<PublicationMetrics>& members;

    [[nodiscard]] std::string name(std::string_view rest) const { return fmt::format("{}_{}", prefix, rest); }
    [[nodiscard]] std::string help(std::string_view text) const { return fmt::format("{} per {}", text, what); }
    [[nodiscard]] std::string labels(const PublicationMetrics& of, std::string_view rest = {}) const {
        return fmt::format(R"({}="{}"{})", label, label_text(of.name), rest);
    }
};

void write_objects(Exposition& out, const Grouping& group) {
    struct Column {
        std::string_view type;
        std::string_view state;
        std::uint64_t PublicationMetrics::* count;
    };
    using P = PublicationMetrics;
    static constexpr auto kColumns = std::to_array<Column>({
        {"manifest", "valid", &P::manifests_valid},
        {"manifest", "invalid", &P::manifests_invalid},
        {"manifest", "premature", &P::manifests_premature},
        {"manifest", "stale", &P::manifests_stale},
        {"manifest", "missing", &P::manifests_missing},
        {"crl", "valid", &P::crls_valid},
        {"crl", "invalid", &P::crls_invalid},
        {"crl", "stale", &P::crls_stale},
        {"crl", "stray", &P::crls_stray},
        {"ca_cert", "valid", &P::authorities_valid},
        {"router_cert", "valid", &P::router_certificates_valid},
        {"cert", "invalid", &P::certificates_invalid},
        {"roa", "valid", &P::roas_valid},
        {"roa", "invalid", &P::roas_invalid},
        {"gbr", "valid", &P::ghostbusters_valid},
        {"gbr", "invalid", &P::ghostbusters_invalid},
        {"aspa", "valid", &P::aspas_valid},
        {"aspa", "invalid", &P::aspas_invalid},
        {"other", "invalid", &P::others_invalid},
    });
    const std::string name = group.name("objects_total");
    out.head(name, group.help("number of objects"));
    for (const PublicationMetrics& of : group.members)
        for (const Column& column : kColumns)
            out.value(name, group.labels(of, fmt::format(R"(, type="{}", state="{}")", column.type, column.state)),
                      of.*column.count);
}

void write_group(Exposition& out, const Grouping& group) {
    const std::string points = group.name("publication_points_total");
    out.head(points, group.help("publication points"));
    for (const PublicationMetrics& of : group.members) {
        out.value(points, group.labels(of, R"(, state="valid")"), of.points_valid);
        out.value(points, group.labels(of, R"(, state="rejected")"), of.points_rejected);
    }
    write_objects(out, group);

    struct Row {
        std::string_view name;
        std::string_view help;
        std::uint64_t PayloadCount::* count;  // none: nothing is ever marked as that
    };
    static constexpr auto kRows = std::to_array<Row>({
        {"valid_vrps_total", "overall number of VRPs", &PayloadCount::valid},
        {"unsafe_vrps_total", "number of VRPs overlapping with rejected publication points", nullptr},
        {"locally_filtered_vrps_total", "number of VRPs filtered out by local exceptions", &PayloadCount::filtered},
        {"duplicate_vrps_total", "number of duplicate VRPs", &PayloadCount::duplicate},
        {"contributed_vrps_total", "number of VRPs contributed to the final set", &PayloadCount::contributed},
    });
    for (const Row& row : kRows) {
        const std::string name = group.name(row.name);
        out.head(name, group.help(row.help));
        for (const PublicationMetrics& of : group.members) {
            const PayloadCount vrps = of.vrps();
            out.value(name, group.labels(of), row.count == nullptr ? 0 : vrps.*row.count);
        }
    }
}

/// Routinator's older names.
void write_by_tal(Exposition& out, const PublicationCounts& counts) {
    const auto each = [&](std::string_view name, std::string_view help, auto value) {
        out.head(name, help);
        for (const PublicationMetrics& anchor : counts.anchors)
            out.value(name, fmt::format(R"(tal="{}")", label_text(anchor.name)), value(anchor));
    };
    using P = PublicationMetrics;
    each("valid_roas", "number of valid ROAs seen", [](const P& of) { return of.roas_valid; });
    each("total_vrps", "number of valid VRPs per TAL", [](const P& of) { return of.vrps().valid; });
    each("vrps_unsafe", "VRPs overlapping with rejected publication points", [](const P&) { return 0; });
    each("vrps_filtered_locally", "VRPs filtered based on local exceptions",
         [](const P& of) { return of.vrps().filtered; });
    each("vrps_duplicate", "number of duplicate VRPs per TAL", [](const P& of) { return of.vrps().duplicate; });
    out.single("vrps_final", "final number of VRPs", counts.all.vrps().contributed);
    out.single("stale_objects", "total number of stale manifests and CRLs", counts.all.stale());
}

void write_repositories(Exposition& out, const std::vector<RepositoryMetrics>& repositories) {
    const auto each = [&](bool rrdp, std::string_view name, std::string_view help, auto value) {
        out.head(name, help);
        for (const RepositoryMetrics& one : repositories)
            if (const auto told = value(one); one.rrdp == rrdp && told)
                out.value(name, fmt::format(R"(uri="{}")", label_text(one.uri)), *told);
    };
    using R = RepositoryMetrics;
    const auto status = [](const R& one) { return std::optional(one.status); };
    const auto duration = [](const R& one) {
        return one.duration ? std::optional(milliseconds_text(*one.duration)) : std::nullopt;
    };
    each(true, "rrdp_status", "combined status code for RRDP update requests", status);
    each(true, "rrdp_notification_status", "status code for getting the RRDP notification file", status);
    each(true, "rrdp_payload_status", "status code for getting RRDP payload files",
         [](const R& one) { return std::optional(one.payload_status); });
    each(true, "rrdp_duration", "duration of RRDP update in seconds", duration);
    each(true, "rrdp_serial_info", "serial number of the last RRDP update", [](const R& one) { return one.serial; });
    each(false, "rsync_status", "exit status of the rsync command", status);
    each(false, "rsync_duration", "duration of the rsync command in seconds", duration);
}

/// A VRP of the tree, and where it stands.
struct Placed {
    Vrp vrp;
    std::uint16_t anchor = 0;
    std::uint32_t repository = 0;
    auto operator<=>(const Placed&) const = default;
};

/// The address of a repository: the notification file, or the rsync module.
std::string repository_of(const Authority& authority) {
    if (!authority.notification.empty()) return authority.notification;
    const std::string_view uri = authority.repository;
    constexpr std::string_view kScheme = "rsync://";
    if (!uri.starts_with(kScheme)) return std::string(uri);
    const std::size_t host = uri.find('/', kScheme.size());
    const std::size_t module = host == std::string_view::npos ? host : uri.find('/', host + 1);
    return std::string(uri.substr(0, module == std::string_view::npos ? module : module + 1));
}

void sum(PublicationMetrics& all, const PublicationMetrics& of) {
    using P = PublicationMetrics;
    static constexpr auto kCounts = std::to_array<std::uint64_t P::*>({&P::points_valid,
                                                                       &P::points_rejected,
                                                                       &P::manifests_valid,
                                                                       &P::manifests_invalid,
                                                                       &P::manifests_premature,
                                                                       &P::manifests_stale,
                                                                       &P::manifests_missing,
                                                                       &P::crls_valid,
                                                                       &P::crls_invalid,
                                                                       &P::crls_stale,
                                                                       &P::crls_stray,
                                                                       &P::authorities_valid,
                                                                       &P::router_certificates_valid,
                                                                       &P::certificates_invalid,
                                                                       &P::roas_valid,
                                                                       &P::roas_invalid,
                                                                       &P::ghostbusters_valid,
                                                                       &P::ghostbusters_invalid,
                                                                       &P::aspas_valid,
                                                                       &P::aspas_invalid,
                                                                       &P::others_invalid});
    for (const auto count : kCounts)
        all.*count += of.*count;
    all.vrps_v4 += of.vrps_v4;
    all.vrps_v6 += of.vrps_v6;
    all.router_keys += of.router_keys;
    all.aspas += of.aspas;
}

/// Which of the run's trust anchors what is served stands under, by its number there; kLocal: it was added locally.
constexpr std::size_t kLocal = std::numeric_limits<std::size_t>::max();
std::vector<std::size_t> numbers_in_run(const AnchoredPayloads& served, const std::vector<std::string>& names) {
    std::vector<std::size_t> out;
    for (const std::string& name : served.anchor_names) {
        const auto at = std::ranges::find(names, name);
        out.push_back(at == names.end() ? kLocal : static_cast<std::size_t>(at - names.begin()));
    }
    return out;
}

/// Counts each VRP for its trust anchor and its repository; the first of those that are alike is the one that counts.
void count_vrps(std::vector<Placed> vrps, const AnchoredPayloads& served, const std::vector<std::size_t>& numbers,
                PublicationCounts& out) {
    std::ranges::sort(vrps);
    const auto& kept = served.set.vrps;
    const auto is_local = [&](std::size_t at) { return numbers[served.vrp_anchors[at]] == kLocal; };
    for (std::size_t i = 0; i < vrps.size(); ++i) {
        const Placed& one = vrps[i];
        const auto at = std::ranges::lower_bound(kept, one.vrp);
        const bool in_use =
            at != kept.end() && *at == one.vrp && !is_local(static_cast<std::size_t>(at - kept.begin()));
        const bool repeated = i > 0 && vrps[i - 1].vrp == one.vrp;
        const auto what = repeated ? &PayloadCount::duplicate
                          : in_use ? &PayloadCount::contributed
                                   : &PayloadCount::filtered;
        const auto family = one.vrp.v6 ? &PublicationMetrics::vrps_v6 : &PublicationMetrics::vrps_v4;
        for (PublicationMetrics* of : {&out.anchors[one.anchor], &out.repositories[one.repository]}) {
            ++(of->*family).valid;
            ++((of->*family).*what);
        }
    }
    for (std::size_t i = 0; i < kept.size(); ++i)
        if (is_local(i)) ++(kept[i].v6 ? out.local.vrps_v6 : out.local.vrps_v4).contributed;
}

/// Keys and ASPAs are few, and seldom repeated: each counts for the trust anchor that the set names.
void count_others(const AnchoredPayloads& served, const std::vector<std::size_t>& numbers, PublicationCounts& out) {
    const auto of = [&](std::uint16_t anchor) -> PublicationMetrics& {
        const std::size_t number = numbers[anchor];
        return number == kLocal ? out.local : out.anchors[number];
    };
    for (const std::uint16_t anchor : served.key_anchors)
        ++of(anchor).router_keys.contributed;
    for (const std::uint16_t anchor : served.aspa_anchors)
        ++of(anchor).aspas.contributed;
    for (PublicationMetrics& anchor : out.anchors)
        for (const auto kind : {&PublicationMetrics::router_keys, &PublicationMetrics::aspas}) {
            PayloadCount& count = anchor.*kind;
            count.filtered = count.valid > count.contributed ? count.valid - count.contributed : 0;
        }
}

}  // namespace

PayloadCount& PayloadCount::operator+=(const PayloadCount& other) {
    valid += other.valid;
    filtered += other.filtered;
    duplicate += other.duplicate;
    contributed += other.contributed;
    return *this;
}

PublicationCounts count_publications(const Outcomes& found, const AnchoredPayloads& served) {
    PublicationCounts out;
    for (const std::string& name : found.anchor_names())
        out.anchors.push_back({.name = name});
    std::map<std::string, std::uint32_t> repositories;
    for (const auto& [authority, point] : found.points())
        repositories.emplace(repository_of(*authority), 0);
    for (auto& [uri, number] : repositories) {
        number = static_cast<std::uint32_t>(out.repositories.size());
        out.repositories.push_back({.name = uri});
    }
    std::vector<Placed> vrps;
    for (const auto& [authority, point] : found.points()) {
        const std::uint32_t repository = repositories.at(repository_of(*authority));
        for (PublicationMetrics* of : {&out.anchors[authority->anchor], &out.repositories[repository]}) {
            ++(point->valid ? of->points_valid : of->points_rejected);
            of->router_keys.valid += point->router_keys.size();
            of->aspas.valid += point->aspas.size();
            for (const PointOutcome::Object& object : point->accepted)
                count_accepted(*of, object.kind);
            for (const Verdict& verdict : point->refused)
                count_refused(*of, verdict);
        }
        for (const Vrp& vrp : point->vrps)
            vrps.push_back({vrp, authority->anchor, repository});
    }
    const auto numbers = numbers_in_run(served, found.anchor_names());
    count_vrps(std::move(vrps), served, numbers, out);
    count_others(served, numbers, out);
    for (const PublicationMetrics& anchor : out.anchors)
        sum(out.all, anchor);
    sum(out.all, out.local);
    return out;
}

std::string milliseconds_text(Nanoseconds duration) {
    const auto count = std::chrono::floor<std::chrono::milliseconds>(duration).count();
    return fmt::format("{}.{:03}", count / 1000, count % 1000);
}

std::string metrics_text(const RpkiMetrics& metrics) {
    Exposition out;
    const PublicationCounts& counts = *metrics.counts;
    write_updates(out, metrics);
    write_group(out, {"ta", "name", "trust anchor", counts.anchors});
    write_group(out, {"repository", "uri", "repository", counts.repositories});
    out.single("vrps_added_locally", "VRPs added from local exceptions", counts.local.vrps().contributed);
    write_repositories(out, metrics.repositories);
    out.single("rtr_current_connections", "number of currently open RTR connections", metrics.rtr_connections);
    out.single("rtr_bytes_read", "total number of bytes read from RTR connections", metrics.rtr_octets_read, "counter");
    out.single("rtr_bytes_written", "total number of bytes written to RTR connections", metrics.rtr_octets_written,
               "counter");
    out.single("http_connections", "total number of HTTP connections opened", metrics.http_connections, "counter");
    out.single("http_current_connections", "number of currently open HTTP connections", metrics.http_open);
    out.single("http_bytes_read", "number of bytes read from HTTP connections", metrics.http_octets_read, "counter");
    out.single("http_bytes_written", "number of bytes written to HTTP connections", metrics.http_octets_written,
               "counter");
    out.single("http_requests", "number of HTTP requests received", metrics.http_requests, "counter");
    write_by_tal(out, counts);
    return out.take();
}

}  // namespace quipu::rpki
