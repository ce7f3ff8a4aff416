// API tokens: what a program presents instead of a person.

#include <algorithm>
#include <fmt/format.h>

#include "net/tls.h"
#include "platform/access/core.h"

namespace quipu::access {
namespace {

using platform::Caller;
using platform::Permission;

constexpr std::size_t kTokensOfOne = 50;
constexpr Nanoseconds kUsualLife = std::chrono::days(90), kLongestLife = std::chrono::days(366);

Token shown(const Opening& opening) {
    Token token = opening.token;
    const std::int64_t used = opening.used.load();
    // To the minute: nobody needs to know better when a program of theirs was awake.
    if (used > 0) token.used = std::chrono::floor<std::chrono::minutes>(Time(Nanoseconds(used)));
    return token;
}

}  // namespace

std::vector<Token> Core::tokens_of(std::string_view account) const {
    std::vector<Token> out;
    for (const auto& opening : directory_.openings(Opening::Kind::token, account))
        if (opening->until > house_->clock.now()) out.push_back(shown(*opening));
    std::ranges::sort(out, {}, &Token::created);
    return out;
}

Result<Token> Core::make_token(const Caller& caller, const TokenWish& wish) {
    const Account owner = TRY(account_of(caller));
    if (person_in(caller.id).empty())
        return fail(ErrorCode::forbidden, "a token does not make tokens", {}, "sign in as a person");
    if (owner.demonstration) return fail(ErrorCode::forbidden, "a demonstration account has no tokens");
    const Time now = house_->clock.now();
    const Time until = wish.until.value_or(now + kUsualLife);
    if (until <= now || until > now + kLongestLife)
        return fail(ErrorCode::invalid, "a token ends within a year from now", "body.until");
    for (std::size_t i = 0; i < wish.organisations.size(); ++i) {
        const std::string& organisation = wish.organisations[i];
        const auto tree = directory_.people()->tree;
        if (organisation.empty() || organisation.find(' ') != std::string::npos ||
            (tree != nullptr && !tree->knows(organisation)))
            return fail(ErrorCode::invalid, fmt::format("there is no organisation \"{}\"", organisation),
                        fmt::format("body.organisations[{}]", i));
    }
    if (directory_.openings(Opening::Kind::token, owner.id).size() >= kTokensOfOne)
        return fail(ErrorCode::conflict, fmt::format("there are {} tokens already", kTokensOfOne), {},
                    "end one that is no longer used");
    const std::string secret = "qp_" + net::random_token(32);
    TokenRow row{hash_of(secret),
                 {.id = net::random_token(9),
                  .account = owner.id,
                  .name = wish.name,
                  .permissions = wish.permissions,
                  .organisations = wish.organisations,
                  .created = now,
                  .until = until,
                  .used = {},
                  .token = {}}};
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::insert(transaction, row));
        return tell<events::TokenMade>(transaction, owner.id, wish.name, {}, caller.id);
    }));
    auto opening = std::make_shared<Opening>();
    opening->kind = Opening::Kind::token;
    opening->hash = row.hash;
    opening->id = row.token.id;
    opening->account = owner.id;
    opening->until = until;
    opening->token = row.token;
    directory_.open(std::move(opening));
    row.token.token = secret;
    return std::move(row.token);
}

Result<void> Core::end_token(const Caller& caller, std::string_view id) {
    const auto opening = directory_.by_id(id);
    const bool is_token = opening != nullptr && opening->kind == Opening::Kind::token;
    if (!is_token || !seen_by(caller, opening->account))
        return fail(ErrorCode::not_found, "there is no such token", "id");
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::remove_token(transaction, id));
        return tell<events::TokenEnded>(transaction, opening->account, opening->token.name, {}, caller.id);
    }));
    directory_.close(id);
    return {};
}

}  // namespace quipu::access
