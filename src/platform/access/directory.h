#pragma once
// What every request asks, in memory: people with their grants (one immutable picture, swapped whole), sessions and
// tokens by the hash of what is presented. No SQL, no waiting.

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "platform/access/roles.h"
#include "platform/access/store.h"

namespace quipu::access {

struct Person {
    Account account;
    std::shared_ptr<const platform::Grants> grants;
};
struct People {
    std::map<std::string, std::shared_ptr<const Person>, std::less<>> by_id;
    std::shared_ptr<const OrganisationTree> tree;
};

/// A session or a token that is open.
struct Opening {
    enum class Kind : std::uint8_t { session, token };
    Kind kind = Kind::session;
    std::string hash, id, account;
    Time until{};
    SessionRow session;                       ///< of a session
    Token token;                              ///< of a token
    std::atomic<std::int64_t> used{0};        ///< nanoseconds since 1970
    std::atomic<std::int64_t> used_saved{0};  ///< of `used`, what the database knows
    std::atomic<bool> end_told{false};        ///< of a token: its owner knows that it ends soon
    /// Set once it is over, or once its owner may do something else than when it was handed out.
    std::atomic<std::shared_ptr<std::atomic<bool>>> ended = std::make_shared<std::atomic<bool>>(false);
};

class Directory {
  public:
    [[nodiscard]] std::shared_ptr<const People> people() const { return people_.load(); }
    [[nodiscard]] std::shared_ptr<const Person> person(std::string_view id) const;

    void fill(std::vector<Account> accounts);
    /// Takes the account in unless a newer version of it is here already. Streams of its owner that are open end, so
    /// that they are asked for anew with what the owner may do now.
    void put(Account account);
    void use_tree(std::shared_ptr<const OrganisationTree> tree);

    void open(std::shared_ptr<Opening> opening);
    [[nodiscard]] std::shared_ptr<Opening> find(std::string_view hash) const;
    [[nodiscard]] std::shared_ptr<Opening> by_id(std::string_view id) const;
    /// False when there was none.
    bool close(std::string_view id);
    [[nodiscard]] std::vector<std::shared_ptr<Opening>> openings(Opening::Kind kind, std::string_view account) const;
    [[nodiscard]] std::vector<std::shared_ptr<Opening>> openings() const;
    void clear();

  private:
    static std::shared_ptr<const Person> person_of(Account account,
                                                   const std::shared_ptr<const OrganisationTree>& tree);
    void refresh_streams(std::string_view account);

    std::atomic<std::shared_ptr<const People>> people_ = std::make_shared<const People>();
    Guarded<int> changing_;  ///< one change of people_ at a time
    struct Openings {
        std::unordered_map<std::string, std::shared_ptr<Opening>> by_hash;
        std::unordered_map<std::string, std::shared_ptr<Opening>> by_id;
    };
    Guarded<Openings> openings_;
};

}  // namespace quipu::access
