#pragma once
// Attachments on disk: a file is named by the SHA-256 of its content, so that it is kept once and never changes. A file
// is durable before the row that names it is committed; one that no row names (a crash between the two) does no harm.

#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::desk {

class Files {
  public:
    /// `folder` is made if missing, for its user alone.
    static Result<Files> open(const std::string& folder);

    /// Keeps the octets; answers their SHA-256, hexadecimal.
    [[nodiscard]] Result<std::string> keep(std::string_view octets) const;
    /// `corrupt` when the content is not what its name says.
    [[nodiscard]] Result<std::string> read(std::string_view sha256) const;

  private:
    explicit Files(std::string folder) : folder_(std::move(folder)) {}
    [[nodiscard]] std::string path_of(std::string_view sha256) const;

    std::string folder_;
};

/// What a file is by its first octets: image/png, application/pdf, text/plain…; application/octet-stream if nothing is
/// known. HTML, SVG and scripts are text/plain: no browser is to run what somebody sent.
[[nodiscard]] std::string_view media_type_of(std::string_view octets);
/// A name that is safe to offer for download: no folders, no control characters, at most 200 octets.
[[nodiscard]] std::string safe_file_name(std::string_view name);

}  // namespace quipu::desk
