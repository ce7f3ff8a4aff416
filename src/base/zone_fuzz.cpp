// A time zone file: whatever it says, every instant has an offset of about a day at most.
#include <cstdlib>

#include "base/zone.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto zone = quipu::Zone::parse({data, size}, "fuzz");
    if (!zone) return 0;
    for (const std::int64_t second :
         {std::int64_t{-5'000'000'000}, std::int64_t{0}, std::int64_t{1'300'000'000}, std::int64_t{4'000'000'000}}) {
        const quipu::Time time{std::chrono::seconds(second)};
        const auto offset = zone->offset_at(time);
        if (offset > std::chrono::hours(400) || offset < std::chrono::hours(-400)) std::abort();
        static_cast<void>(zone->instant(zone->local(time)));
    }
    return 0;
}
