// Compressed octets and files. zlib and libbz2 are seen by this file alone.
#include <bzlib.h>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <zlib.h>

#include "services/rpki/origin/mrt.h"

namespace quipu::rpki {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10U;

}  // namespace

struct Decompressor::State {
    enum class Form : std::uint8_t { unknown, plain, gzip, bzip2 };

    State(Sink to, std::uint64_t most) : sink(std::move(to)), max_octets(most) {}
    ~State() { end_member(); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Sink sink;
    std::uint64_t max_octets;
    std::uint64_t told = 0;
    Form form = Form::unknown;
    std::vector<std::uint8_t> head;  // until the form is known
    bool in_member = false;
    z_stream gzip{};
    bz_stream bzip2{};
    std::vector<std::uint8_t> out = std::vector<std::uint8_t>(kPiece);

    Result<void> tell(ByteSpan octets) {
        told += octets.size();
        if (told > max_octets)
            return fail(ErrorCode::too_large, fmt::format("the file holds more than {} octets", max_octets));
        if (octets.empty()) return {};
        return sink(octets);
    }
    Result<void> begin_member() {
        constexpr int kGzipOnly = 15 + 16;  // zlib's largest window, with gzip's header
        const bool good =
            form == Form::gzip ? inflateInit2(&gzip, kGzipOnly) == Z_OK : BZ2_bzDecompressInit(&bzip2, 0, 0) == BZ_OK;
        if (!good) return fail(ErrorCode::exhausted, "there is no memory to decompress");
        in_member = true;
        return {};
    }
    void end_member() {
        if (!in_member) return;
        if (form == Form::gzip)
            inflateEnd(&gzip);
        else
            BZ2_bzDecompressEnd(&bzip2);
        gzip = {};
        bzip2 = {};
        in_member = false;
    }
    /// One call of the library: how much it took and gave, and whether the member ended.
    struct Step {
        std::size_t taken = 0;
        std::size_t given = 0;
        bool ended = false;
        bool broken = false;
    };
    Step step(ByteSpan in) {
        Step of;
        // Both libraries take a pointer to octets that they do not write.
        if (form == Form::gzip) {
            gzip.next_in = const_cast<std::uint8_t*>(in.data());
            gzip.avail_in = static_cast<uInt>(in.size());
            gzip.next_out = out.data();
            gzip.avail_out = static_cast<uInt>(out.size());
            const int code = inflate(&gzip, Z_NO_FLUSH);
            of = {in.size() - gzip.avail_in, out.size() - gzip.avail_out, code == Z_STREAM_END,
                  code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR};
        } else {
            bzip2.next_in = reinterpret_cast<char*>(const_cast<std::uint8_t*>(in.data()));
            bzip2.avail_in = static_cast<unsigned>(in.size());
            bzip2.next_out = reinterpret_cast<char*>(out.data());
            bzip2.avail_out = static_cast<unsigned>(out.size());
            const int code = BZ2_bzDecompress(&bzip2);
            of = {in.size() - bzip2.avail_in, out.size() - bzip2.avail_out, code == BZ_STREAM_END,
                  code != BZ_OK && code != BZ_STREAM_END};
        }
        return of;
    }
    Result<void> decompress(ByteSpan in) {
        bool full = false;  // the output was filled: there may be more without more input
        while (!in.empty() || full) {
            if (!in_member) {
                if (in.empty()) break;
                TRY(begin_member());
            }
            const Step of = step(in.first(std::min(in.size(), kPiece)));
            if (of.broken) return fail(ErrorCode::invalid, "the compressed file is damaged");
            TRY(tell(ByteSpan(out).first(of.given)));
            in = in.subspan(of.taken);
            full = of.given == out.size();
            if (of.ended) {
                end_member();
                full = false;
            } else if (of.taken == 0 && of.given == 0 && !in.empty()) {
                return fail(ErrorCode::invalid, "the compressed file is damaged");
            }
        }
        return {};
    }
    Result<void> take(ByteSpan in) { return form == Form::plain ? tell(in) : decompress(in); }
    Result<void> decide() {
        const std::string_view first = as_text(head);
        if (first.starts_with("\x1f\x8b"))
            form = Form::gzip;
        else if (first.starts_with("BZh"))
            form = Form::bzip2;
        else
            form = Form::plain;
        const std::vector<std::uint8_t> waiting = std::move(head);
        head.clear();
        return take(waiting);
    }
};

Decompressor::Decompressor(Sink sink, std::uint64_t max_octets)
    : state_(std::make_unique<State>(std::move(sink), max_octets)) {}

Decompressor::~Decompressor() = default;

Result<void> Decompressor::feed(ByteSpan octets) {
    constexpr std::size_t kMagicOctets = 3;
    if (state_->form != State::Form::unknown) return state_->take(octets);
    state_->head.insert(state_->head.end(), octets.begin(), octets.end());
    if (state_->head.size() < kMagicOctets) return {};
    return state_->decide();
}

Result<void> Decompressor::finish() {
    if (state_->form == State::Form::unknown) return state_->decide();
    if (state_->in_member) return fail(ErrorCode::invalid, "the compressed file ends too early");
    return {};
}

Result<MrtReader::Counts> read_mrt_file(const std::string& path, const MrtReader::Sink& sink) {
    const bool standard_input = path == "-";
    std::FILE* file = standard_input ? stdin : std::fopen(path.c_str(), "rb");
    if (file == nullptr) return fail_errno(errno, "reading a routing table", path);
    MrtReader reader(sink);
    Decompressor decompressor([&](ByteSpan octets) { return reader.feed(octets); });
    std::vector<std::uint8_t> piece(kPiece);
    Result<void> done;
    std::size_t got = 0;
    while (done && (got = std::fread(piece.data(), 1, piece.size(), file)) > 0)
        done = decompressor.feed(ByteSpan(piece).first(got));
    const int error = std::ferror(file) != 0 ? errno : 0;
    if (!standard_input) std::fclose(file);
    if (error != 0) return fail_errno(error, "reading a routing table", path);
    if (done) done = decompressor.finish();
    if (done) done = reader.finish();
    if (!done) {
        if (done.error().where.empty()) done.error().where = path;
        return std::unexpected(done.error());
    }
    return reader.counts();
}

}  // namespace quipu::rpki
