// Letters of any shape: what is read is UTF-8 of bounded size, and can be written again.

#include <cstdlib>
#include <glib.h>

#include "base/bytes.h"
#include "platform/mail/mime.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace quipu::mail;
    const auto parsed = parse_letter({octets, size});
    if (!parsed) return 0;
    const Received& letter = parsed->letter;
    const auto is_text = [](const std::string& text) {
        return g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr) != 0;
    };
    if (!is_text(letter.text) || !is_text(letter.subject) || letter.subject.find('\n') != std::string::npos)
        std::abort();
    if (letter.text.size() > 3'000'001 || letter.attachments.size() > 30 || letter.answers_to.size() > 200)
        std::abort();
    for (const Attachment& each : letter.attachments)
        if (each.name.empty() || each.name.find('/') != std::string::npos || each.name.starts_with('.')) std::abort();
    if (!letter.from) return 0;
    Letter again{
        .to = {*letter.from}, .subject = letter.subject, .text = letter.text, .attachments = letter.attachments};
    const auto written =
        write_letter(again, {.message_id = "x@quipu.example", .from = {"Quipu", "quipu@quipu.example"}, .loop = {}});
    if (!written) std::abort();
    return 0;
}
