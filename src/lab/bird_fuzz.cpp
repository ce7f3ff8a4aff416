// Whatever a router's control socket says, at every length: an answer once whole stays what it is.
#include <cstdlib>

#include "base/bytes.h"
#include "lab/bird.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets = quipu::as_text({data, size});
    const auto answer = quipu::lab::parse_bird_answer(octets);
    if (answer.whole && quipu::lab::parse_bird_answer(std::string(octets) + "1007-more\n").lines != answer.lines)
        std::abort();
    for (const std::string& line : answer.lines) {
        if (line.size() > size) std::abort();
        static_cast<void>(quipu::lab::origin_of_route(line));
    }
    return 0;
}
