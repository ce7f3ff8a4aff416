#pragma once
// RRDP files of a generated tree, as its publication servers would offer them over HTTPS: written anew they take the
// next serial, with a delta from what was published before.

#include <string>

#include "base/result.h"
#include "services/rpki/lab_tree.h"

namespace quipu::rpki {

/// Into FOLDER/rrdp: NAME/notification.xml, NAME/SESSION/SERIAL/{snapshot,delta}.xml and NAME.cer for each trust
/// anchor. Serve it under LabSettings::rrdp.
[[nodiscard]] Result<void> write_lab_rrdp(const LabSettings& settings, std::span<const LabRepository> repositories);

}  // namespace quipu::rpki
