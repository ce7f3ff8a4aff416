#include "desk/holidays.h"

#include <algorithm>
#include <array>

namespace quipu::desk {
namespace {

using namespace std::chrono;

/// Where a holiday goes that falls badly.
enum class Move : std::uint8_t {
    stays,
    next_monday,     ///< Colombia, law 51 of 1983: to the Monday after, unless it is one
    near_monday,     ///< Argentina (law 27.399), Uruguay (law 16.805), Guatemala: Tuesday and Wednesday to the Monday
                     ///< before, Thursday and Friday to the one after
    chile_monday,    ///< Chile, law 19.668: Tuesday to Thursday to the Monday before, Friday to the one after
    chile_friday,    ///< Chile, law 20.299: Tuesday to the Friday before, Wednesday to the one after
    ecuador_bridge,  ///< Ecuador, law of 20 December 2016: Tuesday to Monday, Wednesday and Thursday to Friday,
                     ///< Saturday to Friday, Sunday to Monday
    sunday_monday,   ///< Bolivia, Panama: Sunday to Monday
};

struct Rule {
    std::string_view country;
    int month = 0;  ///< 0: days after Easter Sunday
    int day = 0;    ///< of the month; of Easter; 10 n + weekday (1 Monday): the n-th such day of the month when `nth`
    std::string_view name;
    Move move = Move::stays;
    int since = 0, until = 9999;  ///< years
    bool nth = false;
};

constexpr int kEaster = 0;

// Work stops on these days by law in the whole country. Sundays need no rule.
constexpr std::array kRules = std::to_array<Rule>({
    {"AR", 1, 1, "Año Nuevo"},
    {"AR", kEaster, -48, "Carnaval", Move::stays, 2011},
    {"AR", kEaster, -47, "Carnaval", Move::stays, 2011},
    {"AR", 3, 24, "Día Nacional de la Memoria por la Verdad y la Justicia"},
    {"AR", 4, 2, "Día del Veterano y de los Caídos en la Guerra de Malvinas"},
    {"AR", kEaster, -2, "Viernes Santo"},
    {"AR", 5, 1, "Día del Trabajador"},
    {"AR", 5, 25, "Día de la Revolución de Mayo"},
    {"AR", 6, 17, "Paso a la Inmortalidad del General Güemes", Move::near_monday, 2016},
    {"AR", 6, 20, "Paso a la Inmortalidad del General Belgrano"},
    {"AR", 7, 9, "Día de la Independencia"},
    {"AR", 8, 17, "Paso a la Inmortalidad del General San Martín", Move::near_monday},
    {"AR", 10, 12, "Día del Respeto a la Diversidad Cultural", Move::near_monday},
    {"AR", 11, 20, "Día de la Soberanía Nacional", Move::near_monday, 2010},
    {"AR", 12, 8, "Inmaculada Concepción de María"},
    {"AR", 12, 25, "Navidad"},

    {"BO", 1, 1, "Año Nuevo", Move::sunday_monday},
    {"BO", 1, 22, "Día del Estado Plurinacional", Move::sunday_monday, 2010},
    {"BO", kEaster, -48, "Carnaval"},
    {"BO", kEaster, -47, "Carnaval"},
    {"BO", kEaster, -2, "Viernes Santo"},
    {"BO", 5, 1, "Día del Trabajo", Move::sunday_monday},
    {"BO", kEaster, 60, "Corpus Christi"},
    {"BO", 6, 21, "Año Nuevo Aymara Amazónico", Move::sunday_monday, 2010},
    {"BO", 8, 6, "Día de la Independencia", Move::sunday_monday},
    {"BO", 11, 2, "Día de Todos los Difuntos", Move::sunday_monday},
    {"BO", 12, 25, "Navidad", Move::sunday_monday},

    {"BR", 1, 1, "Confraternização Universal"},
    {"BR", kEaster, -48, "Carnaval"},
    {"BR", kEaster, -47, "Carnaval"},
    {"BR", kEaster, -2, "Paixão de Cristo"},
    {"BR", 4, 21, "Tiradentes"},
    {"BR", 5, 1, "Dia Mundial do Trabalho"},
    {"BR", kEaster, 60, "Corpus Christi"},
    {"BR", 9, 7, "Independência do Brasil"},
    {"BR", 10, 12, "Nossa Senhora Aparecida"},
    {"BR", 11, 2, "Finados"},
    {"BR", 11, 15, "Proclamação da República"},
    {"BR", 11, 20, "Dia Nacional de Zumbi e da Consciência Negra", Move::stays, 2024},
    {"BR", 12, 25, "Natal"},

    {"CL", 1, 1, "Año Nuevo"},
    {"CL", kEaster, -2, "Viernes Santo"},
    {"CL", kEaster, -1, "Sábado Santo"},
    {"CL", 5, 1, "Día Nacional del Trabajo"},
    {"CL", 5, 21, "Día de las Glorias Navales"},
    {"CL", 6, 29, "San Pedro y San Pablo", Move::chile_monday},
    {"CL", 7, 16, "Día de la Virgen del Carmen", Move::stays, 2007},
    {"CL", 8, 15, "Asunción de la Virgen"},
    {"CL", 9, 18, "Independencia Nacional"},
    {"CL", 9, 19, "Día de las Glorias del Ejército"},
    {"CL", 10, 12, "Encuentro de Dos Mundos", Move::chile_monday},
    {"CL", 10, 31, "Día de las Iglesias Evangélicas y Protestantes", Move::chile_friday, 2008},
    {"CL", 11, 1, "Día de Todos los Santos"},
    {"CL", 12, 8, "Inmaculada Concepción"},
    {"CL", 12, 25, "Navidad"},

    {"CO", 1, 1, "Año Nuevo"},
    {"CO", 1, 6, "Día de los Reyes Magos", Move::next_monday},
    {"CO", 3, 19, "Día de San José", Move::next_monday},
    {"CO", kEaster, -3, "Jueves Santo"},
    {"CO", kEaster, -2, "Viernes Santo"},
    {"CO", 5, 1, "Día del Trabajo"},
    {"CO", kEaster, 43, "Ascensión del Señor"},
    {"CO", kEaster, 64, "Corpus Christi"},
    {"CO", kEaster, 71, "Sagrado Corazón de Jesús"},
    {"CO", 6, 29, "San Pedro y San Pablo", Move::next_monday},
    {"CO", 7, 20, "Día de la Independencia"},
    {"CO", 8, 7, "Batalla de Boyacá"},
    {"CO", 8, 15, "Asunción de la Virgen", Move::next_monday},
    {"CO", 10, 12, "Día de la Raza", Move::next_monday},
    {"CO", 11, 1, "Día de Todos los Santos", Move::next_monday},
    {"CO", 11, 11, "Independencia de Cartagena", Move::next_monday},
    {"CO", 12, 8, "Inmaculada Concepción"},
    {"CO", 12, 25, "Navidad"},

    {"CR", 1, 1, "Año Nuevo"},
    {"CR", kEaster, -3, "Jueves Santo"},
    {"CR", kEaster, -2, "Viernes Santo"},
    {"CR", 4, 11, "Día de Juan Santamaría"},
    {"CR", 5, 1, "Día Internacional del Trabajo"},
    {"CR", 7, 25, "Anexión del Partido de Nicoya"},
    {"CR", 8, 15, "Día de la Madre"},
    {"CR", 9, 15, "Día de la Independencia"},
    {"CR", 12, 1, "Día de la Abolición del Ejército", Move::stays, 2020},
    {"CR", 12, 25, "Navidad"},

    {"CU", 1, 1, "Triunfo de la Revolución"},
    {"CU", 1, 2, "Día de la Victoria"},
    {"CU", kEaster, -2, "Viernes Santo", Move::stays, 2012},
    {"CU", 5, 1, "Día Internacional de los Trabajadores"},
    {"CU", 7, 25, "Conmemoración del asalto al Moncada"},
    {"CU", 7, 26, "Día de la Rebeldía Nacional"},
    {"CU", 7, 27, "Conmemoración del asalto al Moncada"},
    {"CU", 10, 10, "Inicio de las Guerras de Independencia"},
    {"CU", 12, 25, "Navidad"},
    {"CU", 12, 31, "Fin de Año"},

    {"EC", 1, 1, "Año Nuevo"},
    {"EC", kEaster, -48, "Carnaval"},
    {"EC", kEaster, -47, "Carnaval"},
    {"EC", kEaster, -2, "Viernes Santo"},
    {"EC", 5, 1, "Día del Trabajo", Move::ecuador_bridge},
    {"EC", 5, 24, "Batalla de Pichincha", Move::ecuador_bridge},
    {"EC", 8, 10, "Primer Grito de Independencia", Move::ecuador_bridge},
    {"EC", 10, 9, "Independencia de Guayaquil", Move::ecuador_bridge},
    {"EC", 11, 2, "Día de los Difuntos"},
    {"EC", 11, 3, "Independencia de Cuenca"},
    {"EC", 12, 25, "Navidad"},

    {"SV", 1, 1, "Año Nuevo"},
    {"SV", kEaster, -3, "Jueves Santo"},
    {"SV", kEaster, -2, "Viernes Santo"},
    {"SV", kEaster, -1, "Sábado Santo"},
    {"SV", 5, 1, "Día del Trabajo"},
    {"SV", 5, 10, "Día de la Madre", Move::stays, 2016},
    {"SV", 6, 17, "Día del Padre", Move::stays, 2012},
    {"SV", 8, 6, "Celebración del Divino Salvador del Mundo"},
    {"SV", 9, 15, "Día de la Independencia"},
    {"SV", 11, 2, "Día de los Difuntos"},
    {"SV", 12, 25, "Navidad"},

    {"GT", 1, 1, "Año Nuevo"},
    {"GT", kEaster, -3, "Jueves Santo"},
    {"GT", kEaster, -2, "Viernes Santo"},
    {"GT", kEaster, -1, "Sábado Santo"},
    {"GT", 5, 1, "Día del Trabajo"},
    {"GT", 6, 30, "Día del Ejército", Move::near_monday},
    {"GT", 9, 15, "Día de la Independencia"},
    {"GT", 10, 20, "Revolución de 1944", Move::near_monday},
    {"GT", 11, 1, "Día de Todos los Santos"},
    {"GT", 12, 25, "Navidad"},

    {"HN", 1, 1, "Año Nuevo"},
    {"HN", kEaster, -3, "Jueves Santo"},
    {"HN", kEaster, -2, "Viernes Santo"},
    {"HN", kEaster, -1, "Sábado Santo"},
    {"HN", 4, 14, "Día de las Américas"},
    {"HN", 5, 1, "Día del Trabajo"},
    {"HN", 9, 15, "Día de la Independencia"},
    {"HN", 10, 3, "Nacimiento de Francisco Morazán"},
    {"HN", 10, 12, "Día de la Raza"},
    {"HN", 10, 21, "Día de las Fuerzas Armadas"},
    {"HN", 12, 25, "Navidad"},

    {"MX", 1, 1, "Año Nuevo"},
    {"MX", 2, 11, "Día de la Constitución", Move::stays, 2006, 9999, true},
    {"MX", 3, 31, "Natalicio de Benito Juárez", Move::stays, 2006, 9999, true},
    {"MX", 5, 1, "Día del Trabajo"},
    {"MX", 9, 16, "Día de la Independencia"},
    {"MX", 11, 31, "Día de la Revolución", Move::stays, 2006, 9999, true},
    {"MX", 12, 25, "Navidad"},

    {"NI", 1, 1, "Año Nuevo"},
    {"NI", kEaster, -3, "Jueves Santo"},
    {"NI", kEaster, -2, "Viernes Santo"},
    {"NI", 5, 1, "Día del Trabajo"},
    {"NI", 7, 19, "Día de la Revolución"},
    {"NI", 9, 14, "Batalla de San Jacinto"},
    {"NI", 9, 15, "Día de la Independencia"},
    {"NI", 12, 8, "Inmaculada Concepción"},
    {"NI", 12, 25, "Navidad"},

    {"PA", 1, 1, "Año Nuevo", Move::sunday_monday},
    {"PA", 1, 9, "Día de los Mártires", Move::sunday_monday},
    {"PA", kEaster, -47, "Martes de Carnaval"},
    {"PA", kEaster, -2, "Viernes Santo"},
    {"PA", 5, 1, "Día del Trabajo", Move::sunday_monday},
    {"PA", 11, 3, "Separación de Panamá de Colombia", Move::sunday_monday},
    {"PA", 11, 5, "Día de Colón", Move::sunday_monday},
    {"PA", 11, 10, "Primer Grito de Independencia", Move::sunday_monday},
    {"PA", 11, 28, "Independencia de Panamá de España", Move::sunday_monday},
    {"PA", 12, 8, "Día de la Madre", Move::sunday_monday},
    {"PA", 12, 20, "Duelo Nacional", Move::stays, 2022},
    {"PA", 12, 25, "Navidad", Move::sunday_monday},

    {"PE", 1, 1, "Año Nuevo"},
    {"PE", kEaster, -3, "Jueves Santo"},
    {"PE", kEaster, -2, "Viernes Santo"},
    {"PE", 5, 1, "Día del Trabajo"},
    {"PE", 6, 7, "Batalla de Arica y Día de la Bandera", Move::stays, 2024},
    {"PE", 6, 29, "San Pedro y San Pablo"},
    {"PE", 7, 23, "Día de la Fuerza Aérea", Move::stays, 2024},
    {"PE", 7, 28, "Fiestas Patrias"},
    {"PE", 7, 29, "Fiestas Patrias"},
    {"PE", 8, 6, "Batalla de Junín", Move::stays, 2022},
    {"PE", 8, 30, "Santa Rosa de Lima"},
    {"PE", 10, 8, "Combate de Angamos"},
    {"PE", 11, 1, "Día de Todos los Santos"},
    {"PE", 12, 8, "Inmaculada Concepción"},
    {"PE", 12, 9, "Batalla de Ayacucho", Move::stays, 2022},
    {"PE", 12, 25, "Navidad"},

    {"PY", 1, 1, "Año Nuevo"},
    {"PY", 3, 1, "Día de los Héroes"},
    {"PY", kEaster, -3, "Jueves Santo"},
    {"PY", kEaster, -2, "Viernes Santo"},
    {"PY", 5, 1, "Día de los Trabajadores"},
    {"PY", 5, 14, "Independencia Nacional", Move::stays, 2012},
    {"PY", 5, 15, "Independencia Nacional"},
    {"PY", 6, 12, "Paz del Chaco"},
    {"PY", 8, 15, "Fundación de Asunción"},
    {"PY", 9, 29, "Batalla de Boquerón"},
    {"PY", 12, 8, "Virgen de Caacupé"},
    {"PY", 12, 25, "Navidad"},

    {"UY", 1, 1, "Año Nuevo"},
    {"UY", 1, 6, "Día de los Niños"},
    {"UY", kEaster, -48, "Carnaval"},
    {"UY", kEaster, -47, "Carnaval"},
    {"UY", kEaster, -3, "Semana de Turismo"},
    {"UY", kEaster, -2, "Semana de Turismo"},
    {"UY", 4, 19, "Desembarco de los Treinta y Tres Orientales", Move::near_monday},
    {"UY", 5, 1, "Día de los Trabajadores"},
    {"UY", 5, 18, "Batalla de Las Piedras", Move::near_monday},
    {"UY", 6, 19, "Natalicio de Artigas"},
    {"UY", 7, 18, "Jura de la Constitución"},
    {"UY", 8, 25, "Declaratoria de la Independencia"},
    {"UY", 10, 12, "Día de la Raza", Move::near_monday},
    {"UY", 11, 2, "Día de los Difuntos"},
    {"UY", 12, 25, "Día de la Familia"},

    {"VE", 1, 1, "Año Nuevo"},
    {"VE", kEaster, -48, "Carnaval", Move::stays, 2012},
    {"VE", kEaster, -47, "Carnaval", Move::stays, 2012},
    {"VE", kEaster, -3, "Jueves Santo"},
    {"VE", kEaster, -2, "Viernes Santo"},
    {"VE", 4, 19, "Declaración de la Independencia"},
    {"VE", 5, 1, "Día del Trabajador"},
    {"VE", 6, 24, "Batalla de Carabobo"},
    {"VE", 7, 5, "Día de la Independencia"},
    {"VE", 7, 24, "Natalicio del Libertador"},
    {"VE", 10, 12, "Día de la Resistencia Indígena"},
    {"VE", 12, 24, "Víspera de Navidad", Move::stays, 2012},
    {"VE", 12, 25, "Navidad"},
    {"VE", 12, 31, "Fin de Año", Move::stays, 2012},
});

constexpr std::array kZones = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"AR", "America/Argentina/Buenos_Aires"},
    {"BO", "America/La_Paz"},
    {"BR", "America/Sao_Paulo"},
    {"CL", "America/Santiago"},
    {"CO", "America/Bogota"},
    {"CR", "America/Costa_Rica"},
    {"CU", "America/Havana"},
    {"EC", "America/Guayaquil"},
    {"GT", "America/Guatemala"},
    {"HN", "America/Tegucigalpa"},
    {"MX", "America/Mexico_City"},
    {"NI", "America/Managua"},
    {"PA", "America/Panama"},
    {"PE", "America/Lima"},
    {"PY", "America/Asuncion"},
    {"SV", "America/El_Salvador"},
    {"UY", "America/Montevideo"},
    {"VE", "America/Caracas"},
});

/// Days to be added for a holiday that falls on this weekday (ISO: 1 Monday … 7 Sunday).
int shift(Move move, unsigned on) {
    static constexpr std::array<std::array<int, 7>, 7> kShifts{{
        {0, 0, 0, 0, 0, 0, 0},     // stays
        {0, 6, 5, 4, 3, 2, 1},     // next_monday
        {0, -1, -2, 4, 3, 0, 0},   // near_monday
        {0, -1, -2, -3, 3, 0, 0},  // chile_monday
        {0, -4, 2, 0, 0, 0, 0},    // chile_friday
        {0, -1, 2, 1, 0, -1, 1},   // ecuador_bridge
        {0, 0, 0, 0, 0, 0, 1},     // sunday_monday
    }};
    return kShifts[static_cast<std::size_t>(move)][on - 1];
}

sys_days day_of(const Rule& rule, year in) {
    if (rule.month == kEaster) return sys_days(easter(in)) + days(rule.day);
    const month of(static_cast<unsigned>(rule.month));
    if (rule.nth)
        return sys_days(in / of / weekday(static_cast<unsigned>(rule.day % 10))[static_cast<unsigned>(rule.day / 10)]);
    const sys_days day = in / of / rule.day;
    return day + days(shift(rule.move, weekday(day).iso_encoding()));
}

/// Chile, law 21.357: the day of the winter solstice, which falls on the 20th in leap years and the year after.
Holiday chilean_solstice(year in) {
    const int day = int{in} % 4 < 2 ? 20 : 21;
    return {"CL", in / June / day, "Día Nacional de los Pueblos Indígenas"};
}

}  // namespace

Date easter(year in) {
    // Anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
    const int y = int{in};
    const int a = y % 19, b = y / 100, c = y % 100;
    const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    const int m = (a + 11 * h + 22 * l) / 451;
    const int sum = h + l - 7 * m + 114;
    return in / month(static_cast<unsigned>(sum / 31)) / day(static_cast<unsigned>(sum % 31 + 1));
}

std::vector<Holiday> public_holidays(std::string_view country, year in) {
    std::vector<Holiday> out;
    for (const Rule& rule : kRules)
        if (rule.country == country && int{in} >= rule.since && int{in} <= rule.until)
            out.push_back({std::string(country), Date(day_of(rule, in)), std::string(rule.name)});
    if (country == "CL" && int{in} >= 2022) out.push_back(chilean_solstice(in));
    std::ranges::sort(out, {}, &Holiday::date);
    return out;
}

std::vector<std::string_view> countries_with_holidays() {
    std::vector<std::string_view> out;
    for (const auto& [country, zone] : kZones)
        out.push_back(country);
    return out;
}

std::string_view zone_of_country(std::string_view country) {
    const auto at = std::ranges::find(kZones, country, [](const auto& entry) { return entry.first; });
    return at == kZones.end() ? "UTC" : at->second;
}

Holidays::Holidays(const std::vector<HolidayChange>& changes) {
    for (const HolidayChange& change : changes)
        changes_[change.country].push_back(change);
}

std::vector<Holiday> Holidays::of(std::string_view country, year in) const {
    auto out = public_holidays(country, in);
    const auto changes = changes_.find(country);
    if (changes == changes_.end()) return out;
    for (const HolidayChange& change : changes->second) {
        if (change.date.year() != in) continue;
        std::erase_if(out, [&](const Holiday& holiday) { return holiday.date == change.date; });
        if (!change.working) out.push_back({change.country, change.date, change.name});
    }
    std::ranges::sort(out, {}, &Holiday::date);
    return out;
}

}  // namespace quipu::desk
