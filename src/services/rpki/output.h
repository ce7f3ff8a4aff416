#pragma once
// The validated payloads as text for routers, scripts and people; the shapes are those that Routinator's users know.

#include <optional>

#include "base/time.h"
#include "services/rpki/payloads.h"
#include "services/rpki/sink.h"

namespace quipu::rpki {

enum class Format : std::uint8_t {
    json,
    jsonext,
    csv,
    csvcompat,
    csvext,
    openbgpd,
    bird1,
    bird2,
    rpsl,
    slurm,
    slurm2,
    summary,
};
inline constexpr std::size_t kFormatCount = 12;
/// Each by its name, which is also its path in Routinator.
[[nodiscard]] std::span<const std::pair<std::string_view, Format>, kFormatCount> formats();
[[nodiscard]] std::optional<Format> format_of(std::string_view name);
/// "json, jsonext, …" for messages.
[[nodiscard]] std::string format_names();

/// Whether what is written hangs on more than the payloads: on their objects, of which jsonext, csvext and summary
/// tell.
[[nodiscard]] bool tells_objects(Format format);
/// `found` is what the run found that gave the payloads: it knows the objects that they come from. What has no object
/// is of a local exception. Without it the formats that tell of objects know no sources.
void write_payloads(const AnchoredPayloads& payloads, const Outcomes* found, std::int64_t time, Format format,
                    const Selection& selection, const Sink& sink);
/// All that a run found.
void write_payloads(const Validator& validator, std::span<const TrustAnchorLocator> locators, std::int64_t time,
                    Format format, const Sink& sink);

/// One line for each object: path, verdict, reason, section, detail, chain. `others` are objects that no valid manifest
/// led to: they are refused as not listed. Sorted by path.
void write_verdicts(const Validator& validator, const std::vector<std::string>& others, const Sink& sink);

}  // namespace quipu::rpki
