#include "desk/knowledge/starter.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace quipu::knowledge {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr unsigned char kTcpEs[] = {
#embed "starter/long-paths.es.md"
};
constexpr unsigned char kTcpPt[] = {
#embed "starter/long-paths.pt.md"
};
constexpr unsigned char kTcpEn[] = {
#embed "starter/long-paths.en.md"
};
constexpr unsigned char kTraceEs[] = {
#embed "starter/reading-a-traceroute.es.md"
};
constexpr unsigned char kTracePt[] = {
#embed "starter/reading-a-traceroute.pt.md"
};
constexpr unsigned char kTraceEn[] = {
#embed "starter/reading-a-traceroute.en.md"
};
constexpr unsigned char kMtuEs[] = {
#embed "starter/mtu-black-holes.es.md"
};
constexpr unsigned char kMtuPt[] = {
#embed "starter/mtu-black-holes.pt.md"
};
constexpr unsigned char kMtuEn[] = {
#embed "starter/mtu-black-holes.en.md"
};
constexpr unsigned char kSlowEs[] = {
#embed "starter/reporting-a-slow-transfer.es.md"
};
constexpr unsigned char kSlowPt[] = {
#embed "starter/reporting-a-slow-transfer.pt.md"
};
constexpr unsigned char kSlowEn[] = {
#embed "starter/reporting-a-slow-transfer.en.md"
};
#pragma clang diagnostic pop

template <std::size_t N>
ArticleText text_of(const unsigned char (&file)[N]) {
    std::string_view text(reinterpret_cast<const char*>(file), N);
    const auto take = [&](std::string_view end) {
        const auto at = std::min(text.find(end), text.size());
        std::string taken(text.substr(0, at));
        text.remove_prefix(std::min(at + end.size(), text.size()));
        return taken;
    };
    ArticleText out;
    out.title = take("\n\n").substr(std::string_view("# ").size());
    out.summary = take("\n\n");
    std::ranges::replace(out.summary, '\n', ' ');
    out.body = text;
    return out;
}

template <std::size_t A, std::size_t B, std::size_t C>
ArticleInput article(std::string_view id, std::string_view category, const unsigned char (&es)[A],
                     const unsigned char (&pt)[B], const unsigned char (&en)[C]) {
    ArticleInput out;
    out.id = id;
    out.category = category;
    out.texts = {{"es", text_of(es)}, {"pt", text_of(pt)}, {"en", text_of(en)}};
    return out;
}

}  // namespace

std::vector<ArticleInput> starter_articles() {
    std::vector<ArticleInput> out;
    out.push_back(article("long-paths", "performance", kTcpEs, kTcpPt, kTcpEn));
    out.push_back(article("reading-a-traceroute", "performance", kTraceEs, kTracePt, kTraceEn));
    out.push_back(article("mtu-black-holes", "performance", kMtuEs, kMtuPt, kMtuEn));
    out.push_back(article("reporting-a-slow-transfer", "help", kSlowEs, kSlowPt, kSlowEn));
    out.back().links = {"article:long-paths", "article:reading-a-traceroute", "article:mtu-black-holes"};
    return out;
}

}  // namespace quipu::knowledge
