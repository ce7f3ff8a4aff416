#include "base/describe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace quipu {
namespace {

constexpr std::size_t kMaxFaults = 100;

bool is_slug(std::string_view text) {
    if (text.empty() || text.size() > 63 || text.front() == '-' || text.back() == '-') return false;
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::size_t count_characters(std::string_view utf8) {
    std::size_t count = 0;
    for (const char c : utf8)
        count += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
    return count;
}

/// The text as a message can repeat it.
std::string shown(std::string_view text) {
    constexpr std::size_t kShown = 60;
    return fmt::format("\"{}{}\"", text.substr(0, kShown), text.size() > kShown ? "…" : "");
}

}  // namespace

std::string TextForm<Nanoseconds>::format(const Nanoseconds& value) {
    // The largest unit that says it exactly, so that what is written is read back the same.
    struct Unit {
        std::int64_t size;
        std::string_view name;
    };
    constexpr std::array units = {Unit{86'400'000'000'000, "d"}, Unit{3'600'000'000'000, "h"},
                                  Unit{60'000'000'000, "min"},   Unit{1'000'000'000, "s"},
                                  Unit{1'000'000, "ms"},         Unit{1'000, "us"}};
    if (value.count() == 0) return "0s";
    for (const Unit& unit : units)
        if (value.count() % unit.size == 0) return fmt::format("{}{}", value.count() / unit.size, unit.name);
    return fmt::format("{}ns", value.count());
}

ReadContext::Step::Step(ReadContext& context, std::string_view key) : context_(context), length_(context.path_.size()) {
    if (!context.path_.empty()) context.path_ += '.';
    context.path_ += key;
}

ReadContext::Step::Step(ReadContext& context, std::size_t index) : context_(context), length_(context.path_.size()) {
    context.path_ += fmt::format("[{}]", index);
}

ReadContext::Step::~Step() {
    context_.path_.resize(length_);
}

void ReadContext::fault(const Value& at, std::string what) {
    if (faults_.size() == kMaxFaults) {
        ++more_;
        return;
    }
    std::string where = name_;
    if (!where.empty() && at.line() != 0) where += fmt::format(":{}", at.line());
    if (!where.empty() && !path_.empty()) where += ' ';
    where += path_;
    faults_.push_back({std::move(where), std::move(what)});
}

Error ReadContext::error() const {
    Error error{ErrorCode::invalid, {}, {}, {}, {}};
    if (faults_.size() == 1 && more_ == 0) {
        error.what = faults_.front().what;
        error.where = faults_.front().where;
        error.faults = faults_;
        return error;
    }
    error.what = fmt::format("the input has {} faults", faults_.size() + more_);
    error.where = name_;
    error.faults = faults_;
    if (more_ > 0) error.faults.push_back({name_, fmt::format("and {} more", more_)});
    return error;
}

void ReadContext::check_text(const Value& at, std::string_view text, const FieldRules& rules) {
    if (count_characters(text) > rules.max_length)
        return fault(at, fmt::format("is longer than {} characters", rules.max_length));
    if (rules.required && text.empty()) return fault(at, "must not be empty");
    if (rules.pattern == kSlug && !is_slug(text))
        fault(at, shown(text) + " must be 1 to 63 lower-case letters, digits and inner hyphens");
}

void ReadContext::check_number(const Value& at, double number, const FieldRules& rules) {
    if (std::isnan(number)) return fault(at, "is not a number");
    if (number < rules.minimum) return fault(at, fmt::format("{} is below {}", number, rules.minimum));
    if (number > rules.maximum) fault(at, fmt::format("{} is above {}", number, rules.maximum));
}

namespace detail {
namespace {

std::string found(std::string_view expected, const Value& in) {
    return fmt::format("expected {}, found {}", expected, in.type_name());
}

template <class T>
const T* expect(const T* value, std::string_view expected, const Value& in, ReadContext& context) {
    if (value == nullptr) context.fault(in, found(expected, in));
    return value;
}

}  // namespace

const std::string* expect_text(const Value& in, ReadContext& context) {
    return expect(in.if_string(), "text", in, context);
}
const Value::Object* expect_table(const Value& in, ReadContext& context) {
    return expect(in.if_object(), "a table", in, context);
}
const Value::Array* expect_list(const Value& in, ReadContext& context, const FieldRules& rules) {
    const auto* list = expect(in.if_array(), "a list", in, context);
    if (list == nullptr || list->size() <= rules.max_length) return list;
    context.fault(in, "has too many elements");
    return nullptr;
}

std::optional<std::int64_t> read_integer(const Value& in, std::int64_t low, std::int64_t high, ReadContext& context,
                                         const FieldRules& rules) {
    const auto* integer = in.if_integer();
    if (integer == nullptr) {
        context.fault(in, in.if_double() != nullptr ? "expected a whole number" : found("a number", in));
        return std::nullopt;
    }
    if (*integer < low || *integer > high) {
        context.fault(in, "is outside the range of this field");
        return std::nullopt;
    }
    context.check_number(in, static_cast<double>(*integer), rules);
    return *integer;
}

std::optional<double> read_real(const Value& in, ReadContext& context, const FieldRules& rules) {
    double out = 0;
    if (const auto* integer = in.if_integer())
        out = static_cast<double>(*integer);
    else if (const auto* real = expect(in.if_double(), "a number", in, context))
        out = *real;
    else
        return std::nullopt;
    context.check_number(in, out, rules);
    return out;
}

std::optional<std::size_t> read_name(const Value& in, EnumNames names, ReadContext& context) {
    if (const auto* text = in.if_string()) {
        const auto at = std::ranges::find(names, *text);
        if (at != names.end()) return at - names.begin();
    }
    context.fault(in, fmt::format("expected one of {}", fmt::join(names, ", ")));
    return std::nullopt;
}

void read_object(void* out, FieldCodecs fields, const Value& in, ReadContext& context) {
    const auto* object = expect_table(in, context);
    if (object == nullptr) return;
    for (const auto& [key, member] : *object) {
        if (std::ranges::find(fields, key, &FieldCodec::name) != fields.end()) continue;
        const ReadContext::Step step(context, key);
        context.fault(member, "unknown key");
    }
    for (const FieldCodec& field : fields) {
        const ReadContext::Step step(context, field.name);
        const Value* member = in.find(field.name);
        if (member != nullptr && !member->is_null())
            field.codec->read(const_cast<void*>(field.member(out)), *member, context, field.rules);
        else if (field.rules.required)
            context.fault(in, "is required");
    }
}

void write_object(JsonWriter& out, FieldCodecs fields, const void* value) {
    out.begin_object();
    for (const FieldCodec& field : fields) {
        const void* member = field.member(value);
        // An absent optional is left out: the schema says which fields are always there.
        if (field.codec->absent != nullptr && field.codec->absent(member)) continue;
        out.key(field.name);
        field.codec->write(out, member);
    }
    out.end_object();
}

Value object_to_value(FieldCodecs fields, const void* value) {
    Value::Object out;
    for (const FieldCodec& field : fields) {
        Value member = field.codec->to_value(field.member(value));
        if (!member.is_null()) out.emplace_back(std::string(field.name), std::move(member));
    }
    return out;
}

Value object_schema(FieldCodecs fields) {
    Value properties{Value::Object{}};
    Value required;
    for (const FieldCodec& field : fields) {
        Value property = field.codec->schema(field.rules);
        property.set("description", field.doc);
        if (field.rules.read_only) property.set("readOnly", true);
        properties.set(field.name, std::move(property));
        if (field.rules.required) required.push(field.name);
    }
    Value out;
    out.set("type", "object");
    out.set("properties", std::move(properties));
    if (!required.is_null()) out.set("required", std::move(required));
    out.set("additionalProperties", false);
    return out;
}

FieldRules rules_of_elements(const FieldRules& rules) {
    FieldRules inner = rules;
    inner.max_length = FieldRules{}.max_length;
    return inner;
}

Value text_schema(const FieldRules& rules) {
    Value out;
    out.set("type", "string");
    out.set("maxLength", rules.max_length);
    if (rules.pattern == kSlug) out.set("pattern", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
    if (!rules.format.empty()) out.set("format", rules.format);
    if (!rules.reference.empty()) out.set("x-reference", rules.reference);
    return out;
}

Value number_schema(std::string_view type, const FieldRules& rules) {
    Value out;
    out.set("type", type);
    if (rules.minimum > -1e308) out.set("minimum", rules.minimum);
    if (rules.maximum < 1e308) out.set("maximum", rules.maximum);
    if (!rules.format.empty()) out.set("x-unit", rules.format);
    return out;
}

Value names_schema(EnumNames names) {
    Value list;
    for (const std::string_view name : names)
        list.push(name);
    Value out;
    out.set("type", "string");
    out.set("enum", std::move(list));
    return out;
}

Value formatted_schema(std::string_view format) {
    Value out;
    out.set("type", "string");
    out.set("format", format);
    return out;
}

Value list_schema(Value items) {
    Value out;
    out.set("type", "array");
    out.set("items", std::move(items));
    return out;
}

Value map_schema(Value members) {
    Value out;
    out.set("type", "object");
    out.set("additionalProperties", std::move(members));
    return out;
}

void CodecOf<Value>::read(void* out, const Value& in, ReadContext&, const FieldRules&) {
    to(out) = in;
}
void CodecOf<Value>::write(JsonWriter& out, const void* value) {
    out.value(of(value));
}
Value CodecOf<Value>::to_value(const void* value) {
    return of(value);
}
Value CodecOf<Value>::schema(const FieldRules&) {
    Value out;
    out.set("description", "Any JSON value");
    return out;
}

void CodecOf<bool>::read(void* out, const Value& in, ReadContext& context, const FieldRules&) {
    if (const auto* value = expect(in.if_bool(), "true or false", in, context)) to(out) = *value;
}
void CodecOf<bool>::write(JsonWriter& out, const void* value) {
    out.boolean(of(value));
}
Value CodecOf<bool>::to_value(const void* value) {
    return of(value);
}
Value CodecOf<bool>::schema(const FieldRules&) {
    Value out;
    out.set("type", "boolean");
    return out;
}

void CodecOf<std::string>::read(void* out, const Value& in, ReadContext& context, const FieldRules& rules) {
    const auto* text = expect_text(in, context);
    if (text == nullptr) return;
    to(out) = *text;
    context.check_text(in, *text, rules);
}
void CodecOf<std::string>::write(JsonWriter& out, const void* value) {
    out.string(of(value));
}
Value CodecOf<std::string>::to_value(const void* value) {
    return of(value);
}
Value CodecOf<std::string>::schema(const FieldRules& rules) {
    return text_schema(rules);
}

}  // namespace detail

}  // namespace quipu
