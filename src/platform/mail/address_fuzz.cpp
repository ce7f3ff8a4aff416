// Addresses and subjects: what is accepted stands in an SMTP command and a header field and is read back the same.

#include <cstdlib>

#include "base/bytes.h"
#include "platform/mail/case_address.h"
#include "platform/mail/mime.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace quipu::mail;
    const std::string_view text = quipu::as_text({octets, size});
    const NumberedAddresses addresses("secret", "quipu.example");
    if (const auto number = addresses.number_of("help", text);
        number && folded_address(addresses.address("help", *number)) != folded_address(text))
        std::abort();
    static_cast<void>(without_quotation(text));
    static_cast<void>(flow_text(text));
    if (check_address(text)) {
        const auto command = parse_command("RCPT TO:<" + std::string(text) + ">");
        if (!command || command->argument != text) std::abort();
    }
    const std::string line(text);
    const auto written = write_letter({.to = {{line, "a@example.org"}}, .subject = line, .text = line},
                                      {.message_id = "x@quipu.example", .from = {"", "q@quipu.example"}, .loop = {}});
    if (!written) std::abort();
    const auto back = parse_letter(quipu::as_bytes(*written));
    if (!back || back->letter.to.size() != 1 || back->letter.to.front().address != "a@example.org") std::abort();
    return 0;
}
