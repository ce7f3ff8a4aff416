// /services/MA/HADES: what perfSONAR MDM's clients ask a HADES archive for.

#include <fmt/format.h>

#include "platform/off_loop.h"
#include "services/measure/exchange/api.h"
#include "services/measure/exchange/codec_nmwg.h"
#include "services/measure/figures.h"
#include "services/measure/schedule.h"

namespace quipu::exchange {
namespace {

using platform::Call;
using platform::Document;
using platform::Permission;

constexpr std::size_t kMostDatums = 50'000;  // of one answer: five weeks of one pair's minutes
constexpr std::string_view kMediaType = "text/xml; charset=utf-8";

struct SoapBody {
    std::string body;
    static constexpr auto describe() {
        return fields(
            field<&SoapBody::body>("body", "An NMWG message in a SOAP 1.1 envelope").required().at_most_long(65'536));
    }
};

std::optional<double> seconds_of(const std::optional<std::int64_t>& microseconds) {
    if (!microseconds) return std::nullopt;
    return static_cast<double>(*microseconds) * 1e-6;
}

HadesDatum datum_of(Time time, const measure::Figures& figures) {
    HadesDatum out{.time = time,
                   .min_delay = seconds_of(figures.delay_min_us),
                   .med_delay = seconds_of(figures.delay_median_us),
                   .max_delay = seconds_of(figures.delay_max_us)};
    // Minutes keep the mean of |IPDV|, neither its least nor its largest.
    out.med_ipdv_jitter = seconds_of(figures.ipdv_us);
    out.loss = figures.lost;
    out.duplicates = figures.duplicated;
    out.out_of_order = figures.reordered;
    // Figures without delays are those of clocks that nothing synchronises.
    out.sync = figures.clock_fault.empty() &&
               (figures.received > 0 ? figures.delay_min_us.has_value() : figures.clock_error_us < 1'000'000);
    out.routeref = figures.path.value_or("");
    return out;
}

void refuse(NmwgData& out, std::string_view code, std::string message) {
    out.error = code;
    out.message = std::move(message);
}

Result<void> list_pairs(const Rooms& rooms, const NmwgTrigger& trigger, NmwgData& out) {
    for (const std::string& key : TRY(rooms.archive.keys(measure::kMinuteStream))) {
        const auto [from, to] = measure::ends_of(key);
        if ((trigger.from.empty() || trigger.from == from) && (trigger.to.empty() || trigger.to == to))
            out.pairs.push_back({.from = std::string(from), .to = std::string(to)});
    }
    return {};
}

Result<void> read_figures(const Rooms& rooms, const NmwgTrigger& trigger, NmwgData& out) {
    if (trigger.from.empty() || trigger.to.empty()) {
        refuse(out, "error.ma.parameters", "name a sender and a receiver, as a MetadataKeyRequest lists them");
        return {};
    }
    if (!trigger.since && !trigger.until) {
        refuse(out, "error.ma.parameters", "no timespan: give startTime and endTime in seconds since 1970");
        return {};
    }
    const Time until = trigger.until.value_or(rooms.clock.now());
    const Time since = trigger.since.value_or(until - std::chrono::days(1));
    const Nanoseconds step = std::chrono::seconds(std::max<std::int64_t>(trigger.resolution_s.value_or(60), 60));
    if (since > until) {
        refuse(out, "error.common.parse_error", "startTime is later than endTime");
        return {};
    }
    if ((until - since) / step >= static_cast<std::int64_t>(kMostDatums)) {
        refuse(out, "error.ma.parameters",
               fmt::format("an answer has at most {} datums; ask for less time", kMostDatums));
        return {};
    }
    const std::string key = measure::pair_key(trigger.from, trigger.to);
    std::vector<data::ArchiveRecord> records;
    if (step > measure::kMinute)
        records = TRY(measure::Rollup(rooms.archive, rooms.clock).steps(key, since, until, step));
    else
        records = TRY(rooms.archive.read(measure::kMinuteStream, key, since, until, kMostDatums));
    const auto figures = TRY(figures_of(rooms, key, records, step));
    for (std::size_t i = 0; i < records.size(); ++i)
        out.datums.push_back(datum_of(records[i].time, figures[i]));
    return {};
}

Result<std::string> answer(const Rooms& rooms, const NmwgRequest& request) {
    std::vector<NmwgData> data;
    for (const NmwgTrigger& trigger : request.triggers) {
        NmwgData& out = data.emplace_back();
        out.trigger = &trigger;
        switch (request.type) {
            case NmwgType::echo: refuse(out, "success.echo", "This is the echo response from " + rooms.network); break;
            case NmwgType::metadata_key: TRY(list_pairs(rooms, trigger, out)); break;
            case NmwgType::setup_data: TRY(read_figures(rooms, trigger, out)); break;
        }
    }
    return write_nmwg(request, data);
}

/// What is wrong with a message is told in a message: clients look at nothing else.
Task<Result<Document>> take(const Rooms& rooms, SoapBody query) {
    const auto request = parse_nmwg(query.body);
    if (!request) {
        const bool unsupported = request.error().code == ErrorCode::unsupported;
        co_return Document{
            write_nmwg_error(unsupported ? "error.common.action_not_supported" : "error.common.parse_error",
                             request.error()),
            std::string(kMediaType)};
    }
    co_return Document {
        CO_TRY(co_await platform::off_loop([&] { return answer(rooms, *request); }))
        , std::string(kMediaType)
    };
}

}  // namespace

void add_nmwg_route(platform::Api& api, const Rooms& rooms) {
    api.post<SoapBody, Document>({.path = "/services/MA/HADES",
                                  .summary = "A HADES archive for perfSONAR MDM's clients: NMWG in SOAP",
                                  .tag = "measure",
                                  .permission = Permission::see_public,
                                  .media_type = "text/xml"},
                                 [rooms](const Call&, SoapBody query) { return take(rooms, std::move(query)); });
}

}  // namespace quipu::exchange
