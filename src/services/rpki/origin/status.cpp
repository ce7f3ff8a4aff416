// Routinator's /status, for people, and /api/v1/status, for programs: the same figures as its /metrics.
#include <fmt/format.h>

#include "base/value.h"
#include "services/rpki/origin/metrics.h"

namespace quipu::rpki {
namespace {

std::string quoted_json(std::string_view text) {
    std::string out;
    JsonWriter(out).string(text);
    return out;
}

std::string seconds_or(const std::optional<Nanoseconds>& duration, std::string_view otherwise) {
    return duration ? milliseconds_text(*duration) : std::string(otherwise);
}

/// JSON in the layout of Routinator: two blanks for each level, one member in a line.
class JsonMembers {
  public:
    explicit JsonMembers(std::string& out) : out_(out) {}
    template <class Number>
    void raw(std::string_view name, const Number& value) {
        begin(name);
        fmt::format_to(std::back_inserter(out_), "{}", value);
    }
    void text(std::string_view name, std::string_view value) {
        begin(name);
        out_ += quoted_json(value);
    }
    void text_or_null(std::string_view name, std::string_view value) {
        if (value.empty())
            raw(name, "null");
        else
            text(name, value);
    }
    template <class F>
    void object(std::string_view name, F members) {
        begin(name);
        out_ += '{';
        ++depth_;
        first_ = true;
        members();
        --depth_;
        first_ = false;
        line();
        out_ += '}';
    }

  private:
    void line() {
        out_ += '\n';
        out_.append(depth_ * 2, ' ');
    }
    void begin(std::string_view name) {
        if (!first_) out_ += ',';
        first_ = false;
        line();
        out_ += quoted_json(name);
        out_ += ": ";
    }
    std::string& out_;
    std::size_t depth_ = 1;
    bool first_ = true;
};

void add_payload(JsonMembers& out, const PublicationMetrics& of) {
    const auto add = [&](std::string_view name, const PayloadCount& count, bool may_be_unsafe) {
        out.object(name, [&] {
            out.raw("total", count.valid);
            if (may_be_unsafe) out.raw("unsafe", 0);
            out.raw("locallyFiltered", count.filtered);
            out.raw("duplicate", count.duplicate);
            out.raw("final", count.contributed);
        });
    };
    out.object("payload", [&] {
        add("routeOriginsIPv4", of.vrps_v4, true);
        add("routeOriginsIPv6", of.vrps_v6, true);
        add("routerKeys", of.router_keys, false);
        add("aspas", of.aspas, false);
    });
}

void add_publication(JsonMembers& out, const PublicationMetrics& of) {
    const PayloadCount vrps = of.vrps();
    out.raw("vrpsTotal", vrps.valid);
    out.raw("vrpsUnsafe", 0);
    out.raw("vrpsLocallyFiltered", vrps.filtered);
    out.raw("vrpsDuplicate", vrps.duplicate);
    out.raw("vrpsFinal", vrps.contributed);
    add_payload(out, of);
    out.raw("validPublicationPoints", of.points_valid);
    out.raw("rejectedPublicationPoints", of.points_rejected);
    out.raw("validManifests", of.manifests_valid);
    out.raw("invalidManifests", of.manifests_invalid);
    out.raw("prematureManifests", of.manifests_premature);
    out.raw("staleManifests", of.manifests_stale);
    out.raw("missingManifests", of.manifests_missing);
    out.raw("validCRLs", of.crls_valid);
    out.raw("invalidCRLs", of.crls_invalid);
    out.raw("staleCRLs", of.crls_stale);
    out.raw("strayCRLs", of.crls_stray);
    out.raw("validCACerts", of.authorities_valid);
    out.raw("validEECerts", of.router_certificates_valid);
    out.raw("validRouterCerts", of.router_certificates_valid);
    out.raw("invalidCerts", of.certificates_invalid);
    out.raw("validROAs", of.roas_valid);
    out.raw("invalidROAs", of.roas_invalid);
    out.raw("validGBRs", of.ghostbusters_valid);
    out.raw("invalidGBRs", of.ghostbusters_invalid);
    out.raw("validASPAs", of.aspas_valid);
    out.raw("invalidASPAs", of.aspas_invalid);
    out.raw("otherObjects", of.others_invalid);
}

void add_rrdp(JsonMembers& out, const RepositoryMetrics& one) {
    out.raw("status", one.status);
    out.raw("notifyStatus", one.status);
    out.raw("payloadStatus", one.payload_status);
    out.raw("duration", seconds_or(one.duration, "null"));
    if (one.status == 304) return;
    out.raw("serial", one.serial ? std::to_string(*one.serial) : "null");
    out.text_or_null("session", one.session);
    out.raw("delta", one.snapshot_reason.empty());
    out.text_or_null("snapshot_reason", one.snapshot_reason);
}

}  // namespace

std::string status_json(const RpkiMetrics& metrics) {
    const PublicationCounts& counts = *metrics.counts;
    std::string text = "{";
    JsonMembers out(text);
    out.text("version", metrics.version);
    out.raw("serial", metrics.serial);
    out.text("now", format_time(metrics.now));
    out.text("lastUpdateStart", format_time(metrics.update_began));
    out.text_or_null("lastUpdateDone", metrics.update_ended ? format_time(*metrics.update_ended) : "");
    out.raw("lastUpdateDuration", seconds_or(metrics.update_took, "null"));
    add_payload(out, counts.all);
    const auto group = [&](std::string_view name, const std::vector<PublicationMetrics>& members, bool typed) {
        out.object(name, [&] {
            for (const PublicationMetrics& of : members)
                out.object(of.name, [&] {
                    if (typed) out.text("type", of.name.starts_with("https://") ? "RRDP" : "rsync");
                    add_publication(out, of);
                });
        });
    };
    group("tals", counts.anchors, false);
    group("repositories", counts.repositories, true);
    out.raw("vrpsAddedLocally", counts.local.vrps().contributed);
    out.object("rsync", [&] {
        for (const RepositoryMetrics& one : metrics.repositories)
            if (!one.rrdp)
                out.object(one.uri, [&] {
                    out.raw("status", one.status);
                    out.raw("duration", seconds_or(one.duration, "null"));
                });
    });
    out.object("rrdp", [&] {
        for (const RepositoryMetrics& one : metrics.repositories)
            if (one.rrdp) out.object(one.uri, [&] { add_rrdp(out, one); });
    });
    out.object("rtr", [&] {
        out.raw("currentConnections", metrics.rtr_connections);
        out.raw("bytesRead", metrics.rtr_octets_read);
        out.raw("bytesWritten", metrics.rtr_octets_written);
    });
    out.object("http", [&] {
        out.raw("totalConnections", metrics.http_connections);
        out.raw("currentConnections", metrics.http_open);
        out.raw("requests", metrics.http_requests);
        out.raw("bytesRead", metrics.http_octets_read);
        out.raw("bytesWritten", metrics.http_octets_written);
    });
    text += "\n}\n";
    return text;
}

std::string status_text(const RpkiMetrics& metrics) {
    const PublicationCounts& counts = *metrics.counts;
    std::string text;
    const auto line = [&]<class... Parts>(fmt::format_string<Parts...> format, Parts&&... parts) {
        fmt::format_to(std::back_inserter(text), format, std::forward<Parts>(parts)...);
        text += '\n';
    };
    const auto per_tal = [&](std::string_view name, auto value) {
        text += name;
        text += ": ";
        for (const PublicationMetrics& of : counts.anchors)
            fmt::format_to(std::back_inserter(text), "{}={} ", of.name, value(of));
        text += '\n';
    };
    using P = PublicationMetrics;
    const PayloadCount vrps = counts.all.vrps();
    line("version: {}", metrics.version);
    line("serial: {}", metrics.serial);
    line("last-update-start-at:  {}", format_time(metrics.update_began));
    line("last-update-start-ago: {}s", milliseconds_text(metrics.now - metrics.update_began));
    line("last-update-done-at:   {}", metrics.update_ended ? format_time(*metrics.update_ended) : "-");
    line("last-update-done-ago:  {}",
         metrics.update_ended ? milliseconds_text(metrics.now - *metrics.update_ended) + "s" : "-");
    line("last-update-duration:  {}", metrics.update_took ? milliseconds_text(*metrics.update_took) + "s" : "-");
    line("valid-roas: {}", counts.all.roas_valid);
    per_tal("valid-roas-per-tal", [](const P& of) { return of.roas_valid; });
    line("vrps: {}", vrps.valid);
    per_tal("vrps-per-tal", [](const P& of) { return of.vrps().valid; });
    line("locally-filtered-vrps: {}", vrps.filtered);
    per_tal("locally-filtered-vrps-per-tal", [](const P& of) { return of.vrps().filtered; });
    per_tal("duplicate-vrps-per-tal", [](const P& of) { return of.vrps().duplicate; });
    line("locally-added-vrps: {}", counts.local.vrps().contributed);
    line("final-vrps: {}", vrps.contributed);
    per_tal("final-vrps-per-tal", [](const P& of) { return of.vrps().contributed; });
    line("stale-count: {}", counts.all.stale());
    line("rsync-durations:");
    for (const RepositoryMetrics& one : metrics.repositories)
        if (!one.rrdp)
            line("   {}: status={}{}", one.uri, one.status,
                 one.duration ? ", duration=" + milliseconds_text(*one.duration) + "s" : "");
    line("rrdp-durations:");
    for (const RepositoryMetrics& one : metrics.repositories)
        if (one.rrdp)
            line("   {}: status={}, notification-status={}, payload-status={}{}{}", one.uri, one.status, one.status,
                 one.payload_status, one.duration ? ", duration=" + milliseconds_text(*one.duration) + "s" : "",
                 one.serial ? fmt::format(", serial={}", *one.serial) : "");
    line("rtr-connections: {} current", metrics.rtr_connections);
    line("rtr-data: {} bytes sent, {} bytes received", metrics.rtr_octets_written, metrics.rtr_octets_read);
    line("http-connections: {} current, {} total", metrics.http_open, metrics.http_connections);
    line("http-data: {} bytes sent, {} bytes received", metrics.http_octets_written, metrics.http_octets_read);
    line("http-requests: {} ", metrics.http_requests);
    return text;
}

}  // namespace quipu::rpki
