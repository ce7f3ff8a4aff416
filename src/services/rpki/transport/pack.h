#pragma once
// Many small values in one file, found by key: written at its end only, and valid up to the last commit. What a crash
// or a loss of power left behind it is cut off when the file is opened, so that a state is there whole or not at all.
// docs/decisions/028-fetched-objects-in-packs.md
//
//     file    = "QPACK1\0\0" record*
//     record  = kind u8, flags u8, key size u16, body size u32, body check u32, head check u32, key, body
//
// Checks are CRC-32; the head's begins with the record's place, so that no old record passes in a new place. A put's
// body has none: whoever reads a signed object compares digests anyway, and a commit is written once what it covers has
// reached the disk.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::rpki {

/// One writer; readers in several threads see the last commit.
class Pack {
  public:
    /// Opens or creates; `corrupt` if it is no pack.
    static Result<std::unique_ptr<Pack>> open(const std::string& path);
    /// An empty one in the place of whatever is there.
    static Result<std::unique_ptr<Pack>> create(const std::string& path);
    ~Pack();
    Pack(const Pack&) = delete;
    Pack& operator=(const Pack&) = delete;

    struct Found {
        std::uint8_t flags = 0;
        std::uint32_t size = 0;  ///< of the whole body
    };
    /// Appends up to `limit` octets of the body to `out`.
    [[nodiscard]] std::optional<Found> read(std::string_view key, std::size_t limit,
                                            std::vector<std::uint8_t>& out) const;
    [[nodiscard]] bool contains(std::string_view key) const;
    [[nodiscard]] std::size_t size() const;
    /// Octets of the file.
    [[nodiscard]] std::uint64_t octets() const;
    /// In the file's order.
    [[nodiscard]] Result<void> for_each(
        const std::function<Result<void>(std::string_view key, const Found& found)>& each) const;

    /// Seen by nobody before the commit. Keys are at most 65,535 octets.
    [[nodiscard]] Result<void> put(std::string_view key, ByteSpan body, std::uint8_t flags = 0);
    [[nodiscard]] Result<void> erase(std::string_view key);
    /// All since the last commit stands, on the disk too, with a note of the caller's.
    [[nodiscard]] Result<void> commit(ByteSpan note);
    void rollback();
    /// That of the last commit.
    [[nodiscard]] const std::vector<std::uint8_t>& note() const { return note_; }

    /// More than half of the file is dead, and it is worth the work.
    [[nodiscard]] bool is_wasteful() const;
    /// Writes what lives, and `keep` wants, to a new file, which takes this one's place.
    [[nodiscard]] Result<void> compact(const std::function<bool(std::string_view key)>& keep = {});
    /// Moves to another place, where whatever stood is replaced at once.
    [[nodiscard]] Result<void> move_to(const std::string& path);

  private:
    struct Slot {
        std::uint64_t hash = 0;
        std::uint64_t at = 0;  ///< of the record; 0: empty
    };
    struct Head;
    struct Pending {
        std::uint64_t hash;
        std::uint64_t at;
        std::uint64_t octets;
        bool erase;
    };

    Pack(std::string path, int file);
    [[nodiscard]] Result<void> recover();
    [[nodiscard]] Result<void> append(std::uint8_t kind, std::uint8_t flags, std::string_view key, ByteSpan body,
                                      std::uint32_t body_check);
    [[nodiscard]] Result<void> flush();
    void settle(const Pending& change);
    [[nodiscard]] std::size_t find(std::uint64_t hash, std::string_view key) const;
    [[nodiscard]] bool has_hash(std::uint64_t hash) const;
    [[nodiscard]] std::size_t empty_slot(std::uint64_t hash) const;
    void insert(Slot slot);
    void remove(std::size_t index);
    void grow();
    [[nodiscard]] bool is_key_at(std::uint64_t at, std::string_view key) const;
    [[nodiscard]] std::string key_at(std::uint64_t at) const;

    std::string path_;
    int file_;
    std::uint64_t committed_ = 0;  ///< octets up to the last commit's end
    std::uint64_t end_ = 0;        ///< with what is in `buffer_`
    std::uint64_t live_ = 0;       ///< octets of records that count
    std::vector<std::uint8_t> buffer_;
    std::vector<Pending> pending_;
    std::vector<std::uint8_t> note_;

    mutable std::shared_mutex mutex_;  ///< of slots and file
    std::vector<Slot> slots_;          // open addressing, a power of two
    std::size_t count_ = 0;
};

}  // namespace quipu::rpki
