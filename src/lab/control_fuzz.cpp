// Whatever is said to a lab's control socket, one line of JSON is the answer.
#include <cstdlib>

#include "base/bytes.h"
#include "lab/control.h"

namespace {

class AnyLink final : public quipu::lab::Controls {
  public:
    [[nodiscard]] quipu::Result<quipu::lab::LabStatus> status() const override { return quipu::lab::LabStatus{}; }

  protected:
    [[nodiscard]] quipu::Result<quipu::lab::LinkStatus> change_link(std::string_view id,
                                                                    const quipu::lab::LinkChange& change,
                                                                    std::string_view /*actor*/) override {
        const quipu::lab::Impairment imposed = changed({}, change);
        if (imposed.delay > quipu::lab::kLongestDelay || !(imposed.loss <= 1)) std::abort();
        quipu::lab::LinkStatus link;
        link.id = id;
        return link;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    AnyLink lab;
    bool down = false;
    const std::string answer = quipu::lab::answer_control(quipu::as_text({data, size}), lab, down);
    if (answer.find('\n') != std::string::npos || !quipu::parse_json(answer)) std::abort();
    return 0;
}
