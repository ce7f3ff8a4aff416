#include "services/rpki/origin/slurm.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/base64url.h"
#include "services/rpki/origin/validity.h"

namespace quipu::rpki {
namespace {

const Time kStart = *parse_time("2024-05-01T00:00:00Z");

Vrp slurm_vrp(std::string_view text, int max_length, Asn as) {
    return vrp_of(*net::Prefix::parse(text), as, max_length);
}

/// A file of version 1 or, with ASPA lists, 2.
std::string slurm(std::string_view filters, std::string_view assertions) {
    return std::string(R"({"slurmVersion":1,"validationOutputFilters":{"prefixFilters":[)") + std::string(filters) +
           R"(],"bgpsecFilters":[]},"locallyAddedAssertions":{"prefixAssertions":[)" + std::string(assertions) +
           R"(],"bgpsecAssertions":[]}})";
}
std::string slurm2(std::string_view filters, std::string_view assertions) {
    return std::string(
               R"({"slurmVersion":2,"validationOutputFilters":{"prefixFilters":[],"bgpsecFilters":[],"aspaFilters":[)") +
           std::string(filters) +
           R"(]},"locallyAddedAssertions":{"prefixAssertions":[],"bgpsecAssertions":[],"aspaAssertions":[)" +
           std::string(assertions) + R"(]}})";
}

std::string refusal(std::string_view text) {
    const auto read = parse_slurm(text, "local.json");
    if (read) return "read";
    std::string out;
    for (const Fault& fault : read.error().faults)
        out += fault.where + ": " + fault.what + "\n";
    return out.empty() ? read.error().text() : out;
}

TEST(Slurm, FiltersAndAssertsAsInRfc8416) {
    std::ifstream file(QUIPU_SOURCE_DIR "/src/services/rpki/origin/corpus/slurm/rfc8416.json");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto read = parse_slurm(text, "rfc8416.json");
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->filters(), 6U);
    EXPECT_EQ(read->assertions(), 3U);

    PayloadSet set;
    set.vrps = {slurm_vrp("192.0.2.0/25", 25, 64999), slurm_vrp("198.51.100.0/25", 25, 64497),
                slurm_vrp("198.51.100.0/25", 25, 64498), slurm_vrp("198.51.0.0/16", 16, 64497),
                slurm_vrp("203.0.113.0/24", 24, 64496)};
    std::ranges::sort(set.vrps);
    RouterKey key;
    key.as = {64490, 64500};
    set.router_keys = {key};
    const SlurmEffect effect = apply_slurm(std::span(&*read, 1), set);
    EXPECT_EQ(effect.vrps_filtered, 3U);
    EXPECT_EQ(effect.vrps_added, 2U);
    // What is asserted stands, though a filter names its AS.
    EXPECT_THAT(set.vrps, testing::UnorderedElementsAre(
                              slurm_vrp("198.51.0.0/16", 16, 64497), slurm_vrp("198.51.100.0/24", 24, 64496),
                              slurm_vrp("198.51.100.0/25", 25, 64498), slurm_vrp("2001:db8::/32", 48, 64496)));
    // AS 64496 is taken out of the range, and asserted with another key.
    ASSERT_EQ(set.router_keys.size(), 3U);
    EXPECT_EQ(set.router_keys[0].as, (Range<Asn>{64490, 64495}));
    EXPECT_EQ(set.router_keys[1].as, (Range<Asn>{64496, 64496}));
    EXPECT_EQ(set.router_keys[2].as, (Range<Asn>{64497, 64500}));
    EXPECT_TRUE(std::ranges::is_sorted(set.vrps));
}

TEST(Slurm, SaysWhereItIsWrong) {
    EXPECT_EQ(refusal(slurm("{}", "")),
              "local.json:1 validationOutputFilters.prefixFilters[0]: needs a prefix, an asn or both\n");
    EXPECT_EQ(
        refusal(slurm(
            "", R"({"asn": 1, "prefix": "10.0.0.0/8"},{"asn": 1, "prefix": "10.0.0.0/8", "maxPrefixLength": 7})")),
        "local.json:1 locallyAddedAssertions.prefixAssertions[1].maxPrefixLength: 7 does not fit 10.0.0.0/8\n");
    EXPECT_THAT(refusal(slurm("", R"({"asn": -1, "prefix": "10.0.0.1/8"})")),
                testing::AllOf(testing::HasSubstr("prefixAssertions[0].asn: "),
                               testing::HasSubstr("prefixAssertions[0].prefix: ")));
    EXPECT_THAT(refusal(slurm(R"({"asn": 1, "colour": 1})", "")),
                testing::HasSubstr("prefixFilters[0].colour: unknown key"));
    EXPECT_THAT(refusal(R"({"slurmVersion": 3})"),
                testing::AllOf(testing::HasSubstr("slurmVersion: 3 is above 2"),
                               testing::HasSubstr("validationOutputFilters: is required")));
    EXPECT_THAT(refusal("{"), testing::HasSubstr("local.json:1"));
    EXPECT_THAT(refusal("[]"), testing::HasSubstr("expected a table"));
    std::string text = slurm("", "");
    text.insert(text.find("]},\"locally") + 1, R"(,"aspaFilters":[])");
    EXPECT_THAT(refusal(text),
                testing::HasSubstr("validationOutputFilters.aspaFilters: is a member of slurmVersion 2"));
    EXPECT_THAT(refusal(R"({"slurmVersion":2,"validationOutputFilters":{"prefixFilters":[],"bgpsecFilters":[]},
        "locallyAddedAssertions":{"prefixAssertions":[],"bgpsecAssertions":[]}})"),
                testing::HasSubstr("locallyAddedAssertions.aspaAssertions: is required"));
    EXPECT_THAT(refusal(slurm2("", R"({"customerAsn": 1, "providerAsns": [2, 1]})")),
                testing::HasSubstr("aspaAssertions[0].providerAsns: has the customer as its own provider"));
    EXPECT_THAT(refusal(slurm2("", R"({"customerAsn": 1, "providerAsns": [2, 2]})")), testing::HasSubstr("twice"));
    EXPECT_THAT(refusal(slurm2("", R"({"customerAsn": 1, "providerAsns": []})")), testing::HasSubstr("is empty"));
    std::string keyed = slurm("", "");
    keyed.insert(keyed.find("bgpsecFilters\":[") + 16, R"({"SKI": "Zm9v"})");
    EXPECT_THAT(refusal(keyed), testing::HasSubstr("bgpsecFilters[0].SKI: a key identifier has 20 octets, this has 3"));
}

TEST(Slurm, AddsProvidersAndFiltersCustomers) {
    PayloadSet set;
    set.aspas = {
        {.customer = 1, .providers = {10}}, {.customer = 2, .providers = {20}}, {.customer = 3, .providers = {0}}};
    const auto file =
        parse_slurm(slurm2(R"({"customerAsn": 2})",
                           R"({"customerAsn": 1, "providerAsns": [11, 9]}, {"customerAsn": 2, "providerAsns": [21]},
                                            {"customerAsn": 3, "providerAsns": [30]}, {"customerAsn": 4, "providerAsns": [40]})"),
                    "a");
    ASSERT_TRUE(file) << file.error().text();
    const SlurmEffect effect = apply_slurm(std::span(&*file, 1), set);
    EXPECT_EQ(effect.aspas_filtered, 1U);
    EXPECT_EQ(set.aspas, (std::vector<Aspa>{{.customer = 1, .providers = {9, 10, 11}},
                                            {.customer = 2, .providers = {21}},
                                            {.customer = 3, .providers = {30}},
                                            {.customer = 4, .providers = {40}}}));
}

TEST(Slurm, FilesMustNotSpeakOfTheSame) {
    const auto conflict = [](const std::string& a, const std::string& b) {
        std::vector<Slurm> files = {*parse_slurm(a, "a"), *parse_slurm(b, "b")};
        const auto fits = check_conflicts(files);
        return fits ? std::string() : fits.error().what;
    };
    EXPECT_EQ(conflict(slurm(R"({"prefix": "10.0.0.0/8"})", ""), slurm("", R"({"asn": 1, "prefix": "10.1.0.0/16"})")),
              "a and b both speak of 10.1.0.0/16");
    EXPECT_EQ(conflict(slurm("", R"({"asn": 1, "prefix": "10.1.0.0/16"})"), slurm(R"({"prefix": "10.0.0.0/8"})", "")),
              "a and b both speak of 10.1.0.0/16");
    EXPECT_EQ(conflict(slurm(R"({"prefix": "10.0.0.0/8"}, {"prefix": "10.0.0.0/9"})", ""),
                       slurm(R"({"prefix": "11.0.0.0/8"})", "")),
              "");
    EXPECT_EQ(conflict(slurm2(R"({"customerAsn": 5})", ""), slurm2("", R"({"customerAsn": 5, "providerAsns": [6]})")),
              "a and b both speak of the providers of AS5");
    EXPECT_EQ(conflict(slurm2(R"({"customerAsn": 5})", ""), slurm2("", R"({"customerAsn": 6, "providerAsns": [5]})")),
              "");
}

TEST(Slurm, KeepsTheLastGoodFile) {
    LocalExceptions exceptions;
    const std::string good = slurm("", R"({"asn": 1, "prefix": "10.0.0.0/8"})");
    const std::string better = slurm("", R"({"asn": 2, "prefix": "10.0.0.0/8"})");
    const auto asserted = [&] {
        std::vector<Asn> out;
        for (const Slurm& file : exceptions.in_use())
            for (const auto& one : file.prefix_assertions)
                out.push_back(one.vrp.as);
        return out;
    };
    EXPECT_TRUE(exceptions.update({{"a", good}}, kStart));
    EXPECT_FALSE(exceptions.update({{"a", good}}, kStart + std::chrono::seconds(5)));
    EXPECT_EQ(exceptions.status()[0].since, kStart);

    EXPECT_FALSE(exceptions.update({{"a", std::string("{")}}, kStart + std::chrono::seconds(6)));
    EXPECT_EQ(asserted(), std::vector<Asn>{1});
    ASSERT_TRUE(exceptions.status()[0].error);
    EXPECT_EQ(exceptions.status()[0].since, kStart);
    EXPECT_EQ(exceptions.status()[0].assertions, 1U);

    EXPECT_FALSE(exceptions.update({{"a", fail(ErrorCode::io, "gone")}}, kStart));
    EXPECT_EQ(asserted(), std::vector<Asn>{1});

    EXPECT_TRUE(exceptions.update({{"a", better}}, kStart + std::chrono::seconds(7)));
    EXPECT_EQ(asserted(), std::vector<Asn>{2});
    EXPECT_FALSE(exceptions.status()[0].error);

    // Two that conflict: all stays as it was, and both say why.
    const std::string other = slurm("", R"({"asn": 3, "prefix": "10.0.0.0/9"})");
    EXPECT_FALSE(exceptions.update({{"a", good}, {"b", other}}, kStart));
    EXPECT_EQ(asserted(), std::vector<Asn>{2});
    EXPECT_EQ(exceptions.status()[0].error->code, ErrorCode::conflict);
    EXPECT_EQ(exceptions.status()[1].error->code, ErrorCode::conflict);
    EXPECT_FALSE(exceptions.status()[1].since);

    // A restart in which the file is broken.
    LocalExceptions again;
    again.restore(exceptions.good(), kStart);
    EXPECT_TRUE(again.update({{"a", std::string("{")}}, kStart));
    ASSERT_EQ(again.in_use().size(), 1U);
    EXPECT_EQ(again.in_use()[0].prefix_assertions[0].vrp.as, 2U);

    EXPECT_TRUE(exceptions.update({}, kStart));
    EXPECT_TRUE(exceptions.in_use().empty());
}

TEST(Slurm, FilesOnDiskSurviveARestart) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("quipu-slurm-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::string path = folder / "local.json";
    const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
    write(slurm("", R"({"asn": 1, "prefix": "10.0.0.0/8"})"));
    {
        auto files = SlurmFiles::open({path}, folder / "state", kStart);
        ASSERT_TRUE(files) << files.error().text();
        EXPECT_EQ(files->exceptions().in_use().size(), 1U);
        EXPECT_FALSE(*files->refresh(kStart));
    }
    write("not JSON");
    {
        auto files = SlurmFiles::open({path}, folder / "state", kStart);
        ASSERT_TRUE(files) << files.error().text();
        EXPECT_EQ(files->exceptions().in_use().size(), 1U);
        EXPECT_TRUE(files->exceptions().status()[0].error);
    }
    std::filesystem::remove(path);
    {
        auto files = SlurmFiles::open({path}, "", kStart);
        ASSERT_TRUE(files) << files.error().text();
        EXPECT_TRUE(files->exceptions().in_use().empty());
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace quipu::rpki
