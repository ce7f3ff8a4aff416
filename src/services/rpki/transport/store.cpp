#include "services/rpki/transport/store.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <mutex>
#include <sstream>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "services/rpki/transport/origin.h"

namespace quipu::rpki {
namespace {

constexpr LogEvent kCopyDamaged{LogLevel::warning, "RPKI_COPY_DAMAGED",
                                "What was fetched of a repository is damaged: it is fetched anew",
                                "Look at the disk if this happens again."};

constexpr std::uint8_t kTooLarge = 1;  // the record holds only the object's digest
constexpr std::uint8_t kStateVersion = 1;

ReadOutcome read_pack(const Pack& pack, std::string_view uri, std::size_t limit, std::vector<std::uint8_t>& out) {
    const std::size_t before = out.size();
    const auto found = pack.read(uri, limit, out);
    if (!found) return ReadOutcome::missing;
    if ((found->flags & kTooLarge) == 0 && found->size <= limit) return ReadOutcome::read;
    out.resize(before);
    return ReadOutcome::too_large;
}

Result<void> make_folder(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_errno(error.value(), "making a folder", folder);
    return {};
}

}  // namespace

// ---- the state of a copy

std::vector<std::uint8_t> write_state(const RrdpState& state) {
    ByteWriter out;
    out.u8(kStateVersion);
    out.text(state.session);
    out.u64(state.serial);
    out.text(state.etag);
    out.text(state.last_modified);
    for (const RrdpState::Delta& delta : state.deltas) {
        out.u64(delta.serial);
        out.bytes(delta.hash);
    }
    return out.take();
}

Result<RrdpState> parse_state(ByteSpan bytes) {
    ByteReader in(bytes);
    RrdpState out;
    if (in.u8() != kStateVersion) in.fail_here();
    out.session = in.text();
    out.serial = in.u64();
    out.etag = in.text();
    out.last_modified = in.text();
    while (in.ok() && !in.at_end()) {
        RrdpState::Delta& delta = out.deltas.emplace_back();
        delta.serial = in.u64();
        std::ranges::copy(in.bytes(delta.hash.size()), delta.hash.begin());
    }
    TRY(in.finish("the state of an RRDP copy"));
    return out;
}

// ---- one RRDP repository

Result<std::unique_ptr<RrdpCopy>> RrdpCopy::open(std::string path) {
    auto pack = Pack::open(path);
    if (!pack && pack.error().code == ErrorCode::corrupt) {
        log(kCopyDamaged, {{"file", path}});
        pack = Pack::create(path);
    }
    if (!pack) return std::unexpected(std::move(pack.error()));
    return std::unique_ptr<RrdpCopy>(new RrdpCopy(std::move(path), std::move(*pack)));
}

ReadOutcome RrdpCopy::read(std::string_view uri, std::size_t limit, std::vector<std::uint8_t>& out) const {
    const std::shared_lock lock(mutex_);
    return read_pack(*pack_, uri, limit, out);
}

std::size_t RrdpCopy::size() const {
    const std::shared_lock lock(mutex_);
    return pack_->size();
}

std::uint64_t RrdpCopy::octets() const {
    const std::shared_lock lock(mutex_);
    return pack_->octets();
}

std::optional<RrdpState> RrdpCopy::state() const {
    const std::shared_lock lock(mutex_);
    auto state = parse_state(pack_->note());
    if (!state) return std::nullopt;
    return std::move(*state);
}

Result<Folders> RrdpCopy::folders() const {
    const std::shared_lock lock(mutex_);
    Folders out;
    TRY(pack_->for_each([&](std::string_view uri, const Pack::Found&) -> Result<void> {
        out.emplace(folder_of(uri));
        return {};
    }));
    return out;
}

std::unique_ptr<RrdpCopy::Change> RrdpCopy::begin_delta() {
    return std::make_unique<Change>(*this, nullptr);
}

Result<std::unique_ptr<RrdpCopy::Change>> RrdpCopy::begin_snapshot() {
    return std::make_unique<Change>(*this, TRY(Pack::create(path_ + ".snapshot")));
}

Result<void> RrdpCopy::note(const RrdpState& state) {
    const auto octets = write_state(state);
    if (octets == pack_->note()) return {};
    return pack_->commit(octets);
}

RrdpCopy::Change::~Change() {
    if (done_) return;
    if (!fresh_) {
        copy_.pack_->rollback();
        return;
    }
    std::error_code ignored;
    std::filesystem::remove(copy_.path_ + ".snapshot", ignored);
}

Result<std::optional<Sha256>> RrdpCopy::Change::digest_of(std::string_view uri) const {
    std::vector<std::uint8_t> octets;
    const auto found = copy_.pack_->read(uri, SIZE_MAX, octets);
    if (!found) return std::nullopt;
    if ((found->flags & kTooLarge) == 0) return sha256(octets);
    Sha256 out{};
    if (octets.size() != out.size()) return fail(ErrorCode::corrupt, "the copy is damaged", std::string(uri));
    std::ranges::copy(octets, out.begin());
    return out;
}

Result<void> RrdpCopy::Change::publish(std::string_view uri, const Sha256* replaces, ByteSpan object, bool too_large) {
    const std::uint8_t flags = too_large ? kTooLarge : 0;
    if (fresh_) {
        octets_.clear();
        const auto before = copy_.pack_->read(uri, object.size() + 1, octets_);
        if (!before || before->flags != flags || !std::ranges::equal(octets_, object)) touched_.emplace(folder_of(uri));
        return fresh_->put(uri, object, flags);
    }
    const std::optional<Sha256> before = TRY(digest_of(uri));
    if (replaces == nullptr && before)
        return fail(ErrorCode::conflict, "is published anew, but is there already", std::string(uri));
    if (replaces != nullptr && before != *replaces)
        return fail(ErrorCode::conflict,
                    before ? "has another hash than the one that is replaced" : "is replaced, but is not there",
                    std::string(uri));
    touched_.emplace(folder_of(uri));
    return copy_.pack_->put(uri, object, flags);
}

Result<void> RrdpCopy::Change::withdraw(std::string_view uri, const Sha256& hash) {
    const std::optional<Sha256> before = TRY(digest_of(uri));
    if (before != hash)
        return fail(ErrorCode::conflict,
                    before ? "has another hash than the one that is withdrawn" : "is withdrawn, but is not there",
                    std::string(uri));
    touched_.emplace(folder_of(uri));
    return copy_.pack_->erase(uri);
}

Result<void> RrdpCopy::Change::commit(const RrdpState& state, Folders& changed) {
    if (!fresh_) {
        TRY(copy_.pack_->commit(write_state(state)));
        done_ = true;
        changed.merge(touched_);
        if (copy_.pack_->is_wasteful()) TRY(copy_.pack_->compact());
        return {};
    }
    TRY(fresh_->commit(write_state(state)));
    TRY(copy_.pack_->for_each([&](std::string_view uri, const Pack::Found&) -> Result<void> {
        if (!fresh_->contains(uri)) touched_.emplace(folder_of(uri));
        return {};
    }));
    TRY(fresh_->move_to(copy_.path_));
    const std::unique_lock lock(copy_.mutex_);
    copy_.pack_ = std::move(fresh_);
    done_ = true;
    changed.merge(touched_);
    return {};
}

// ---- everything

Store::Store(std::string folder, int lock, std::unique_ptr<Pack> anchors, std::unique_ptr<CacheFolder> rsync)
    : folder_(std::move(folder)), lock_(lock), anchors_(std::move(anchors)), rsync_(std::move(rsync)) {}

Store::~Store() {
    ::close(lock_);
}

Result<std::unique_ptr<Store>> Store::open(std::string folder) {
    TRY(make_folder(folder + "/rrdp"));
    TRY(make_folder(folder + "/rsync"));
    const std::string lock_path = folder + "/lock";
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (lock < 0) return fail_errno(errno, "opening the store", lock_path);
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock);
        return fail(ErrorCode::conflict, "another process holds the store of fetched objects", folder,
                    "stop it, or name another folder");
    }
    auto anchors = Pack::open(folder + "/anchors.pack");
    auto rsync = CacheFolder::open(folder + "/rsync");
    if (!anchors || !rsync) {
        ::close(lock);
        return std::unexpected(anchors ? std::move(rsync.error()) : std::move(anchors.error()));
    }
    std::unique_ptr<Store> out(new Store(std::move(folder), lock, std::move(*anchors), std::move(*rsync)));
    for (const RepositoryStatus& status : out->load_statuses()) {
        if (status.way == Way::none || !status.source.starts_with("https://")) continue;
        if (status.way == Way::rrdp) TRY(out->rrdp(status.source));
        out->set_way(status.source, status.way);
    }
    return out;
}

ReadOutcome Store::read(std::string_view uri, std::size_t limit, std::vector<std::uint8_t>& out) const {
    const ReadOutcome anchor = read_pack(*anchors_, uri, limit, out);
    return anchor == ReadOutcome::missing ? rsync_->read(uri, limit, out) : anchor;
}

const Objects& Store::of(std::string_view notification) const {
    if (notification.empty()) return *rsync_;
    const Objects* copy = copies_.with([&](const auto& copies) -> const Objects* {
        const auto found = copies.find(notification);
        return found != copies.end() && found->second.way == Way::rrdp ? found->second.copy.get() : nullptr;
    });
    return copy != nullptr ? *copy : *rsync_;
}

std::string Store::pack_of(const std::string& notification) const {
    const Sha256 digest = sha256(as_bytes(notification));
    std::string name;
    for (const char c : host_of(notification))
        name += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ? c : '.';
    return fmt::format("{}/rrdp/{}-{:02x}.pack", folder_, name.substr(0, 100),
                       fmt::join(std::span(digest).first(8), ""));
}

Result<RrdpCopy*> Store::rrdp(const std::string& notification) {
    RrdpCopy* known = copies_.with([&](auto& copies) { return copies[notification].copy.get(); });
    if (known != nullptr) return known;
    auto copy = TRY(RrdpCopy::open(pack_of(notification)));
    return copies_.with([&](auto& copies) {
        Copy& entry = copies[notification];
        if (!entry.copy) entry.copy = std::move(copy);
        return entry.copy.get();
    });
}

void Store::set_way(const std::string& notification, Way way) {
    copies_.with([&](auto& copies) {
        Copy& entry = copies[notification];
        if (way != Way::rrdp || entry.copy) entry.way = way;
    });
}

Result<void> Store::save_anchor(std::string_view uri, ByteSpan certificate) {
    const std::scoped_lock lock(anchors_mutex_);
    TRY(anchors_->put(uri, certificate));
    TRY(anchors_->commit({}));
    if (anchors_->is_wasteful()) TRY(anchors_->compact());
    return {};
}

Result<void> Store::forget(const std::string& source) {
    std::error_code error;
    std::string gone = pack_of(source);
    copies_.with([&](auto& copies) { copies.erase(source); });
    std::filesystem::remove(gone, error);
    if (!error && is_rsync_uri(source) && source == module_of(source)) {
        gone = rsync_folder() + source.substr(source.find("//") + 1);
        std::filesystem::remove_all(gone, error);
    }
    if (error) return fail_errno(error.value(), "removing what nobody names any more", gone);
    const std::scoped_lock lock(anchors_mutex_);
    if (!anchors_->contains(source)) return {};
    TRY(anchors_->erase(source));
    return anchors_->commit({});
}

std::vector<RepositoryStatus> Store::load_statuses() const {
    std::ifstream in(folder_ + "/repositories.json");
    std::ostringstream text;
    text << in.rdbuf();
    std::vector<RepositoryStatus> out;
    const auto value = parse_json(text.str());
    const Value::Array* rows = value ? value->if_array() : nullptr;
    if (rows == nullptr) return out;  // lost: what it said is found out again
    for (const Value& row : *rows)
        if (auto status = quipu::read<RepositoryStatus>(row)) out.push_back(std::move(*status));
    return out;
}

Result<void> Store::save_statuses(const std::vector<RepositoryStatus>& statuses) const {
    Value::Array rows;
    for (const RepositoryStatus& status : statuses)
        rows.push_back(to_value(status));
    const std::string text = to_json(Value(std::move(rows)));
    const std::string path = folder_ + "/repositories.json";
    const std::string fresh = path + ".new";
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (file < 0) return fail_errno(errno, "writing the repositories' state", fresh);
    const bool good =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
    const int error = errno;
    ::close(file);
    if (!good) return fail_errno(error, "writing the repositories' state", fresh);
    if (::rename(fresh.c_str(), path.c_str()) != 0) return fail_errno(errno, "writing the repositories' state", path);
    return {};
}

}  // namespace quipu::rpki
