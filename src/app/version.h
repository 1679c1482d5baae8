// The version of this build, as `pabal version` and the metrics tell it.
#pragma once

namespace pabal::app {

constexpr const char* kVersion = "0.1.0";

}  // namespace pabal::app
