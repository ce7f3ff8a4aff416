// Our reader of RRDP's XML beside libxml2's push parser with SAX handlers, on one snapshot held in memory, in pieces of
// 64 KiB, Base 64 undone by both: bench_rrdp SNAPSHOT.xml SESSION SERIAL
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <libxml/parser.h>

#include "services/rpki/transport/codec_rrdp.h"

namespace {

using namespace quipu;
using namespace quipu::rpki;

constexpr std::size_t kStep = 64 * 1024;

double cpu_now() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct SaxState {
    Base64Decoder decoder;
    std::vector<std::uint8_t> octets;
    std::size_t objects = 0;
    std::size_t total = 0;
};

void on_sax_start(void* context, const xmlChar*, const xmlChar*, const xmlChar*, int, const xmlChar**, int, int,
                  const xmlChar**) {
    auto& state = *static_cast<SaxState*>(context);
    state.decoder.reset();
    state.octets.clear();
}
void on_sax_text(void* context, const xmlChar* text, int size) {
    auto& state = *static_cast<SaxState*>(context);
    static_cast<void>(
        state.decoder.feed({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)}, state.octets));
}
void on_sax_end(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
    auto& state = *static_cast<SaxState*>(context);
    ++state.objects;
    state.total += state.octets.size();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return std::fprintf(stderr, "bench_rrdp SNAPSHOT.xml SESSION SERIAL\n"), 2;
    std::ifstream in(argv[1], std::ios::binary);
    const std::string xml{std::istreambuf_iterator<char>(in), {}};
    for (int turn = 0; turn < 3; ++turn) {
        std::size_t total = 0;
        double start = cpu_now();
        RrdpReader reader(RrdpFile::snapshot, argv[2], std::strtoull(argv[3], nullptr, 10), {},
                          [&](const RrdpObject& object) -> Result<void> {
                              total += object.object.size();
                              return {};
                          });
        for (std::size_t at = 0; at < xml.size(); at += kStep)
            if (auto fed = reader.feed(as_bytes(std::string_view(xml).substr(at, kStep))); !fed)
                return std::fprintf(stderr, "%s\n", fed.error().text().c_str()), 1;
        const double ours = cpu_now() - start;

        start = cpu_now();
        xmlSAXHandler handler{};
        handler.initialized = XML_SAX2_MAGIC;
        handler.startElementNs = on_sax_start;
        handler.endElementNs = on_sax_end;
        handler.characters = on_sax_text;
        SaxState state;
        xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&handler, &state, nullptr, 0, nullptr);
        xmlCtxtUseOptions(parser, XML_PARSE_HUGE | XML_PARSE_NONET);
        for (std::size_t at = 0; at < xml.size(); at += kStep)
            xmlParseChunk(parser, xml.data() + at, static_cast<int>(std::min(kStep, xml.size() - at)), 0);
        xmlParseChunk(parser, nullptr, 0, 1);
        xmlFreeParserCtxt(parser);
        const double theirs = cpu_now() - start;
        const double mib = static_cast<double>(xml.size()) / 1048576;
        fmt::print(
            "{:.0f} MiB: ours {:.3f} CPU s ({:.0f} MiB/s, {} octets), libxml2 {:.3f} CPU s ({:.0f} MiB/s, {} octets): "
            "{:.1f}\n",
            mib, ours, mib / ours, total, theirs, mib / theirs, state.total, theirs / ours);
    }
    return 0;
}
