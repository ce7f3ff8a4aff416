// Whatever text: no crash, no read beyond its end.
#include <cstdint>
#include <string_view>

#include "desk/knowledge/discretion.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const quipu::knowledge::Discretion kWhole({"Ana Pérez"}, {"João da Silva"}, true, "es");
    static const quipu::knowledge::Discretion kPart({}, {}, false, "en");
    (void)kWhole.cleaned(text);
    (void)kPart.cleaned(text);
    return 0;
}
