#include "registry/faults.h"

#include <array>
#include <fmt/format.h>

namespace quipu::registry {
namespace {

constexpr std::size_t kMaxFaults = 100;

/// Which code stands for a set that has several faults.
int gravity(ErrorCode code) {
    constexpr std::array order = {ErrorCode::conflict, ErrorCode::invalid, ErrorCode::not_found,
                                  ErrorCode::precondition_failed};
    for (std::size_t i = 0; i < order.size(); ++i)
        if (order[i] == code) return static_cast<int>(i);
    return static_cast<int>(order.size());
}

std::uint32_t line_of(const Change& change, std::string_view field) {
    const Value* member = change.object.find(field.substr(0, field.find_first_of(".[")));
    if (member != nullptr && member->line() != 0) return member->line();
    return change.line != 0 ? change.line : change.object.line();
}

}  // namespace

std::string Faults::path_of(const Change& change) const {
    if (set_.source.empty() && set_.changes.size() == 1) return {};
    return fmt::format("{}[{}]", enum_name(change.kind), change.id);
}

void Faults::add(ErrorCode code, const Change& change, std::string_view field, std::string what) {
    if (faults_.empty() || gravity(code) > gravity(code_)) code_ = code;
    if (faults_.size() == kMaxFaults) {
        ++more_;
        return;
    }
    std::string where = set_.source;
    if (const std::uint32_t line = line_of(change, field); !where.empty() && line != 0)
        where += fmt::format(":{}", line);
    std::string path = path_of(change);
    if (!path.empty() && !field.empty()) path += '.';
    path += field;
    if (!where.empty() && !path.empty()) where += ' ';
    faults_.push_back({where + path, std::move(what)});
}

void Faults::add(const Error& error) {
    if (faults_.empty() || gravity(error.code) > gravity(code_)) code_ = error.code;
    for (const Fault& fault : error.faults) {
        if (faults_.size() == kMaxFaults)
            ++more_;
        else
            faults_.push_back(fault);
    }
}

Error Faults::error() const {
    Error error{code_, {}, {}, {}, faults_};
    if (faults_.size() == 1 && more_ == 0) {
        error.what = faults_.front().what;
        error.where = faults_.front().where;
        return error;
    }
    error.what = fmt::format("nothing was changed: the input has {} faults", faults_.size() + more_);
    error.where = set_.source;
    if (more_ > 0) error.faults.push_back({set_.source, fmt::format("and {} more", more_)});
    return error;
}

}  // namespace quipu::registry
