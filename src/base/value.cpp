#include "base/value.h"

#include <algorithm>

namespace quipu {

Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;
Value::Value(std::string value) : data_(std::move(value)) {}
Value::Value(std::string_view value) : data_(std::string(value)) {}
Value::Value(const char* value) : data_(std::string(value)) {}
Value::Value(Array value) : data_(std::move(value)) {}
Value::Value(Object value) : data_(std::move(value)) {}

const Value* Value::find(std::string_view key) const {
    const Object* object = if_object();
    if (object == nullptr) return nullptr;
    const auto found = std::ranges::find(*object, key, &Member::first);
    return found == object->end() ? nullptr : &found->second;
}

Value& Value::set(std::string_view key, Value value) {
    if (is_null()) data_ = Object{};
    auto& object = std::get<Object>(data_);
    const auto found = std::ranges::find(object, key, &Member::first);
    if (found != object.end()) return found->second = std::move(value);
    return object.emplace_back(std::string(key), std::move(value)).second;
}

Value& Value::push(Value value) {
    if (is_null()) data_ = Array{};
    return std::get<Array>(data_).emplace_back(std::move(value));
}

std::string_view Value::type_name() const {
    switch (data_.index()) {
        case 0: return "nothing";
        case 1: return "true or false";
        case 2: return "a whole number";
        case 3: return "a number";
        case 4: return "text";
        case 5: return "a list";
        default: return "a table";
    }
}

}  // namespace quipu
