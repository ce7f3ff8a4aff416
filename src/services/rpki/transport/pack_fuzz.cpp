// A file with any octets in it is opened, read whole and written to, or refused.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "services/rpki/transport/pack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::rpki;
    static const std::string path = [] {
        std::string name = "/tmp/quipu-pack-XXXXXX";
        const int file = ::mkstemp(name.data());
        if (file >= 0) ::close(file);
        return name;
    }();
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
    ::close(file);
    const auto pack = Pack::open(path);
    if (!pack) return 0;
    std::vector<std::uint8_t> out;
    const auto done = (*pack)->for_each([&](std::string_view key, const Pack::Found&) -> Result<void> {
        out.clear();
        if (!(*pack)->read(key, 1000, out)) return fail(ErrorCode::corrupt, "is not there");
        return {};
    });
    if (!done) std::abort();
    if (!(*pack)->put("key", as_bytes("body")) || !(*pack)->commit({})) std::abort();
    if (!(*pack)->contains("key")) std::abort();
    std::remove(path.c_str());
    return 0;
}
