// The first octets choose what is read from the rest: no choice may read outside, and failure sticks.
#include <cstdlib>

#include "base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    quipu::ByteReader in({data, size});
    std::size_t read = 0;
    while (in.ok() && !in.at_end()) {
        const std::size_t before = in.offset();
        switch (in.u8() % 8) {
            case 0: static_cast<void>(in.u16()); break;
            case 1: static_cast<void>(in.u32()); break;
            case 2: static_cast<void>(in.u64()); break;
            case 3: static_cast<void>(in.varint()); break;
            case 4: static_cast<void>(in.zigzag()); break;
            case 5:
                for (const char c : in.text())
                    read += static_cast<unsigned char>(c);
                break;
            case 6: {
                quipu::ByteReader inner = in.sub(in.u8());
                while (inner.ok() && !inner.at_end())
                    read += inner.u8();
                break;
            }
            default:
                for (const std::uint8_t octet : in.bytes(in.u8()))
                    read += octet;
        }
        if (in.offset() <= before || in.offset() > size) std::abort();
    }
    if (!in.ok() && (in.remaining() != 0 || in.u8() != 0 || in.finish("input"))) std::abort();
    return read == static_cast<std::size_t>(-1) ? 1 : 0;
}
