#pragma once
// The service "knowledge": the knowledge base.

#include <memory>

#include "desk/knowledge/articles.h"
#include "desk/knowledge/from_case.h"
#include "platform/service.h"

namespace quipu::knowledge {

class KnowledgeService : public platform::Service {
  public:
    /// There from provision on, until this service is destroyed.
    [[nodiscard]] virtual Articles& articles() = 0;
};

/// `find_case` reads a solved case (empty: no case becomes an article), of the services that it needs; what it captures
/// outlives the service.
[[nodiscard]] std::unique_ptr<KnowledgeService> make_knowledge_service(FindSolvedCase find_case = {},
                                                                       std::vector<std::string_view> needs = {});

}  // namespace quipu::knowledge
