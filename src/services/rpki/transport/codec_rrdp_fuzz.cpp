// The first octet chooses the file and the size of its pieces.
#include "services/rpki/transport/codec_rrdp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::rpki;
    if (size == 0) return 0;
    const std::uint8_t choice = data[0];
    ByteSpan octets(data + 1, size - 1);
    if (choice % 3 == 0) {
        const auto parsed = parse_notification(octets, "https://rrdp.example.net/notification.xml");
        if (parsed)
            static_cast<void>(parse_notification(as_bytes(write_notification(*parsed)), "https://rrdp.example.net/"));
        return 0;
    }
    const std::size_t step = 1 + choice / 3;
    RrdpReader reader(choice % 3 == 1 ? RrdpFile::snapshot : RrdpFile::delta, "9df4b597-af9e-4dca-bdda-719cce2c4e28", 3,
                      {.object_octets = 100, .objects = 100}, [](const RrdpObject& object) -> Result<void> {
                          if (object.object.size() > 100) __builtin_trap();
                          return {};
                      });
    while (!octets.empty()) {
        const std::size_t piece = octets.size() < step ? octets.size() : step;
        if (!reader.feed(octets.first(piece))) return 0;
        octets = octets.subspan(piece);
    }
    static_cast<void>(reader.finish());
    return 0;
}
