#pragma once
// What the guard let pass last, kept over a restart: the first validation of a new life must not pass unseen.

#include <memory>
#include <optional>
#include <string>

#include "services/rpki/origin/guard.h"
#include "services/rpki/transport/pack.h"

namespace quipu::rpki {

struct ServedBefore {
    AnchoredPayloads served;
    std::optional<HeldChange> held;
    std::int64_t last_id = 0;  ///< of the changes that were ever held
};

[[nodiscard]] std::vector<std::uint8_t> write_served(const AnchoredPayloads& served,
                                                     const std::optional<HeldChange>& held, std::int64_t last_id = 0);
/// `corrupt` for what write_served did not make.
[[nodiscard]] Result<ServedBefore> parse_served(ByteSpan octets);

class ServedFile {
  public:
    static Result<ServedFile> open(const std::string& path);
    /// On the disk when it returns; before that, what was kept last stands.
    [[nodiscard]] Result<void> keep(const AnchoredPayloads& served, const std::optional<HeldChange>& held,
                                    std::int64_t last_id);
    /// Nothing if nothing was ever kept.
    [[nodiscard]] Result<std::optional<ServedBefore>> load() const;

  private:
    explicit ServedFile(std::unique_ptr<Pack> pack) : pack_(std::move(pack)) {}
    std::unique_ptr<Pack> pack_;
};

}  // namespace quipu::rpki
