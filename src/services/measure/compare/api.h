#pragma once
// Routes of comparisons under /api/v1/measure.

#include <functional>

#include "platform/service.h"
#include "services/measure/compare/store.h"

namespace quipu::compare {

/// A point that can compare.
struct ComparingPoint {
    std::string site, name;
    bool connected = false;
    net::IpAddress research, commodity;
    static constexpr auto describe() {
        using T = ComparingPoint;
        return fields(field<&T::site>("site", "Where it is").required().references("sites"),
                      field<&T::name>("name", "That site's name").required(),
                      field<&T::connected>("connected", "Its agent is there").required(),
                      field<&T::research>("research", "Its address in the research network").required(),
                      field<&T::commodity>("commodity", "Its address of the other provider").required());
    }
};

/// A comparison as the API shows it.
struct ShownComparison {
    std::int64_t id = 0;
    std::string from, host, to;
    net::IpAddress target;
    Time asked{};
    std::string by;
    State state = State::waiting;
    std::optional<Time> ended;
    std::string reason;
    std::optional<Outcome> outcome;
    static constexpr auto describe() {
        using T = ShownComparison;
        return fields(field<&T::id>("id", "Its number").required(),
                      field<&T::from>("from", "The point that compares").required().references("sites"),
                      field<&T::host>("host", "What was compared to, as it was asked for").required(),
                      field<&T::to>("to", "Its site, if it is a point of ours").references("sites"),
                      field<&T::target>("target", "Its address").required(),
                      field<&T::asked>("asked", "When").required(), field<&T::by>("by", "Who asked").required(),
                      field<&T::state>("state", "waiting, done or failed").required(),
                      field<&T::ended>("ended", "When it was decided"), field<&T::reason>("reason", "Why it failed"),
                      field<&T::outcome>("outcome", "The verdict and what it rests on"));
    }
};

struct Wish {
    std::string host, from;
    std::int64_t packets = 200;
    std::int64_t interval_us = 20'000;
    static constexpr auto describe() {
        using T = Wish;
        return fields(field<&T::host>("host",
                                      "A site of ours, a host's name or address; HOST:PORT for another port "
                                      "than STAMP's 862")
                          .required()
                          .at_most_long(300),
                      field<&T::from>("from", "The point that compares").required().references("sites"),
                      field<&T::packets>("packets", "Of each way").between(20, 2'000),
                      field<&T::interval_us>("interval_us", "Between two packets of a way")
                          .between(5'000, 1'000'000)
                          .format("us"));
    }
};

struct Rooms {
    const Store& store;
    std::function<std::vector<ComparingPoint>()> points;
    /// Answers the comparison that was begun; blocks.
    std::function<Result<Comparison>(const Wish& wish, const platform::Caller& caller)> begin;
};
void add_routes(platform::Api& api, const Rooms& rooms);

}  // namespace quipu::compare
