#pragma once
// Attachments on disk: a file is named by the SHA-256 of its content, so that it is kept once and never changes. It is
// written and synced before the transaction whose row names it, which so waits for no disk but its own; one that no row
// names in the end (a refusal, a crash between the two) does no harm and is swept.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/units.h"
#include "data/database.h"

namespace quipu::desk {

/// A file that is durable, and that no row names yet.
struct KeptFile {
    std::string name;  ///< safe to offer for download
    std::string media_type;
    ByteCount size;
    std::string sha256;  ///< hexadecimal
};

class Files {
  public:
    /// `folder` is made if missing, for its user alone.
    static Result<Files> open(const std::string& folder);

    /// Keeps the octets, durably. Not within a transaction: it waits for the disk. What no row names within a day is
    /// swept.
    [[nodiscard]] Result<KeptFile> keep(std::string_view name, std::string_view octets) const;
    /// `corrupt` when the content is not what its name says.
    [[nodiscard]] Result<std::string> read(std::string_view sha256) const;

    /// Removes what was kept more than a day before `now` and is not named by a row, as `is_named` answers; how many.
    [[nodiscard]] Result<std::size_t> sweep(const std::function<Result<bool>(std::string_view sha256)>& is_named,
                                            Time now) const;
    /// The same where a database is asked.
    [[nodiscard]] Result<std::size_t> sweep(data::Database& database,
                                            Result<bool> (&is_named)(data::Transaction& transaction,
                                                                     std::string_view sha256),
                                            Time now) const;

  private:
    explicit Files(std::string folder) : folder_(std::move(folder)) {}
    [[nodiscard]] std::string path_of(std::string_view sha256) const;
    /// Whether the content is there already; then it counts as kept now.
    [[nodiscard]] bool renew(const std::string& path) const;

    std::string folder_;
    /// Between looking how old a file is and removing it nobody keeps the same content again.
    std::shared_ptr<std::mutex> sweeping_ = std::make_shared<std::mutex>();
};

/// What a file is by its first octets: image/png, application/pdf, text/plain…; application/octet-stream if nothing is
/// known. HTML, SVG and scripts are text/plain: no browser is to run what somebody sent.
[[nodiscard]] std::string_view media_type_of(std::string_view octets);
/// A name that is safe to offer for download: no folders, no control characters, at most 200 octets.
[[nodiscard]] std::string safe_file_name(std::string_view name);

}  // namespace quipu::desk
