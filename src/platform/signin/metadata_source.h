#pragma once
// Where a federation's metadata comes from: a file or an address, with the certificate that signs it. What was good
// last is kept in the data folder, so that a federation that is away for a day keeps nobody out.

#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "platform/signin/saml_metadata.h"

namespace quipu::signin {

/// [[signin.metadata]].
struct MetadataSettings {
    std::string name, url, file, certificate;
    std::int64_t refresh_minutes = 60;
    static constexpr auto describe() {
        using T = MetadataSettings;
        return fields(
            field<&T::name>("name", "Short name, in messages and file names").required().pattern(kSlug),
            field<&T::url>("url", "Address that it is fetched from"),
            field<&T::file>("file", "Or the file that it is in"),
            field<&T::certificate>(
                "certificate", "File with the certificate that signs it (PEM). Only a file of your own may go without"),
            field<&T::refresh_minutes>("refresh_minutes", "How often it is looked at again").between(1, 10080));
    }
};

class MetadataSource {
  public:
    /// `folder` holds the last good copy; `trust` is PEM of the authorities for https.
    static Result<MetadataSource> open(MetadataSettings settings, std::string folder, std::string trust);

    /// Reads the file or fetches the address, verifies, and keeps a copy. Blocks. An unchanged answer is read no more
    /// than once: nothing then.
    [[nodiscard]] Result<std::optional<Aggregate>> refresh(Time now);
    /// The copy that was good last, verified again.
    [[nodiscard]] Result<Aggregate> last_good(Time now) const;
    [[nodiscard]] const MetadataSettings& settings() const { return settings_; }

  private:
    MetadataSource(MetadataSettings settings, std::string folder, std::string trust)
        : settings_(std::move(settings)), folder_(std::move(folder)), trust_(std::move(trust)) {}
    [[nodiscard]] std::string copy_path() const;
    [[nodiscard]] Result<std::optional<std::string>> text();

    MetadataSettings settings_;
    std::string folder_, trust_;
    std::vector<VerifyingKey> keys_;
    std::string etag_, seen_;  ///< of the answer that was good last
};

/// The whole of a file.
[[nodiscard]] Result<std::string> read_whole_file(const std::string& path);
/// GET or POST by an address as people write it, with or without a port. Blocks.
struct Fetched {
    int status = 0;
    std::string body, etag;
};
struct FetchHeader {
    std::string name, value;
};
[[nodiscard]] Result<Fetched> fetch_address(std::string_view address, const std::vector<FetchHeader>& headers,
                                            std::string_view form, const std::string& trust, std::size_t most_octets);

}  // namespace quipu::signin
