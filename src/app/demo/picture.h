// The picture in the demo's mail: a red seal on paper, drawn here, as PNG.
#pragma once

#include <string>

namespace pabal::app {

std::string seal_png();

}  // namespace pabal::app
