#pragma once
// NMWG messages in SOAP 1.1, as perfSONAR MDM's clients send them to a HADES archive and read its answers: EchoRequest,
// MetadataKeyRequest (which pairs are there) and SetupDataRequest (the figures of one). OGF GFD-R.020 gives the
// elements; HADES' names of attributes are those that perfSONAR MDM's clients read.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace quipu::exchange {

enum class NmwgType : std::uint8_t { echo, metadata_key, setup_data };

/// A <data> of the request with what the chain of its metadata says.
struct NmwgTrigger {
    std::string id;        ///< of the <data>
    std::string metadata;  ///< id of the metadata that it names
    std::string event_type;
    std::string from, to;              ///< parameters sender and receiver, or src and dst of the subject; may be empty
    std::optional<Time> since, until;  ///< startTime and endTime, seconds since 1970
    std::optional<std::int64_t> resolution_s;
};

struct NmwgRequest {
    NmwgType type = NmwgType::echo;
    std::string id;
    std::vector<NmwgTrigger> triggers;
};

/// At most 64 KiB, 100 metadata and 100 data. An error's `where` is the id of the metadata or "message".
[[nodiscard]] Result<NmwgRequest> parse_nmwg(std::string_view text);

/// A pair that can be asked for.
struct HadesPair {
    std::string from, to;
};

/// A minute as HADES shows it; delays in seconds. What is not known is left out.
struct HadesDatum {
    Time time{};
    std::optional<double> min_delay, med_delay, max_delay;
    std::optional<double> med_ipdv_jitter;
    std::int64_t loss = 0, duplicates = 0, out_of_order = 0;
    bool sync = false;     ///< both clocks followed something, and neither was wrong
    std::string routeref;  ///< the path's identifier
};

struct NmwgData {
    const NmwgTrigger* trigger = nullptr;
    std::vector<HadesPair> pairs;    ///< of a MetadataKeyResponse
    std::vector<HadesDatum> datums;  ///< of a SetupDataResponse
    std::string error, message;      ///< "error.ma.parameters" and its text; "success.echo"
};

/// The whole answer in its envelope.
[[nodiscard]] std::string write_nmwg(const NmwgRequest& request, const std::vector<NmwgData>& data);
/// What cannot be read as a request is answered with this.
[[nodiscard]] std::string write_nmwg_error(std::string_view code, const Error& error);

}  // namespace quipu::exchange
