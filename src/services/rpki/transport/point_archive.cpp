#include "services/rpki/transport/point_archive.h"

#include "services/rpki/codec_manifest.h"
#include "services/rpki/codec_signed_object.h"

namespace quipu::rpki {
namespace {

constexpr std::size_t kLastOctets = 128;  // what last() needs stands within so many

void write_last(ByteWriter& out, const PointArchive::Last& last) {
    out.bytes(last.manifest);
    out.zigzag(last.this_update);
    out.text(as_text(last.number));
}

PointArchive::Last parse_last(ByteReader& in) {
    PointArchive::Last out;
    const ByteSpan digest = in.bytes(out.manifest.size());
    std::ranges::copy(digest, out.manifest.begin());
    out.this_update = in.zigzag();
    const ByteSpan number = as_bytes(in.text());
    out.number.assign(number.begin(), number.end());
    return out;
}

StoredPoint parse_point(ByteReader& in) {
    StoredPoint out;
    const auto take = [&](std::vector<std::uint8_t>& to) {
        const ByteSpan octets = as_bytes(in.text());
        to.assign(octets.begin(), octets.end());
    };
    take(out.manifest);
    while (in.ok() && !in.at_end()) {
        std::string name(in.text());
        take(out.files[std::move(name)]);
    }
    return out;
}

}  // namespace

Result<std::unique_ptr<PackArchive>> PackArchive::open(const std::string& path) {
    return std::unique_ptr<PackArchive>(new PackArchive(TRY(Pack::open(path))));
}

std::optional<PointArchive::Last> PackArchive::last(std::string_view manifest_uri) const {
    thread_local std::vector<std::uint8_t> octets;
    octets.clear();
    if (!pack_->read(manifest_uri, kLastOctets, octets)) return std::nullopt;
    ByteReader in(octets);
    Last out = parse_last(in);
    if (!in.ok()) return std::nullopt;
    return out;
}

std::optional<StoredPoint> PackArchive::load(std::string_view manifest_uri) const {
    std::vector<std::uint8_t> octets;
    if (!pack_->read(manifest_uri, SIZE_MAX, octets)) return std::nullopt;
    ByteReader in(octets);
    static_cast<void>(parse_last(in));
    StoredPoint out = parse_point(in);
    if (!in.ok()) return std::nullopt;
    return out;
}

void PackArchive::save(std::string_view manifest_uri, const Last& last, StoredPoint point) {
    ByteWriter out;
    write_last(out, last);
    out.text(as_text(point.manifest));
    for (const auto& [name, octets] : point.files) {
        out.text(name);
        out.text(as_text(octets));
    }
    const std::scoped_lock lock(mutex_);
    dirty_ = true;
    if (auto put = pack_->put(manifest_uri, out.span()); !put && !error_) error_ = std::move(put.error());
}

Result<void> PackArchive::flush(std::int64_t stale_before) {
    const std::scoped_lock lock(mutex_);
    if (error_) {
        // A save that failed has taken all since the last flush with it.
        pack_->rollback();
        dirty_ = false;
        Error error = std::move(*error_);
        error_.reset();
        return std::unexpected(std::move(error));
    }
    if (!std::exchange(dirty_, false)) return {};
    TRY(pack_->commit({}));
    if (!pack_->is_wasteful()) return {};
    return pack_->compact([&](std::string_view uri) {
        const auto point = load(uri);
        if (!point) return false;
        const auto object = parse_signed_object(point->manifest, {});
        if (!object) return false;
        const auto manifest = parse_manifest(object->content);
        return manifest && manifest->next_update >= stale_before;
    });
}

}  // namespace quipu::rpki
