#include <cstdlib>

#include "services/measure/stamp/codec_extensions.h"
#include "services/measure/stamp/codec_packet.h"

// The first octet chooses the form; the rest is a packet, read as a question and as an answer, and its extensions
// reflected.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::stamp;
    if (size == 0) return 0;
    const Form form{(data[0] & 4U) != 0 ? Protocol::twamp : Protocol::stamp, static_cast<Mode>((data[0] & 3U) % 3)};
    std::vector<std::uint8_t> packet(data + 1, data + size);
    static TwampCipher cipher(TwampKeys{});
    static Hmac sha256(Hmac::Hash::sha256, as_bytes("key"));
    if (const auto question = parse_question(packet, form)) {
        ByteWriter out;
        write_question(out, *question, form);
        if (parse_question(out.span(), form) != question) std::abort();
    }
    if (const auto answer = parse_answer(packet, form)) {
        ByteWriter out;
        write_answer(out, *answer, form);
        if (parse_answer(out.span(), form) != answer) std::abort();
    }
    if (packet.size() >= form.answer_octets()) {
        const auto before = packet;
        auto extensions = std::span(packet).subspan(form.answer_octets());
        const auto found = reflect_extensions(extensions, 1, Observed{}, &sha256, (data[0] & 8U) != 0);
        if (found.hmac_at) {
            seal_extensions(extensions, *found.hmac_at, 2, sha256);
            if (!found.integrity_failed && !verify_extensions(extensions, 2, sha256)) std::abort();
        }
        packet = before;
        if (form.protocol == Protocol::twamp) static_cast<void>(cipher.open(packet, form, true));
    }
    return 0;
}
