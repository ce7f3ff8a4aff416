#pragma once
// Everything that was fetched, under one folder that one process holds:
//
//     anchors.pack       trust anchors' certificates, by their address
//     rrdp/NAME.pack     one RRDP repository each, with its session and serial in the commit
//     rsync/HOST/…       what rsync left
//     repositories.json  RepositoryStatus of each, written after a round
//
// An RRDP repository's objects are seen by those authorities alone that name its notification file: what one publisher
// puts into its files cannot take the place of another's.

#include <map>
#include <mutex>

#include "base/guarded.h"
#include "services/rpki/cache_folder.h"
#include "services/rpki/engine.h"
#include "services/rpki/transport/pack.h"
#include "services/rpki/transport/repository_status.h"

namespace quipu::rpki {

/// What RRDP must remember of the copy: in the commit of its pack.
struct RrdpState {
    std::string session;
    std::uint64_t serial = 0;
    std::string etag;
    std::string last_modified;
    struct Delta {
        std::uint64_t serial = 0;
        Sha256 hash{};
    };
    std::vector<Delta> deltas;  ///< that the last notification file listed: RFC 9697
};
[[nodiscard]] std::vector<std::uint8_t> write_state(const RrdpState& state);
[[nodiscard]] Result<RrdpState> parse_state(ByteSpan bytes);

using Folders = std::set<std::string, std::less<>>;

/// A copy of one RRDP repository.
class RrdpCopy final : public Objects {
  public:
    static Result<std::unique_ptr<RrdpCopy>> open(std::string path);
    [[nodiscard]] ReadOutcome read(std::string_view uri, std::size_t limit,
                                   std::vector<std::uint8_t>& out) const override;
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::uint64_t octets() const;
    [[nodiscard]] std::optional<RrdpState> state() const;  ///< none before the first commit
    [[nodiscard]] Result<Folders> folders() const;

    /// A new state in the making: from the one that stands (delta) or from nothing (snapshot). Left without commit, it
    /// never was.
    class Change {
      public:
        Change(RrdpCopy& copy, std::unique_ptr<Pack> fresh) : copy_(copy), fresh_(std::move(fresh)) {}
        ~Change();
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;
        /// RFC 8182 §3.5.3.3: `replaces` must be the digest of what is there, and without it nothing may be there.
        [[nodiscard]] Result<void> publish(std::string_view uri, const Sha256* replaces, ByteSpan object,
                                           bool too_large);
        [[nodiscard]] Result<void> withdraw(std::string_view uri, const Sha256& hash);
        /// Adds the folders whose objects changed.
        [[nodiscard]] Result<void> commit(const RrdpState& state, Folders& changed);

      private:
        [[nodiscard]] Result<std::optional<Sha256>> digest_of(std::string_view uri) const;
        RrdpCopy& copy_;
        std::unique_ptr<Pack> fresh_;  // of a snapshot
        Folders touched_;
        std::vector<std::uint8_t> octets_;
        bool done_ = false;
    };
    [[nodiscard]] std::unique_ptr<Change> begin_delta();
    [[nodiscard]] Result<std::unique_ptr<Change>> begin_snapshot();
    /// Notes what a notification file said when no object changed.
    [[nodiscard]] Result<void> note(const RrdpState& state);

  private:
    RrdpCopy(std::string path, std::unique_ptr<Pack> pack) : path_(std::move(path)), pack_(std::move(pack)) {}
    std::string path_;
    mutable std::shared_mutex mutex_;  ///< of `pack_`, when a snapshot takes its place
    std::unique_ptr<Pack> pack_;
};

class Store final : public Objects {
  public:
    /// Makes the folder; `conflict` if another process holds it.
    static Result<std::unique_ptr<Store>> open(std::string folder);
    ~Store() override;

    /// Trust anchors' certificates by the address in the TAL; what rsync left, by theirs.
    [[nodiscard]] ReadOutcome read(std::string_view uri, std::size_t limit,
                                   std::vector<std::uint8_t>& out) const override;
    /// The copy by RRDP while that is the way that counts, else what rsync left.
    [[nodiscard]] const Objects& of(std::string_view notification) const override;

    /// The copy of a repository, empty if it is new. Its address stays valid until it is forgotten.
    [[nodiscard]] Result<RrdpCopy*> rrdp(const std::string& notification);
    void set_way(const std::string& notification, Way way);
    [[nodiscard]] Result<void> save_anchor(std::string_view uri, ByteSpan certificate);
    /// Removes what was fetched of "https://…/notification.xml", "rsync://HOST/MODULE/" or a trust anchor's address. It
    /// need not be there; nobody may be reading.
    [[nodiscard]] Result<void> forget(const std::string& source);
    [[nodiscard]] std::string rsync_folder() const { return folder_ + "/rsync"; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

    [[nodiscard]] std::vector<RepositoryStatus> load_statuses() const;
    [[nodiscard]] Result<void> save_statuses(const std::vector<RepositoryStatus>& statuses) const;

  private:
    struct Copy {
        std::unique_ptr<RrdpCopy> copy;
        Way way = Way::none;
    };
    Store(std::string folder, int lock, std::unique_ptr<Pack> anchors, std::unique_ptr<CacheFolder> rsync);

    [[nodiscard]] std::string pack_of(const std::string& notification) const;

    std::string folder_;
    int lock_;
    std::mutex anchors_mutex_;  ///< of its writer's side
    std::unique_ptr<Pack> anchors_;
    std::unique_ptr<CacheFolder> rsync_;
    Guarded<std::map<std::string, Copy, std::less<>>> copies_;
};

}  // namespace quipu::rpki
