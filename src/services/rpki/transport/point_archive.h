#pragma once
// The last valid version of each publication point on disk (RFC 9286 §6.6). What was saved since the last flush is lost
// by a crash, and then the version before it stands; a half-written one never does.

#include <mutex>

#include "services/rpki/engine_point.h"
#include "services/rpki/transport/pack.h"

namespace quipu::rpki {

class PackArchive final : public PointArchive {
  public:
    static Result<std::unique_ptr<PackArchive>> open(const std::string& path);

    [[nodiscard]] std::optional<Last> last(std::string_view manifest_uri) const override;
    [[nodiscard]] std::optional<StoredPoint> load(std::string_view manifest_uri) const override;
    void save(std::string_view manifest_uri, const Last& last, StoredPoint point) override;

    /// After a run: what it saved stands from here on, for readers and on the disk. Points whose manifest is stale
    /// since before `stale_before` may be left out. An error is that of the first save that failed, too.
    [[nodiscard]] Result<void> flush(std::int64_t stale_before);
    [[nodiscard]] std::size_t size() const { return pack_->size(); }
    [[nodiscard]] std::uint64_t octets() const { return pack_->octets(); }

  private:
    explicit PackArchive(std::unique_ptr<Pack> pack) : pack_(std::move(pack)) {}

    std::unique_ptr<Pack> pack_;
    mutable std::mutex mutex_;  ///< of the writer's side
    std::optional<Error> error_;
    bool dirty_ = false;
};

}  // namespace quipu::rpki
