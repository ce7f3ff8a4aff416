#include "services/rpki/transport/gzip.h"

#include <array>
#include <fmt/format.h>
#include <zlib.h>

namespace quipu::rpki {

struct GzipReader::Impl {
    Limits limits;
    OctetSink sink;
    z_stream stream{};
    std::array<std::uint8_t, std::size_t{64} * 1024> piece{};
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    bool ended = false;
    bool ready = false;
};

GzipReader::GzipReader(Limits limits, OctetSink sink) : impl_(std::make_unique<Impl>()) {
    impl_->limits = limits;
    impl_->sink = std::move(sink);
    impl_->ready = ::inflateInit2(&impl_->stream, MAX_WBITS + 16) == Z_OK;  // gzip and nothing else
}

GzipReader::~GzipReader() {
    if (impl_->ready) ::inflateEnd(&impl_->stream);
}

Result<void> GzipReader::feed(ByteSpan octets) {
    Impl& at = *impl_;
    if (!at.ready) return fail(ErrorCode::exhausted, "there is no memory to unpack with");
    at.stream.next_in = const_cast<std::uint8_t*>(octets.data());
    at.stream.avail_in = static_cast<unsigned>(octets.size());
    at.in += octets.size();
    while (at.stream.avail_in > 0 || at.stream.avail_out == 0) {
        if (at.ended) {
            if (at.stream.avail_in == 0) break;
            return fail(ErrorCode::invalid, "something follows the end of the gzip stream");
        }
        at.stream.next_out = at.piece.data();
        at.stream.avail_out = static_cast<unsigned>(at.piece.size());
        const int code = ::inflate(&at.stream, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return fail(ErrorCode::invalid, "is not gzip");
        at.ended = code == Z_STREAM_END;
        const std::size_t got = at.piece.size() - at.stream.avail_out;
        at.out += got;
        if (at.out > at.limits.octets)
            return fail(ErrorCode::too_large, fmt::format("is more than {} octets unpacked", at.limits.octets));
        // Text of Base 64 shrinks by a quarter or so, repeated text by much more; nothing honest by this.
        if (at.out > (std::uint64_t{1} << 20U) && at.out / at.limits.inflation > at.in)
            return fail(ErrorCode::too_large,
                        fmt::format("unpacks to more than {} times its size", at.limits.inflation));
        if (got > 0) TRY(at.sink({at.piece.data(), got}));
        if (code == Z_BUF_ERROR && got == 0) break;
    }
    return {};
}

Result<void> GzipReader::finish() const {
    if (!impl_->ended) return fail(ErrorCode::invalid, "the gzip stream is cut off");
    return {};
}

}  // namespace quipu::rpki
