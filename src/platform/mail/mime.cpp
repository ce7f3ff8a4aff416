#include "platform/mail/mime.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmime/gmime.h>
#include <memory>
#include <mutex>

#include "net/ascii.h"
#include "net/tls.h"

namespace quipu::mail {
namespace {

constexpr std::size_t kLargestLetter = 25'000'000;
constexpr int kDeepest = 20;
constexpr int kMostParts = 200;
constexpr std::size_t kLongestText = 1'000'000;
constexpr std::size_t kMostAttachments = 30;
constexpr std::size_t kLargestAttachment = 10'000'000;
constexpr std::size_t kMostAddresses = 100;
constexpr std::size_t kLongestSubject = 500;
constexpr std::size_t kLongestName = 200;

struct Unref {
    void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

struct GFree {
    void operator()(char* text) const { g_free(text); }
};
using OwnedText = std::unique_ptr<char, GFree>;

void start_gmime() {
    static std::once_flag once;
    std::call_once(once, [] { g_mime_init(); });
}

/// UTF-8 whatever came, one line, no control characters, at most `longest` octets.
std::string clean_line(const char* text, std::size_t longest) {
    if (text == nullptr) return {};
    const OwnedText valid(g_utf8_make_valid(text, -1));
    std::string out;
    for (const char* c = valid.get(); *c != '\0' && out.size() < longest; c = g_utf8_next_char(c)) {
        const gunichar letter = g_utf8_get_char(c);
        if (g_unichar_iscntrl(letter)) {
            if (!out.empty() && out.back() != ' ') out += ' ';
        } else {
            out.append(c, static_cast<std::size_t>(g_utf8_next_char(c) - c));
        }
    }
    while (out.ends_with(' '))
        out.pop_back();
    return out;
}

/// UTF-8, line ends \n, no control characters but tabs.
std::string clean_text(std::string_view text) {
    const OwnedText valid(g_utf8_make_valid(text.data(), static_cast<gssize>(std::min(text.size(), kLongestText))));
    std::string out;
    for (const char* c = valid.get(); *c != '\0'; ++c) {
        if (*c == '\r') continue;
        if (static_cast<unsigned char>(*c) < 0x20 && *c != '\n' && *c != '\t') continue;
        out += *c;
    }
    return out;
}

// ---- reading

std::string header_of(GMimeObject* object, const char* name) {
    const char* const value = g_mime_object_get_header(object, name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), net::ascii_lower);
    return text;
}

void add_addresses(InternetAddressList* list, std::vector<Address>& out, int depth = 0) {
    if (list == nullptr || depth > 4) return;
    const int count = internet_address_list_length(list);
    for (int i = 0; i < count && out.size() < kMostAddresses; ++i) {
        InternetAddress* const each = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_GROUP(each)) {
            add_addresses(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(each)), out, depth + 1);
        } else if (INTERNET_ADDRESS_IS_MAILBOX(each)) {
            const char* const address = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(each));
            if (address == nullptr || !check_address(address)) continue;
            out.push_back({clean_line(internet_address_get_name(each), kLongestName), address});
        }
    }
}

/// The octets that a part holds when its encoding is taken off; nothing when there are more than `most`.
std::optional<std::string> octets_of(GMimePart* part, std::size_t most) {
    GMimeDataWrapper* const content = g_mime_part_get_content(part);
    if (content == nullptr) return std::string();
    const Owned<GMimeStream> stream(g_mime_stream_mem_new());
    if (g_mime_data_wrapper_write_to_stream(content, stream.get()) < 0) return std::string();
    const GByteArray* const array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
    if (array->len > most) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(array->data), array->len);
}

class PartReader {
  public:
    explicit PartReader(ParsedLetter& out) : out_(out) {}

    void read(GMimeObject* part, int depth) {
        if (part == nullptr || depth > kDeepest || ++parts_ > kMostParts) return;
        GMimeContentType* const type = g_mime_object_get_content_type(part);
        if (GMIME_IS_MULTIPART(part)) {
            const char* const report = g_mime_content_type_get_parameter(type, "report-type");
            if (g_mime_content_type_is_type(type, "multipart", "report") && report != nullptr &&
                net::equal_ignoring_case(report, "delivery-status"))
                is_report_ = true;
            const int count = g_mime_multipart_get_count(GMIME_MULTIPART(part));
            for (int i = 0; i < count; ++i)
                read(g_mime_multipart_get_part(GMIME_MULTIPART(part), i), depth + 1);
        } else if (GMIME_IS_MESSAGE_PART(part)) {
            read_enclosed(g_mime_message_part_get_message(GMIME_MESSAGE_PART(part)));
        } else if (GMIME_IS_PART(part)) {
            read_leaf(GMIME_PART(part), type);
        }
    }

    void finish() {
        Received& letter = out_.letter;
        std::string text = plain_.empty() ? text_of_html(html_) : plain_;
        text = clean_text(text);
        letter.text = without_quotation(text);
        letter.quoted_cut = letter.text.size() + 1 < text.size();
        if (is_report_ && out_.report && original_id_) out_.report->original_message_id = *original_id_;
    }

  private:
    void read_enclosed(GMimeMessage* message) {
        if (message == nullptr) return;
        if (is_report_) {
            if (const char* id = g_mime_message_get_message_id(message); id != nullptr) original_id_ = id;
            return;
        }
        const OwnedText text(g_mime_object_to_string(GMIME_OBJECT(message), nullptr));
        add_attachment("message.eml", "message/rfc822", text ? std::string(text.get()) : std::string());
    }

    void read_leaf(GMimePart* part, GMimeContentType* type) {
        GMimeContentDisposition* const disposition = g_mime_object_get_content_disposition(GMIME_OBJECT(part));
        const bool attached = disposition != nullptr && g_mime_content_disposition_is_attachment(disposition);
        const char* const file_name = g_mime_part_get_filename(part);
        if (is_report_ && g_mime_content_type_is_type(type, "message", "delivery-status")) {
            const auto status = octets_of(part, kLongestText);
            if (auto reports = status ? parse_delivery_status(*status) : fail(ErrorCode::too_large, ""))
                out_.report = DeliveryReport{.recipients = std::move(*reports), .original_message_id = {}};
            return;
        }
        if (is_report_ && g_mime_content_type_is_type(type, "text", "rfc822-headers")) {
            read_returned_header(octets_of(part, kLongestText).value_or(""));
            return;
        }
        const bool is_text = g_mime_content_type_is_type(type, "text", "plain");
        const bool is_html = g_mime_content_type_is_type(type, "text", "html");
        if (!attached && GMIME_IS_TEXT_PART(part) && ((is_text && file_name == nullptr) || is_html)) {
            const OwnedText text(g_mime_text_part_get_text(GMIME_TEXT_PART(part)));
            std::string& into = is_html ? html_ : plain_;
            std::string found = text ? std::string(text.get()) : octets_of(part, kLongestText).value_or("");
            const char* const format = g_mime_content_type_get_parameter(type, "format");
            if (is_text && format != nullptr && net::equal_ignoring_case(format, "flowed")) found = unflow(found);
            if (into.size() + found.size() > kLongestText)
                found.resize(kLongestText - std::min(into.size(), kLongestText));
            if (!into.empty() && !found.empty()) into += '\n';
            into += found;
            return;
        }
        const char* const type_name = g_mime_content_type_get_media_type(type);
        const char* const subtype = g_mime_content_type_get_media_subtype(type);
        auto octets = octets_of(part, kLargestAttachment);
        const std::string name = clean_line(file_name, kLongestName);
        if (!octets) {
            out_.letter.dropped.push_back(name.empty() ? "attachment" : name);
            return;
        }
        add_attachment(name,
                       fmt::format("{}/{}", type_name ? type_name : "application", subtype ? subtype : "octet-stream"),
                       std::move(*octets));
    }

    void add_attachment(std::string name, const std::string& media_type, std::string octets) {
        Received& letter = out_.letter;
        // A name is a name: no folder, and none that hides.
        if (const std::size_t slash = name.find_last_of("/\\"); slash != std::string::npos) name.erase(0, slash + 1);
        while (name.starts_with('.'))
            name.erase(0, 1);
        if (name.empty()) name = fmt::format("attachment-{}", letter.attachments.size() + 1);
        if (letter.attachments.size() == kMostAttachments || octets.size() > kLargestAttachment) {
            if (letter.dropped.size() < kMostAttachments) letter.dropped.push_back(std::move(name));
            return;
        }
        letter.attachments.push_back({std::move(name), lower(clean_line(media_type.c_str(), 100)), std::move(octets)});
    }

    void read_returned_header(std::string_view text) {
        while (!text.empty()) {
            std::string_view line = net::take_until(text, '\n');
            const std::string_view name = net::take_until(line, ':');
            if (!net::equal_ignoring_case(name, "Message-ID")) continue;
            if (const auto ids = message_ids_of(line); !ids.empty()) original_id_ = ids.front();
        }
    }

    /// RFC 3676 §4.2, without quote depth: soft breaks are joined.
    static std::string unflow(std::string_view text) {
        std::string out;
        while (!text.empty()) {
            std::string_view line = net::take_until(text, '\n');
            if (line.ends_with('\r')) line.remove_suffix(1);
            const bool quoted = line.starts_with('>');
            if (line.starts_with(' ')) line.remove_prefix(1);
            out += line;
            if (quoted || !line.ends_with(' ') || line == "-- ") out += '\n';
        }
        return out;
    }

    ParsedLetter& out_;
    std::string plain_, html_;
    std::optional<std::string> original_id_;
    bool is_report_ = false;
    int parts_ = 0;
};

Origin origin_of(GMimeMessage* message) {
    GMimeObject* const object = GMIME_OBJECT(message);
    Origin out;
    const std::string automatic = lower(header_of(object, "Auto-Submitted"));
    out.auto_submitted = net::trim(std::string_view(automatic).substr(0, automatic.find(';')));
    out.precedence = lower(std::string(net::trim(header_of(object, "Precedence"))));
    out.list_id = header_of(object, "List-Id");
    GMimeHeaderList* const headers = g_mime_object_get_header_list(object);
    const int count = std::min(g_mime_header_list_get_count(headers), 2000);
    for (int i = 0; i < count; ++i) {
        GMimeHeader* const header = g_mime_header_list_get_header_at(headers, i);
        const char* const name = g_mime_header_get_name(header);
        const char* const value = g_mime_header_get_value(header);
        if (name == nullptr || value == nullptr) continue;
        if (net::equal_ignoring_case(name, "Received")) ++out.received;
        if (net::equal_ignoring_case(name, "Return-Path") &&
            std::string_view(value).find("<>") != std::string_view::npos)
            out.null_return_path = true;
        if ((net::equal_ignoring_case(name, "Delivered-To") || net::equal_ignoring_case(name, "X-Original-To")) &&
            out.delivered_to.size() < 20 && check_address(net::trim(value)))
            out.delivered_to.emplace_back(net::trim(value));
        if (net::equal_ignoring_case(name, "X-Loop") && out.loop.size() < 4096) out.loop.append(value).append("\n");
    }
    return out;
}

std::vector<std::string> ids_in(GMimeObject* object, const char* name) {
    const char* const value = g_mime_object_get_header(object, name);
    return value == nullptr ? std::vector<std::string>() : message_ids_of(std::string_view(value).substr(0, 64'000));
}

}  // namespace

Result<ParsedLetter> parse_letter(ByteSpan octets) {
    if (octets.size() > kLargestLetter)
        return fail(ErrorCode::too_large, fmt::format("a letter has at most {} octets", kLargestLetter));
    start_gmime();
    const Owned<GMimeStream> stream(
        g_mime_stream_mem_new_with_buffer(reinterpret_cast<const char*>(octets.data()), octets.size()));
    const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
    const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
    if (!message)
        return fail(ErrorCode::invalid, "this is not a letter", {}, "a letter begins with a header (RFC 5322)");

    GMimeObject* const object = GMIME_OBJECT(message.get());
    ParsedLetter out;
    out.origin = origin_of(message.get());
    Received& letter = out.letter;
    std::vector<Address> from;
    add_addresses(g_mime_message_get_from(message.get()), from);
    if (from.empty()) add_addresses(g_mime_message_get_sender(message.get()), from);
    if (!from.empty()) letter.from = std::move(from.front());
    add_addresses(g_mime_message_get_to(message.get()), letter.to);
    add_addresses(g_mime_message_get_cc(message.get()), letter.cc);
    letter.subject = clean_line(g_mime_message_get_subject(message.get()), kLongestSubject);
    const auto own = ids_in(object, "Message-ID");
    // A letter without an identifier gets one from its content, so that a repeat is still known.
    letter.message_id =
        own.empty() ? fmt::format("{}@content.invalid", net::sha256_hex(as_text(octets)).substr(0, 40)) : own.front();
    letter.answers_to = ids_in(object, "In-Reply-To");
    auto references = ids_in(object, "References");
    std::ranges::reverse(references);
    for (std::string& id : references)
        if (std::ranges::find(letter.answers_to, id) == letter.answers_to.end())
            letter.answers_to.push_back(std::move(id));
    if (letter.answers_to.size() > 200) letter.answers_to.resize(200);
    letter.language = clean_line(g_mime_object_get_header(object, "Content-Language"), 20);
    if (GDateTime* const date = g_mime_message_get_date(message.get()); date != nullptr)
        letter.date = Time(std::chrono::seconds(g_date_time_to_unix(date)));

    PartReader parts(out);
    parts.read(g_mime_message_get_mime_part(message.get()), 0);
    parts.finish();
    return out;
}

// ---- writing

namespace {

InternetAddressList* list_of(GMimeMessage* message, GMimeAddressType kind) {
    return g_mime_message_get_addresses(message, kind);
}

Result<void> add_address(GMimeMessage* message, GMimeAddressType kind, const Address& address) {
    TRY(check_address(address.address));
    InternetAddress* const mailbox = internet_address_mailbox_new(
        address.name.empty() ? nullptr : clean_line(address.name.c_str(), kLongestName).c_str(),
        address.address.c_str());
    internet_address_set_charset(mailbox, "utf-8");
    internet_address_list_add(list_of(message, kind), mailbox);
    g_object_unref(mailbox);
    return {};
}

Result<void> set_ids(GMimeObject* object, const char* name, const std::vector<std::string>& ids) {
    std::string value;
    for (const std::string& id : ids) {
        if (message_ids_of("<" + id + ">").size() != 1)
            return fail(ErrorCode::invalid, "a Message-ID is malformed", id.substr(0, 80));
        if (!value.empty()) value += ' ';
        value += '<' + id + '>';
    }
    if (!value.empty()) g_mime_object_set_header(object, name, value.c_str(), nullptr);
    return {};
}

Owned<GMimePart> part_over(GMimePart* part, std::string_view octets, GMimeContentEncoding encoding) {
    const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(octets.data(), octets.size()));
    const Owned<GMimeDataWrapper> wrapper(
        g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
    g_mime_part_set_content(part, wrapper.get());
    g_mime_part_set_content_encoding(part, encoding);
    return Owned<GMimePart>(part);
}

Owned<GMimePart> text_part(const Letter& letter) {
    const std::string flowed = flow_text(letter.text);
    const bool seven_bit = is_ascii(flowed) && std::ranges::all_of(flowed, [longest = std::size_t{0}](char c) mutable {
                               longest = c == '\n' ? 0 : longest + 1;
                               return longest <= 900;
                           });
    auto part = part_over(g_mime_part_new_with_type("text", "plain"), flowed,
                          seven_bit ? GMIME_CONTENT_ENCODING_7BIT : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    GMimeObject* const object = GMIME_OBJECT(part.get());
    g_mime_object_set_content_type_parameter(object, "charset", "utf-8");
    g_mime_object_set_content_type_parameter(object, "format", "flowed");
    g_mime_object_set_content_type_parameter(object, "delsp", "no");
    g_mime_object_set_header(object, "Content-Language", std::string(enum_name(letter.language)).c_str(), nullptr);
    return part;
}

Owned<GMimePart> attachment_part(const Attachment& attachment) {
    const std::size_t slash = attachment.media_type.find('/');
    const bool known = slash != std::string::npos && is_ascii(attachment.media_type);
    const std::string type = known ? attachment.media_type.substr(0, slash) : "application";
    const std::string subtype = known ? attachment.media_type.substr(slash + 1) : "octet-stream";
    auto part = part_over(g_mime_part_new_with_type(type.c_str(), subtype.c_str()), attachment.octets,
                          GMIME_CONTENT_ENCODING_BASE64);
    g_mime_object_set_disposition(GMIME_OBJECT(part.get()), "attachment");
    g_mime_part_set_filename(part.get(), clean_line(attachment.name.c_str(), kLongestName).c_str());
    return part;
}

std::string crlf_lines(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 30);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r') continue;
        if (text[i] == '\n') out += '\r';
        out += text[i];
    }
    return out;
}

}  // namespace

Result<std::string> write_letter(const Letter& letter, const Stamp& stamp) {
    start_gmime();
    if (letter.to.empty()) return fail(ErrorCode::invalid, "a letter has a recipient", "to");
    const Owned<GMimeMessage> message(g_mime_message_new(TRUE));
    GMimeObject* const object = GMIME_OBJECT(message.get());
    TRY(add_address(message.get(), GMIME_ADDRESS_TYPE_FROM, letter.from.value_or(stamp.from)));
    for (const Address& address : letter.to)
        TRY(add_address(message.get(), GMIME_ADDRESS_TYPE_TO, address));
    if (letter.reply_to) TRY(add_address(message.get(), GMIME_ADDRESS_TYPE_REPLY_TO, *letter.reply_to));
    g_mime_message_set_subject(message.get(), clean_line(letter.subject.c_str(), kLongestSubject).c_str(), "utf-8");
    GDateTime* const date = g_date_time_new_from_unix_utc(
        std::chrono::duration_cast<std::chrono::seconds>(stamp.date.time_since_epoch()).count());
    g_mime_message_set_date(message.get(), date);
    g_date_time_unref(date);
    if (message_ids_of("<" + stamp.message_id + ">").size() != 1)
        return fail(ErrorCode::invalid, "the letter's Message-ID is malformed", stamp.message_id.substr(0, 80));
    g_mime_message_set_message_id(message.get(), stamp.message_id.c_str());
    if (!letter.in_reply_to.empty()) TRY(set_ids(object, "In-Reply-To", {letter.in_reply_to}));
    auto references = letter.references;
    if (references.size() > 20) references.erase(references.begin() + 1, references.end() - 19);
    TRY(set_ids(object, "References", references));
    if (letter.automatic) g_mime_object_set_header(object, "Auto-Submitted", "auto-generated", nullptr);
    if (!stamp.loop.empty()) g_mime_object_set_header(object, "X-Loop", stamp.loop.c_str(), nullptr);

    const Owned<GMimePart> text = text_part(letter);
    if (letter.attachments.empty()) {
        g_mime_message_set_mime_part(message.get(), GMIME_OBJECT(text.get()));
    } else {
        const Owned<GMimeMultipart> mixed(g_mime_multipart_new_with_subtype("mixed"));
        g_mime_multipart_add(mixed.get(), GMIME_OBJECT(text.get()));
        for (const Attachment& attachment : letter.attachments) {
            const Owned<GMimePart> part = attachment_part(attachment);
            g_mime_multipart_add(mixed.get(), GMIME_OBJECT(part.get()));
        }
        g_mime_message_set_mime_part(message.get(), GMIME_OBJECT(mixed.get()));
    }
    const OwnedText whole(g_mime_object_to_string(object, nullptr));
    return crlf_lines(whole.get());
}

}  // namespace quipu::mail
