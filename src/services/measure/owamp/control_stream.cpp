#include "services/measure/owamp/control_stream.h"

namespace quipu::owamp {

void ControlWriter::protect(const ControlKeys& keys, const Block& iv) {
    cipher_.emplace(Aes::cbc(Aes::Use::encrypt, keys.aes, iv));
    hmac_.emplace(Hmac::Hash::sha1, keys.hmac);
}

void ControlWriter::text(ByteSpan blocks) {
    if (hmac_) hmac_->add(blocks);
    put(blocks);
}

void ControlWriter::digest() {
    // RFC 4656 §3.2: the HMAC is made first and encrypted with the rest of the stream.
    put(hmac_ ? hmac_->digest() : Block{});
}

void ControlWriter::put(ByteSpan blocks) {
    const std::size_t at = out_.size();
    clear(blocks);
    if (cipher_) cipher_->apply(std::span(out_).subspan(at));
}

void ControlReader::feed(ByteSpan octets) {
    buffer_.insert(buffer_.end(), octets.begin(), octets.end());
    decrypt();
}

void ControlReader::protect(const ControlKeys& keys, const Block& iv) {
    cipher_.emplace(Aes::cbc(Aes::Use::decrypt, keys.aes, iv));
    hmac_.emplace(Hmac::Hash::sha1, keys.hmac);
    ready_ = taken_;
    decrypt();
}

void ControlReader::decrypt() {
    const std::size_t fresh = buffer_.size() - ready_;
    const std::size_t whole = cipher_ ? fresh / kBlock * kBlock : fresh;
    if (cipher_ && whole != 0) cipher_->apply(std::span(buffer_).subspan(ready_, whole));
    ready_ += whole;
}

ByteSpan ControlReader::clear(std::size_t count) {
    const ByteSpan out = waiting().first(count);
    taken_ += count;
    return out;
}

ByteSpan ControlReader::text(std::size_t count) {
    const ByteSpan out = clear(count);
    if (hmac_) hmac_->add(out);
    return out;
}

bool ControlReader::digest() {
    const ByteSpan field = clear(kBlock);
    return !hmac_ || same_secret(field, hmac_->digest());
}

void ControlReader::release() {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    ready_ -= taken_;
    taken_ = 0;
}

}  // namespace quipu::owamp
