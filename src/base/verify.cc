#include "base/verify.h"

#include <cstdio>
#include <cstdlib>

namespace pabal {

void verify_failed(const char* condition, const char* what, const char* file, int line) {
  fprintf(stderr, "bug: %s (%s) at %s:%d\n", what, condition, file, line);
  abort();
}

}  // namespace pabal
