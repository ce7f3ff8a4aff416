#include "desk/figures.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

namespace quipu::desk {
namespace {

struct Group {
    Statistic sum;
    std::vector<std::int64_t> answers, solutions;  ///< seconds
};

std::int64_t seconds_between(Time from, Time until) {
    return std::chrono::floor<std::chrono::seconds>(until - from).count();
}

/// Of an even number the lower of the two in the middle: a time that was one.
std::optional<std::int64_t> median_of(std::vector<std::int64_t>& times) {
    if (times.empty()) return std::nullopt;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
    std::ranges::nth_element(times, middle);
    return *middle;
}

void count(Group& group, const store::Figure& figure) {
    Statistic& sum = group.sum;
    ++sum.opened;
    if (figure.answered) {
        ++sum.answered;
        sum.answered_in_time += figure.answer_late ? 0 : 1;
        group.answers.push_back(seconds_between(figure.opened, *figure.answered));
    }
    if (figure.solved) {
        ++sum.solved;
        sum.solved_in_time += figure.solution_late ? 0 : 1;
        group.solutions.push_back(seconds_between(figure.opened, *figure.solved));
    } else {
        ++sum.still_open;
    }
}

}  // namespace

std::vector<Statistic> statistics_of(std::span<const store::Figure> figures, bool by_organisation,
                                     std::string_view only) {
    std::map<std::tuple<std::string, Queue, std::string>, Group> groups;
    for (const store::Figure& figure : figures) {
        const std::string month = format_date(date_of(figure.opened)).substr(0, 7);
        if (only.empty()) count(groups[{month, figure.queue, {}}], figure);
        if (!by_organisation) continue;
        for (const std::string& organisation : figure.organisations)
            if (only.empty() || organisation == only) count(groups[{month, figure.queue, organisation}], figure);
    }
    std::vector<Statistic> out;
    for (auto& [key, group] : groups) {
        std::tie(group.sum.month, group.sum.queue, group.sum.organisation) = key;
        group.sum.median_answer_s = median_of(group.answers);
        group.sum.median_solution_s = median_of(group.solutions);
        out.push_back(std::move(group.sum));
    }
    return out;
}

std::string statistics_csv(std::span<const Statistic> statistics) {
    std::string out;
    for_each_field<Statistic>([&](const auto& f) { out += fmt::format("{}{}", out.empty() ? "" : ",", f.name); });
    out += "\r\n";
    const auto optional = [](const std::optional<std::int64_t>& value) { return value ? fmt::to_string(*value) : ""; };
    for (const Statistic& s : statistics)  // months, names of queues and slugs need no quotes
        out += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\r\n", s.month, enum_name(s.queue), s.organisation,
                           s.opened, s.answered, s.answered_in_time, s.solved, s.solved_in_time, s.still_open,
                           optional(s.median_answer_s), optional(s.median_solution_s));
    return out;
}

}  // namespace quipu::desk
