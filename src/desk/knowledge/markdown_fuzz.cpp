// Whatever text: no crash, and no element or address that is not allowed.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "desk/knowledge/markdown.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto rendered =
        quipu::knowledge::render_markdown(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!rendered) return 0;
    for (const std::string_view forbidden : {"<script", "<iframe", "href=\"javascript", "src=\"http", "<!--"})
        if (rendered->html.find(forbidden) != std::string::npos) std::abort();
    return 0;
}
