// Work for the store that refers to what stands around it in the test. The product's
// cannot (base/portable.h): its loop goes on meanwhile. A test waits for its own.
#pragma once

#include <memory>
#include <utility>

#include "store/store.h"

namespace pabal::test {

template <class F>
struct Bound {
  std::shared_ptr<F> work;
};

}  // namespace pabal::test

template <class F>
inline constexpr bool pabal::kPortable<pabal::test::Bound<F>> = true;

namespace pabal::test {

template <class F>
auto read(store::Store& store, F query) {
  auto run = [](store::Database& db, const Bound<F>& bound) { return (*bound.work)(db); };
  return store.read(run, Bound<F>{std::make_shared<F>(std::move(query))});
}

template <class F>
auto write(store::Store& store, F work) {
  auto run = [](store::Transaction& tx, const Bound<F>& bound) { return (*bound.work)(tx); };
  return store.write(run, Bound<F>{std::make_shared<F>(std::move(work))});
}

template <class F>
auto commit(store::Store& store, store::NewBlobs blobs, F work) {
  auto run = [](store::Transaction& tx, const store::NewBlobs& stored, const Bound<F>& bound) {
    return (*bound.work)(tx, stored);
  };
  return store.commit(std::move(blobs), run, Bound<F>{std::make_shared<F>(std::move(work))});
}

}  // namespace pabal::test
