#include "services/rpki/origin/metrics.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::rpki {
namespace {

void count_accepted(AnchorMetrics& of, ObjectKind kind) {
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

void count_refused(AnchorMetrics& of, const Verdict& verdict) {
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

std::string milliseconds(Nanoseconds duration) {
    const auto count = std::chrono::floor<std::chrono::milliseconds>(duration).count();
    return fmt::format("{}.{:03}", count / 1000, count % 1000);
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

void write_objects(Exposition& out, const std::vector<AnchorMetrics>& anchors) {
    struct Column {
        std::string_view type;
        std::string_view state;
        std::uint64_t AnchorMetrics::* count;
    };
    using A = AnchorMetrics;
    static constexpr auto kColumns = std::to_array<Column>({
        {"manifest", "valid", &A::manifests_valid},
        {"manifest", "invalid", &A::manifests_invalid},
        {"manifest", "premature", &A::manifests_premature},
        {"manifest", "stale", &A::manifests_stale},
        {"manifest", "missing", &A::manifests_missing},
        {"crl", "valid", &A::crls_valid},
        {"crl", "invalid", &A::crls_invalid},
        {"crl", "stale", &A::crls_stale},
        {"ca_cert", "valid", &A::authorities_valid},
        {"router_cert", "valid", &A::router_certificates_valid},
        {"cert", "invalid", &A::certificates_invalid},
        {"roa", "valid", &A::roas_valid},
        {"roa", "invalid", &A::roas_invalid},
        {"gbr", "valid", &A::ghostbusters_valid},
        {"gbr", "invalid", &A::ghostbusters_invalid},
        {"aspa", "valid", &A::aspas_valid},
        {"aspa", "invalid", &A::aspas_invalid},
        {"other", "invalid", &A::others_invalid},
    });
    out.head("ta_objects_total", "number of objects per trust anchor");
    for (const AnchorMetrics& anchor : anchors)
        for (const Column& column : kColumns)
            out.value(
                "ta_objects_total",
                fmt::format(R"(name="{}", type="{}", state="{}")", label_text(anchor.name), column.type, column.state),
                anchor.*column.count);
}

void write_anchors(Exposition& out, const std::vector<AnchorMetrics>& anchors) {
    out.head("ta_publication_points_total", "publication points per trust anchor");
    for (const AnchorMetrics& anchor : anchors) {
        const std::string name = label_text(anchor.name);
        out.value("ta_publication_points_total", fmt::format(R"(name="{}", state="valid")", name), anchor.points_valid);
        out.value("ta_publication_points_total", fmt::format(R"(name="{}", state="rejected")", name),
                  anchor.points_rejected);
    }
    write_objects(out, anchors);

    struct Row {
        std::string_view name;
        std::string_view help;
        std::string_view label;
        std::uint64_t AnchorMetrics::* count;
    };
    using A = AnchorMetrics;
    static constexpr auto kRows = std::to_array<Row>({
        {"ta_valid_vrps_total", "overall number of VRPs per trust anchor", "name", &A::vrps_valid},
        {"ta_locally_filtered_vrps_total", "number of VRPs filtered out by local exceptions per trust anchor", "name",
         &A::vrps_filtered},
        {"ta_duplicate_vrps_total", "number of duplicate VRPs per trust anchor", "name", &A::vrps_duplicate},
        {"ta_contributed_vrps_total", "number of VRPs contributed to the final set per trust anchor", "name",
         &A::vrps_contributed},
        // Routinator's older names.
        {"valid_roas", "number of valid ROAs seen", "tal", &A::roas_valid},
        {"total_vrps", "number of valid VRPs per TAL", "tal", &A::vrps_valid},
        {"vrps_filtered_locally", "VRPs filtered based on local exceptions", "tal", &A::vrps_filtered},
        {"vrps_duplicate", "number of duplicate VRPs per TAL", "tal", &A::vrps_duplicate},
    });
    for (const Row& row : kRows) {
        out.head(row.name, row.help);
        for (const AnchorMetrics& anchor : anchors)
            out.value(row.name, fmt::format(R"({}="{}")", row.label, label_text(anchor.name)), anchor.*row.count);
    }
}

void write_repositories(Exposition& out, const std::vector<RepositoryMetrics>& repositories) {
    const auto uri = [](const RepositoryMetrics& one) { return fmt::format(R"(uri="{}")", label_text(one.uri)); };
    for (const bool rrdp : {true, false}) {
        const std::string_view status = rrdp ? "rrdp_status" : "rsync_status";
        const std::string_view duration = rrdp ? "rrdp_duration" : "rsync_duration";
        out.head(status, rrdp ? "combined status code for RRDP update requests" : "exit status of the rsync command");
        for (const RepositoryMetrics& one : repositories)
            if (one.rrdp == rrdp) out.value(status, uri(one), one.status);
        out.head(duration, rrdp ? "duration of RRDP update in seconds" : "duration of the rsync command in seconds");
        for (const RepositoryMetrics& one : repositories)
            if (one.rrdp == rrdp && one.duration) out.value(duration, uri(one), milliseconds(*one.duration));
    }
    out.head("rrdp_serial_info", "serial number of the last RRDP update");
    for (const RepositoryMetrics& one : repositories)
        if (one.rrdp && one.serial) out.value("rrdp_serial_info", uri(one), *one.serial);
}

}  // namespace

std::vector<AnchorMetrics> anchor_metrics_of(const Validator& validator, std::span<const TrustAnchorLocator> locators,
                                             const AnchoredPayloads& served) {
    std::vector<AnchorMetrics> out(locators.size());
    for (std::size_t i = 0; i < locators.size(); ++i)
        out[i].name = locators[i].name;
    validator.for_each_point([&](const Authority& authority, const PointOutcome& point) {
        AnchorMetrics& of = out[authority.anchor];
        ++(point.valid ? of.points_valid : of.points_rejected);
        of.vrps_valid += point.vrps.size();
        for (const PointOutcome::Object& object : point.accepted)
            count_accepted(of, object.kind);
        for (const Verdict& verdict : point.refused)
            count_refused(of, verdict);
    });
    for (const AnchoredVrp& one : validator.vrps()) {
        // Each VRP stands under the first trust anchor that has it.
        AnchorMetrics& of = out[one.anchor];
        const bool kept = std::ranges::binary_search(served.set.vrps, one.vrp);
        ++(kept ? of.vrps_contributed : of.vrps_filtered);
    }
    for (AnchorMetrics& of : out)
        of.vrps_duplicate = of.vrps_valid - of.vrps_contributed - of.vrps_filtered;
    return out;
}

std::string metrics_text(const RpkiMetrics& metrics) {
    Exposition out;
    write_updates(out, metrics);
    write_anchors(out, metrics.anchors);
    std::uint64_t stale = 0;
    for (const AnchorMetrics& anchor : metrics.anchors)
        stale += anchor.manifests_stale + anchor.crls_stale;
    out.single("vrps_added_locally", "VRPs added from local exceptions", metrics.vrps_added_locally);
    out.single("vrps_final", "final number of VRPs", metrics.vrps_final);
    out.single("stale_objects", "total number of stale manifests and CRLs", stale);
    write_repositories(out, metrics.repositories);
    out.single("rtr_current_connections", "number of currently open RTR connections", metrics.rtr_connections);
    out.single("rtr_bytes_read", "total number of bytes read from RTR connections", metrics.rtr_octets_read, "counter");
    out.single("rtr_bytes_written", "total number of bytes written to RTR connections", metrics.rtr_octets_written,
               "counter");
    return out.take();
}

}  // namespace quipu::rpki
