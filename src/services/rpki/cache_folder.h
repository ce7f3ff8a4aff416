#pragma once
// An rsync-style cache: HOST/path/… under one folder, as rsync, rpki-client and archives of the global RPKI leave it.

#include "base/result.h"
#include "services/rpki/engine_point.h"

namespace quipu::rpki {

class CacheFolder final : public Objects {
  public:
    static Result<std::unique_ptr<CacheFolder>> open(std::string folder);
    ~CacheFolder() override;

    [[nodiscard]] ReadOutcome read(std::string_view uri, std::size_t limit,
                                   std::vector<std::uint8_t>& out) const override;
    /// Every object in it, "rsync://HOST/path", in no order.
    [[nodiscard]] std::vector<std::string> all() const;
    /// Where trust anchors' certificates are looked for as well: ta/NAME/FILE, the way of rpki-client.
    void set_locators(std::span<const TrustAnchorLocator> locators);

  private:
    CacheFolder(std::string folder, int descriptor) : folder_(std::move(folder)), descriptor_(descriptor) {}
    [[nodiscard]] ReadOutcome read_path(const char* path, std::size_t limit, std::vector<std::uint8_t>& out) const;

    std::string folder_;
    int descriptor_;
    std::map<std::string, std::string, std::less<>> anchors_;  // address to ta/NAME/FILE
};

/// All *.tal files of a folder, in the order of their names; or one file.
[[nodiscard]] Result<std::vector<TrustAnchorLocator>> read_tals(const std::string& path);

}  // namespace quipu::rpki
