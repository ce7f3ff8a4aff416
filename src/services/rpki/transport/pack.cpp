#include "services/rpki/transport/pack.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/random.h"

namespace quipu::rpki {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {'Q', 'P', 'A', 'C', 'K', '1', 0, 0};
constexpr std::size_t kHeadOctets = 16;
constexpr std::size_t kBuffer = 256 * 1024;
constexpr std::size_t kFirstRead = 4096;  // most objects of the RPKI fit with their head
constexpr std::uint64_t kWorthCompacting = std::uint64_t{16} << 20U;

constexpr std::uint8_t kPut = 1;
constexpr std::uint8_t kErase = 2;
constexpr std::uint8_t kCommit = 3;

/// Secret of this process, so that nobody can choose keys that meet in one place.
std::uint64_t hash_of(std::string_view key) {
    static const std::array<std::uint64_t, 2> secret = [] {
        Rng rng = Rng::from_system();
        return std::array{rng.next() | 1U, rng.next() | 1U};
    }();
    __extension__ using Wide = unsigned __int128;
    const auto fold = [](std::uint64_t a, std::uint64_t b) {
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
    };
    std::uint64_t out = secret[0] ^ key.size();
    for (std::size_t i = 0; i < key.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, key.data() + i, std::min<std::size_t>(8, key.size() - i));
        out = fold(out ^ word, secret[1]) + secret[0];
    }
    return fold(out, secret[0] ^ secret[1]);
}

std::uint32_t check_of(ByteSpan octets, std::uint64_t start = 0) {
    const auto seeded = ::crc32(0, reinterpret_cast<const Bytef*>(&start), sizeof start);
    // zlib starts anew when it is given no address, as an empty span may have none.
    return static_cast<std::uint32_t>(octets.empty() ? seeded : ::crc32_z(seeded, octets.data(), octets.size()));
}

bool read_at(int file, std::uint64_t at, std::span<std::uint8_t> into) {
    while (!into.empty()) {
        const ssize_t got = ::pread(file, into.data(), into.size(), static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        into = into.subspan(static_cast<std::size_t>(got));
        at += static_cast<std::uint64_t>(got);
    }
    return true;
}

/// As much as there is, up to the span's size.
std::size_t read_some_at(int file, std::uint64_t at, std::span<std::uint8_t> into) {
    for (;;) {
        const ssize_t got = ::pread(file, into.data(), into.size(), static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        return got < 0 ? 0 : static_cast<std::size_t>(got);
    }
}

Result<void> write_whole(int file, std::uint64_t at, ByteSpan octets, const std::string& path) {
    while (!octets.empty()) {
        const ssize_t put = ::pwrite(file, octets.data(), octets.size(), static_cast<off_t>(at));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return fail_errno(errno, "writing fetched objects", path);
        octets = octets.subspan(static_cast<std::size_t>(put));
        at += static_cast<std::uint64_t>(put);
    }
    return {};
}

Result<void> sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return fail_errno(errno, "opening a folder", folder);
    const bool synced = ::fsync(descriptor) == 0;
    const int error = errno;
    ::close(descriptor);
    if (!synced) return fail_errno(error, "writing a folder to the disk", folder);
    return {};
}

}  // namespace

struct Pack::Head {
    std::uint8_t kind = 0;
    std::uint8_t flags = 0;
    std::uint16_t key_size = 0;
    std::uint32_t size = 0;
    std::uint32_t body_check = 0;
    std::uint32_t head_check = 0;

    [[nodiscard]] std::uint64_t octets() const { return kHeadOctets + key_size + size; }

    static Head parse(ByteSpan octets) {
        ByteReader in(octets);
        Head out;
        out.kind = in.u8();
        out.flags = in.u8();
        out.key_size = in.u16();
        out.size = in.u32();
        out.body_check = in.u32();
        out.head_check = in.u32();
        return out;
    }
    [[nodiscard]] std::array<std::uint8_t, kHeadOctets> bytes() const {
        ByteWriter out(kHeadOctets);
        out.u8(kind);
        out.u8(flags);
        out.u16(key_size);
        out.u32(size);
        out.u32(body_check);
        out.u32(head_check);
        std::array<std::uint8_t, kHeadOctets> array{};
        std::ranges::copy(out.span(), array.begin());
        return array;
    }
    /// What head_check must be.
    [[nodiscard]] std::uint32_t expected(std::uint64_t at, std::string_view key) const {
        const auto head = bytes();
        const std::uint32_t first = check_of(ByteSpan(head).first(kHeadOctets - 4), at);
        if (key.empty()) return first;
        return static_cast<std::uint32_t>(::crc32_z(first, reinterpret_cast<const Bytef*>(key.data()), key.size()));
    }
};

Pack::Pack(std::string path, int file) : path_(std::move(path)), file_(file), slots_(64) {}

Pack::~Pack() {
    ::close(file_);
}

Result<std::unique_ptr<Pack>> Pack::open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (file < 0) return fail_errno(errno, "opening fetched objects", path);
    std::unique_ptr<Pack> out(new Pack(path, file));
    TRY(out->recover());
    return out;
}

Result<std::unique_ptr<Pack>> Pack::create(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (file < 0) return fail_errno(errno, "creating a file for fetched objects", path);
    std::unique_ptr<Pack> out(new Pack(path, file));
    TRY(out->recover());
    return out;
}

/// Reads heads and keys up to the last good commit, and cuts off the rest.
Result<void> Pack::recover() {
    struct stat about{};
    if (::fstat(file_, &about) != 0) return fail_errno(errno, "opening fetched objects", path_);
    const auto file_size = static_cast<std::uint64_t>(about.st_size);
    std::vector<std::uint8_t> octets(kHeadOctets + 65'536);
    if (file_size >= kMagic.size()) {
        if (!read_at(file_, 0, std::span(octets).first(kMagic.size())))
            return fail_errno(errno, "reading fetched objects", path_);
        if (!std::ranges::equal(std::span(octets).first(kMagic.size()), kMagic))
            return fail(ErrorCode::corrupt, "is not a file of fetched objects", path_,
                        "remove it: it is fetched again");
    } else {
        TRY(write_whole(file_, 0, kMagic, path_));
    }
    std::uint64_t at = kMagic.size();
    committed_ = at;
    while (at + kHeadOctets <= file_size) {
        std::size_t got = read_some_at(file_, at, std::span(octets).first(512));
        if (got < kHeadOctets) break;
        const Head head = Head::parse(octets);
        if (head.kind < kPut || head.kind > kCommit || head.octets() > file_size - at) break;
        if (kHeadOctets + head.key_size > got) {
            got = kHeadOctets + head.key_size;
            if (!read_at(file_, at, std::span(octets).first(got))) break;
        }
        const std::string_view key = as_text(ByteSpan(octets).subspan(kHeadOctets, head.key_size));
        if (head.expected(at, key) != head.head_check) break;
        if (head.kind == kCommit) {
            std::vector<std::uint8_t> note(head.size);
            if (!read_at(file_, at + kHeadOctets + head.key_size, note) || check_of(note) != head.body_check) break;
            note_ = std::move(note);
            for (const Pending& change : pending_)
                settle(change);
            pending_.clear();
            committed_ = at + head.octets();
        } else {
            pending_.push_back({hash_of(key), at, head.octets(), head.kind == kErase});
        }
        at += head.octets();
    }
    pending_.clear();
    end_ = committed_;
    if (file_size > committed_ && ::ftruncate(file_, static_cast<off_t>(committed_)) != 0)
        return fail_errno(errno, "cutting off what was half-written", path_);
    return {};
}

std::size_t Pack::size() const {
    const std::shared_lock lock(mutex_);
    return count_;
}

std::uint64_t Pack::octets() const {
    const std::shared_lock lock(mutex_);
    return committed_;
}

bool Pack::contains(std::string_view key) const {
    const std::shared_lock lock(mutex_);
    return slots_[find(hash_of(key), key)].at != 0;
}

std::optional<Pack::Found> Pack::read(std::string_view key, std::size_t limit, std::vector<std::uint8_t>& out) const {
    const std::uint64_t hash = hash_of(key);
    const std::shared_lock lock(mutex_);
    const std::size_t mask = slots_.size() - 1;
    std::array<std::uint8_t, kFirstRead> first;  // NOLINT(cppcoreguidelines-pro-type-member-init): read over
    for (std::size_t i = hash & mask; slots_[i].at != 0; i = (i + 1) & mask) {
        if (slots_[i].hash != hash) continue;
        const std::uint64_t at = slots_[i].at;
        const std::size_t got = read_some_at(file_, at, first);
        if (got < kHeadOctets) return std::nullopt;
        const Head head = Head::parse(first);
        if (head.key_size != key.size()) continue;
        const std::size_t begin = kHeadOctets + head.key_size;
        if (begin <= got ? as_text(ByteSpan(first).subspan(kHeadOctets, head.key_size)) != key : !is_key_at(at, key))
            continue;
        const std::size_t wanted = std::min<std::size_t>(head.size, limit);
        const std::size_t here = begin < got ? std::min(got - begin, wanted) : 0;
        const std::size_t old = out.size();
        out.resize(old + wanted);
        if (here > 0) std::memcpy(out.data() + old, first.data() + begin, here);
        if (here < wanted && !read_at(file_, at + begin + here, std::span(out).subspan(old + here))) {
            out.resize(old);
            return std::nullopt;
        }
        return Found{head.flags, head.size};
    }
    return std::nullopt;
}

Result<void> Pack::for_each(const std::function<Result<void>(std::string_view key, const Found& found)>& each) const {
    std::vector<std::uint64_t> places;
    {
        const std::shared_lock lock(mutex_);
        places.reserve(count_);
        for (const Slot& slot : slots_)
            if (slot.at != 0) places.push_back(slot.at);
    }
    std::ranges::sort(places);
    for (const std::uint64_t at : places) {
        std::array<std::uint8_t, kHeadOctets> octets{};
        if (!read_at(file_, at, octets)) return fail(ErrorCode::io, "cannot be read", path_);
        const Head head = Head::parse(octets);
        TRY(each(key_at(at), {head.flags, head.size}));
    }
    return {};
}

Result<void> Pack::put(std::string_view key, ByteSpan body, std::uint8_t flags) {
    if (key.size() > 65'535)
        return fail(ErrorCode::too_large, "the address is too long", std::string(key.substr(0, 80)));
    if (body.size() > 0xffff'ffffU) return fail(ErrorCode::too_large, "the object is too large", std::string(key));
    const std::uint64_t at = end_;
    TRY(append(kPut, flags, key, body, 0));
    pending_.push_back({hash_of(key), at, end_ - at, false});
    return {};
}

Result<void> Pack::erase(std::string_view key) {
    const std::uint64_t at = end_;
    TRY(append(kErase, 0, key, {}, 0));
    pending_.push_back({hash_of(key), at, end_ - at, true});
    return {};
}

Result<void> Pack::append(std::uint8_t kind, std::uint8_t flags, std::string_view key, ByteSpan body,
                          std::uint32_t body_check) {
    Head head{.kind = kind,
              .flags = flags,
              .key_size = static_cast<std::uint16_t>(key.size()),
              .size = static_cast<std::uint32_t>(body.size()),
              .body_check = body_check};
    head.head_check = head.expected(end_, key);
    const auto octets = head.bytes();
    buffer_.insert(buffer_.end(), octets.begin(), octets.end());
    const ByteSpan name = as_bytes(key);
    buffer_.insert(buffer_.end(), name.begin(), name.end());
    buffer_.insert(buffer_.end(), body.begin(), body.end());
    end_ += head.octets();
    if (buffer_.size() >= kBuffer) TRY(flush());
    return {};
}

Result<void> Pack::flush() {
    const auto written = write_whole(file_, end_ - buffer_.size(), buffer_, path_);
    if (!written) {
        rollback();
        return written;
    }
    buffer_.clear();
    if (buffer_.capacity() > 4 * kBuffer) buffer_.shrink_to_fit();
    return {};
}

Result<void> Pack::commit(ByteSpan note) {
    // The commit is written once what it covers is on the disk: then a good commit proves all before it.
    const auto sync = [this]() -> Result<void> {
        TRY(flush());
        if (::fdatasync(file_) == 0) return {};
        const int error = errno;
        rollback();
        return fail_errno(error, "writing fetched objects to the disk", path_);
    };
    TRY(sync());
    TRY(append(kCommit, 0, {}, note, check_of(note)));
    TRY(sync());
    const std::unique_lock lock(mutex_);
    for (const Pending& change : pending_)
        settle(change);
    pending_.clear();
    pending_.shrink_to_fit();
    note_.assign(note.begin(), note.end());
    committed_ = end_;
    return {};
}

void Pack::rollback() {
    buffer_.clear();
    pending_.clear();
    end_ = committed_;
    // If this fails, what is there is written over, and until then is no part of any commit.
    static_cast<void>(::ftruncate(file_, static_cast<off_t>(committed_)));
}

void Pack::settle(const Pending& change) {
    // Nearly always a hash is new, and then the key need not be read.
    const std::size_t found = has_hash(change.hash) ? find(change.hash, key_at(change.at)) : empty_slot(change.hash);
    if (slots_[found].at != 0) {
        std::array<std::uint8_t, kHeadOctets> octets{};
        if (read_at(file_, slots_[found].at, octets)) live_ -= Head::parse(octets).octets();
        if (change.erase)
            remove(found);
        else
            slots_[found].at = change.at;
    } else if (!change.erase) {
        insert({change.hash, change.at});
    }
    if (!change.erase) live_ += change.octets;
}

/// The slot of a key, or the empty one where it would stand.
std::size_t Pack::find(std::uint64_t hash, std::string_view key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
    while (slots_[i].at != 0 && (slots_[i].hash != hash || !is_key_at(slots_[i].at, key)))
        i = (i + 1) & mask;
    return i;
}

bool Pack::has_hash(std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
    while (slots_[i].at != 0 && slots_[i].hash != hash)
        i = (i + 1) & mask;
    return slots_[i].at != 0;
}

std::size_t Pack::empty_slot(std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
    while (slots_[i].at != 0)
        i = (i + 1) & mask;
    return i;
}

void Pack::insert(Slot slot) {
    if ((count_ + 1) * 10 > slots_.size() * 7) grow();
    slots_[empty_slot(slot.hash)] = slot;
    ++count_;
}

/// What follows in the same run moves up, so that no search stops too early.
void Pack::remove(std::size_t index) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = index;
    for (std::size_t i = (hole + 1) & mask; slots_[i].at != 0; i = (i + 1) & mask) {
        const std::size_t home = slots_[i].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        slots_[hole] = slots_[i];
        hole = i;
    }
    slots_[hole] = {};
    --count_;
}

void Pack::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    count_ = 0;
    for (const Slot& slot : old)
        if (slot.at != 0) insert(slot);
}

std::string Pack::key_at(std::uint64_t at) const {
    std::array<std::uint8_t, 512> octets{};
    const std::size_t got = read_some_at(file_, at, octets);
    if (got < kHeadOctets) return {};
    const Head head = Head::parse(octets);
    std::string key(head.key_size, '\0');
    if (kHeadOctets + key.size() <= got) {
        std::memcpy(key.data(), octets.data() + kHeadOctets, key.size());
    } else if (!read_at(file_, at + kHeadOctets, {reinterpret_cast<std::uint8_t*>(key.data()), key.size()})) {
        return {};
    }
    return key;
}

bool Pack::is_key_at(std::uint64_t at, std::string_view key) const {
    return key_at(at) == key;
}

bool Pack::is_wasteful() const {
    const std::shared_lock lock(mutex_);
    return committed_ > 2 * live_ + kWorthCompacting;
}

Result<void> Pack::compact(const std::function<bool(std::string_view key)>& keep) {
    const auto fresh = TRY(create(path_ + ".new"));
    std::vector<std::uint8_t> body;
    TRY(for_each([&](std::string_view key, const Found& found) -> Result<void> {
        if (keep && !keep(key)) return {};
        body.clear();
        if (!read(key, found.size, body)) return fail(ErrorCode::io, "cannot be read", path_);
        return fresh->put(key, body, found.flags);
    }));
    TRY(fresh->commit(note_));
    TRY(fresh->move_to(path_));
    const std::unique_lock lock(mutex_);
    std::swap(file_, fresh->file_);
    std::swap(slots_, fresh->slots_);
    count_ = fresh->count_;
    live_ = fresh->live_;
    committed_ = fresh->committed_;
    end_ = fresh->end_;
    return {};
}

Result<void> Pack::move_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return fail_errno(errno, "replacing fetched objects", path);
    path_ = path;
    return sync_folder_of(path);
}

}  // namespace quipu::rpki
