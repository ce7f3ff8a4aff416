// Whatever is read as a SLURM file conflicts with itself if it says anything of an address, and its assertions are in
// the set afterwards.
#include <algorithm>
#include <cstdlib>

#include "services/rpki/origin/slurm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const auto file = rpki::parse_slurm(as_text(ByteSpan(data, size)), "x");
    if (!file) {
        if (file.error().what.empty()) std::abort();
        return 0;
    }
    const std::vector<rpki::Slurm> one = {*file};
    if (!rpki::check_conflicts(one)) std::abort();
    rpki::PayloadSet set;
    rpki::apply_slurm(one, set);
    for (const auto& assertion : file->prefix_assertions)
        if (!std::ranges::binary_search(set.vrps, assertion.vrp)) std::abort();
    if (!std::ranges::is_sorted(set.vrps) || !std::ranges::is_sorted(set.aspas)) std::abort();
    return 0;
}
