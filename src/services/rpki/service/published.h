#pragma once
// One validation's result as those are told who ask over HTTP. Immutable, but for the texts, each of which is made when
// it is first asked for.

#include <array>
#include <memory>
#include <mutex>
#include <string>

#include "base/task.h"
#include "services/rpki/origin/metrics.h"
#include "services/rpki/origin/validity.h"
#include "services/rpki/output.h"
#include "services/rpki/rtr/snapshot.h"
#include "services/rpki/transport/repository_status.h"

namespace quipu::rpki {

class Published {
  public:
    using Text = std::shared_ptr<const std::string>;
    struct Facts {
        Time began{};
        Nanoseconds took{};
        std::shared_ptr<const AnchoredPayloads> payloads;  ///< as routers get them
        std::shared_ptr<const Outcomes> found;             ///< where they come from
        std::shared_ptr<const ValidityIndex> validity;
        std::shared_ptr<const rtr::Snapshot> snapshot;  ///< their serial; nullptr if there are none
        std::vector<RepositoryStatus> repositories;
    };
    /// `before` is what was published last: the same payloads keep their time, and the texts that were made of them.
    static std::shared_ptr<const Published> create(Facts facts, const Published* before);

    [[nodiscard]] const Facts& facts() const { return facts_; }
    [[nodiscard]] std::uint64_t session() const;
    [[nodiscard]] std::uint32_t serial() const;
    /// When the payloads were first found as they are.
    [[nodiscard]] Time changed() const { return changed_; }
    /// When what this output tells was first so: to the second, for Last-Modified.
    [[nodiscard]] Time changed(Format format) const;
    [[nodiscard]] std::string etag(Format format) const;  ///< without quotes

    // Each blocks for as long as a text takes.
    [[nodiscard]] Text text(Format format) const;
    [[nodiscard]] std::string text(Format format, const Selection& selection) const;  ///< made each time
    [[nodiscard]] const PublicationCounts& counts() const;

  private:
    /// Made once. A very large one lives only as long as it is being sent.
    struct Made {
        std::mutex making;
        Text kept;
        std::weak_ptr<const std::string> sent;
    };
    using Texts = std::array<Made, kFormatCount>;
    explicit Published(Facts facts) : facts_(std::move(facts)) {}
    [[nodiscard]] Made& place(Format format) const;

    Facts facts_;
    Time changed_{};
    std::shared_ptr<Texts> texts_of_payloads_;
    mutable Texts texts_of_objects_;
    mutable std::once_flag counted_;
    mutable PublicationCounts counts_;
};

/// What is published now, and who waits for the next. From any thread.
class Publisher {
  public:
    Publisher();
    ~Publisher();
    void publish(std::shared_ptr<const Published> next);
    /// nullptr before the first, and after close().
    [[nodiscard]] std::shared_ptr<const Published> now() const;
    /// Whoever waits gets nothing; so does everybody from here on, until something is published again.
    void close();
    /// Awaits what has another session or serial than these; after some minutes what there is all the same, so that
    /// clients that are gone are not waited for. On a loop.
    [[nodiscard]] Task<std::shared_ptr<const Published>> other_than(std::uint64_t session, std::uint32_t serial);

  private:
    struct Waiting;
    std::unique_ptr<Waiting> waiting_;
};

}  // namespace quipu::rpki
