#include "platform/notify/pages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/http.h"

namespace quipu::notify {
namespace {

struct PageOfKind {
    std::string_view kind, path;
    bool alone = false;  ///< one page for all of them
};
constexpr std::array kPages = std::to_array<PageOfKind>({{"account", "/accounts"},
                                                         {"accreditation", "/accreditations"},
                                                         {"agent", "/agents", true},
                                                         {"article", "/knowledge"},
                                                         {"as_number", "/as_numbers"},
                                                         {"case", "/cases"},
                                                         {"domain", "/domains"},
                                                         {"equipment", "/equipment"},
                                                         {"link", "/links"},
                                                         {"maintenance", "/maintenance"},
                                                         {"meeting", "/meetings"},
                                                         {"organisation", "/organisations"},
                                                         {"outage", "/outages"},
                                                         {"pair", "/measure"},
                                                         {"person", "/people"},
                                                         {"prefix", "/prefixes"},
                                                         {"realm", "/realms"},
                                                         {"request", "/requests"},
                                                         {"service", "/services", true},
                                                         {"site", "/sites"},
                                                         {"team", "/pert"},
                                                         {"telephone_prefix", "/telephone_prefixes"}});

}  // namespace

std::string page_of(std::string_view portal, std::string_view about) {
    const auto colon = about.find(':');
    if (portal.empty() || colon == std::string_view::npos || colon + 1 == about.size()) return {};
    std::string_view kind = about.substr(0, colon), id = about.substr(colon + 1);
    if (kind.ends_with('s') && kind != "as") {  // the registry's collections are kinds too: "links:a-b"
        const auto plural = std::ranges::find(kPages, kind, [](const PageOfKind& each) { return each.path.substr(1); });
        if (plural != kPages.end()) kind = plural->kind;
    }
    const auto page = std::ranges::find(kPages, kind, &PageOfKind::kind);
    if (page == kPages.end()) return {};
    std::string out(portal);
    out += page->path;
    if (page->alone) return out;
    for (;;) {
        const std::size_t slash = std::min(id.find('/'), id.size());
        out += "/" + net::percent_encode(id.substr(0, slash));
        if (slash == id.size()) return out;
        id.remove_prefix(slash + 1);
    }
}

}  // namespace quipu::notify
