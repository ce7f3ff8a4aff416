#include "registry/light.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace quipu::registry {
namespace {

double great_circle(const Site& a, const Site& b) {
    constexpr double kEarthRadius = 6'371'008.8;  // metres, IUGG mean
    constexpr double kRadian = std::numbers::pi / 180;
    const double up = std::sin((*b.latitude - *a.latitude) * kRadian / 2);
    const double along = std::sin((*b.longitude - *a.longitude) * kRadian / 2);
    const double h = up * up + std::cos(*a.latitude * kRadian) * std::cos(*b.latitude * kRadian) * along * along;
    return 2 * kEarthRadius * std::asin(std::min(1.0, std::sqrt(h)));
}

bool is_placed(const Site& site) {
    return site.latitude && site.longitude;
}

}  // namespace

std::optional<double> metres_of(const Link& link, const Site& a, const Site& b, double detour) {
    if (link.length) return link.length->metres;
    if (is_placed(a) && is_placed(b)) return great_circle(a, b) * detour;
    return std::nullopt;
}

std::optional<Nanoseconds> light_delay(const Link& link, const Site& a, const Site& b, double detour) {
    constexpr double kFibreNanosecondsPerMetre = 5;  // a group index of about 1.5
    constexpr double kVacuumNanosecondsPerMetre = 1e9 / 299'792'458;
    constexpr double kGeostationaryHop = 2 * 38'000'000.0;  // metres, up and down at a middling elevation
    const bool in_space = link.medium == Medium::satellite || link.medium == Medium::radio;
    std::optional<double> metres = metres_of(link, a, b, detour);
    if (link.medium == Medium::satellite) metres = std::max(metres.value_or(0), kGeostationaryHop);
    if (!metres) return std::nullopt;
    const double nanoseconds = *metres * (in_space ? kVacuumNanosecondsPerMetre : kFibreNanosecondsPerMetre);
    return Nanoseconds(std::llround(nanoseconds / 1000) * 1000);
}

}  // namespace quipu::registry
