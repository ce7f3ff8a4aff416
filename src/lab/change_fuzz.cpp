// What reads as a change of a link is within its bounds, and its text reads back as the same change.
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "lab/impairment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu::lab;
    const auto split = [](std::string_view text) {
        std::istringstream in{std::string(text)};
        std::vector<std::string> words;
        for (std::string word; in >> word;)
            words.push_back(word);
        return words;
    };
    const auto change = parse_change(split(quipu::as_text({data, size})));
    if (!change) return 0;
    const Impairment imposed = changed({}, *change);
    for (const double fraction : {imposed.loss, imposed.reorder, imposed.duplicate})
        if (!(fraction >= 0 && fraction <= 1)) std::abort();
    if (imposed.delay > kLongestDelay || imposed.jitter > kLongestDelay || imposed.rate.bits_per_second < 0)
        std::abort();
    const auto again = parse_change(split(change_text(*change)));
    if (!again || change_text(*again) != change_text(*change)) std::abort();
    return 0;
}
