// Routes and VRPs as texts: what is read is judged alike one by one, in a batch and with its reasons.
#include <cstdlib>

#include "services/rpki/origin/validity.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const std::string_view text = as_text(ByteSpan(data, size));
    // Halves: VRPs, and routes to be judged by them.
    const std::size_t middle = text.find('\f');
    const auto vrps = rpki::parse_vrps(text.substr(0, middle), "vrps");
    const auto routes = rpki::parse_routes(middle == std::string_view::npos ? text : text.substr(middle + 1), "routes");
    if (!vrps || !routes) return 0;
    const rpki::ValidityIndex index(*vrps);
    std::vector<rpki::Validity> batch(routes->size());
    index.validity(*routes, batch);
    for (std::size_t i = 0; i < routes->size(); ++i)
        if (index.validity((*routes)[i]) != batch[i] || index.explain((*routes)[i]).validity != batch[i]) std::abort();
    return 0;
}
