#pragma once
// Sets of payloads as a line of text, for tests: "192.0.2.0/24-26 AS64496, aspa 64500 1 2, key 7 AS64496".

#include <algorithm>
#include <fmt/format.h>
#include <sstream>
#include <stdexcept>
#include <string>

#include "base/random.h"
#include "services/rpki/payloads.h"

namespace quipu::rpki::rtr {

inline Vrp vrp_of(const std::string& prefix, const std::string& as) {
    const std::size_t dash = prefix.find('-');
    const auto parsed = net::Prefix::parse(prefix.substr(0, dash));
    if (!parsed || dash == std::string::npos || !as.starts_with("AS")) throw std::invalid_argument(prefix + " " + as);
    Vrp out{.as = static_cast<Asn>(std::stoul(as.substr(2))),
            .length = static_cast<std::uint8_t>(parsed->length()),
            .max_length = static_cast<std::uint8_t>(std::stoul(prefix.substr(dash + 1))),
            .v6 = parsed->address().is_v6()};
    if (out.v6)
        for (const std::uint8_t octet : parsed->address().octets())
            out.address = (out.address << 8U) | octet;
    else
        out.address = parsed->address().to_v4();
    return out;
}

inline std::string text_of(const Vrp& vrp) {
    return fmt::format("{}-{} AS{}", vrp.prefix().text(), vrp.max_length, vrp.as);
}

inline PayloadSet payloads(std::string_view text) {
    PayloadSet out;
    std::istringstream all{std::string(text)};
    for (std::string part; std::getline(all, part, ',');) {
        std::istringstream words(part);
        std::string first, second;
        if (!(words >> first >> second)) continue;
        if (first == "aspa") {
            Aspa aspa{.customer = static_cast<Asn>(std::stoul(second)), .providers = {}};
            for (Asn provider = 0; words >> provider;)
                aspa.providers.push_back(provider);
            out.aspas.push_back(std::move(aspa));
        } else if (first == "key") {
            std::string as;
            words >> as;
            const auto number = static_cast<Asn>(std::stoul(as.substr(2)));
            out.router_keys.push_back({.as = {number, number},
                                       .key_id = {static_cast<std::uint8_t>(std::stoul(second))},
                                       .key_info = {0x30, 0}});
        } else {
            out.vrps.push_back(vrp_of(first, second));
        }
    }
    std::ranges::sort(out.vrps);
    std::ranges::sort(out.aspas);
    std::ranges::sort(out.router_keys);
    return out;
}

/// Of few payloads, so that two sets have much in common.
inline PayloadSet random_set(Rng& rng) {
    PayloadSet out;
    const auto half = [&] { return rng.below(2) == 0; };
    for (std::uint32_t i = 0; i < 8; ++i) {
        if (half())
            out.vrps.push_back({.address = Ipv6{10} << 24U,
                                .as = i % 3,
                                .length = static_cast<std::uint8_t>(8 + i / 3),
                                .max_length = static_cast<std::uint8_t>(12 + i % 2),
                                .v6 = false});
        if (half())
            out.vrps.push_back({.address = Ipv6{0x2001} << 112U,
                                .as = i % 2,
                                .length = static_cast<std::uint8_t>(16 + i),
                                .max_length = 64,
                                .v6 = true});
        if (half())
            out.router_keys.push_back({.as = {i, i}, .key_id = {static_cast<std::uint8_t>(i)}, .key_info = {1}});
        if (half()) {
            Aspa aspa{.customer = i, .providers = {}};
            for (Asn provider = 1; provider < 4; ++provider)
                if (half()) aspa.providers.push_back(provider);
            if (!aspa.providers.empty()) out.aspas.push_back(std::move(aspa));
        }
    }
    std::ranges::sort(out.vrps);
    return out;
}

}  // namespace quipu::rpki::rtr
