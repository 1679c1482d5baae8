// Portable: what may be handed to another thread. Values all the way down: numbers,
// texts, ids, containers and plain structs of these, and shared_ptr to const ones.
// Never a reference, a pointer or a string_view, and never an object with a life of
// its own (a session, a view): it belongs to its loop, which goes on meanwhile.
//
// A struct without constructors is looked through, member by member. A class, or a
// struct that contains itself, has to be named where it is declared, by whoever
// knows that it holds nothing but values:
//
//   template <>
//   inline constexpr bool pabal::kPortable<reading::Rights> = true;
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace pabal {

namespace detail {
template <class T>
constexpr bool is_portable();
}  // namespace detail

template <class T>
inline constexpr bool kPortable = detail::is_portable<T>();

template <class T>
concept Portable = kPortable<T>;

// A function with nothing bound to it: what it works on comes as arguments.
template <class F>
concept PlainFunction =
    std::is_function_v<std::remove_pointer_t<F>> || (std::is_empty_v<F> && std::default_initializable<F>);

// What a function gives back to the thread that asked.
template <class T>
concept PortableResult = std::is_void_v<T> || kPortable<T>;

namespace detail {

// Containers and wrappers: as portable as what is in them.
template <class T>
inline constexpr bool kWrapper = false;
template <class T>
inline constexpr bool kWrapperPortable = false;

// An allocator or an order has nothing in it.
template <class T>
constexpr bool in_wrapper() {
  if constexpr (std::is_void_v<T> || std::is_empty_v<T>) {
    return true;
  } else {
    return kPortable<std::remove_const_t<T>>;
  }
}

#define PABAL_PORTABLE_WRAPPER(wrapper)                 \
  template <class... T>                                 \
  inline constexpr bool kWrapper<wrapper<T...>> = true; \
  template <class... T>                                 \
  inline constexpr bool kWrapperPortable<wrapper<T...>> = (in_wrapper<T>() && ...);
PABAL_PORTABLE_WRAPPER(std::vector)
PABAL_PORTABLE_WRAPPER(std::set)
PABAL_PORTABLE_WRAPPER(std::map)
PABAL_PORTABLE_WRAPPER(std::unordered_set)
PABAL_PORTABLE_WRAPPER(std::unordered_map)
PABAL_PORTABLE_WRAPPER(std::pair)
PABAL_PORTABLE_WRAPPER(std::tuple)
PABAL_PORTABLE_WRAPPER(std::optional)
PABAL_PORTABLE_WRAPPER(std::variant)
PABAL_PORTABLE_WRAPPER(std::expected)
#undef PABAL_PORTABLE_WRAPPER

template <class T, size_t n>
inline constexpr bool kWrapper<std::array<T, n>> = true;
template <class T, size_t n>
inline constexpr bool kWrapperPortable<std::array<T, n>> = kPortable<T>;
template <class T>
inline constexpr bool kWrapper<std::unique_ptr<T>> = true;
template <class T>
inline constexpr bool kWrapperPortable<std::unique_ptr<T>> = kPortable<std::remove_const_t<T>>;
// Several threads may look at it at once: so nobody may change it.
template <class T>
inline constexpr bool kWrapper<std::shared_ptr<T>> = true;
template <class T>
inline constexpr bool kWrapperPortable<std::shared_ptr<const T>> = kPortable<T>;
// A word of its own for all threads: "stop".
template <class T>
inline constexpr bool kWrapperPortable<std::shared_ptr<std::atomic<T>>> = true;

template <class... T>
struct Types {};
template <class... T>
constexpr bool all_portable(Types<T...>) {
  return (kPortable<std::remove_const_t<T>> && ...);
}

// How many members T has, if each can be begun by {}; 0: one cannot, it is a reference.
// clang-format off
template <class T>
constexpr size_t count_members() {
  size_t count = 0;
  if constexpr (requires { T{{}}; }) count = 1;
  if constexpr (requires { T{{}, {}}; }) count = 2;
  if constexpr (requires { T{{}, {}, {}}; }) count = 3;
  if constexpr (requires { T{{}, {}, {}, {}}; }) count = 4;
  if constexpr (requires { T{{}, {}, {}, {}, {}}; }) count = 5;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}}; }) count = 6;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}}; }) count = 7;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}}; }) count = 8;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 9;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 10;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 11;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 12;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 13;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 14;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 15;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 16;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 17;
  if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) count = 18;
  return count;
}

// The members' types as they are declared; nobody calls it.
template <class T>
constexpr auto members(T& t) {
  constexpr size_t n = count_members<T>();
  if constexpr (n == 0) { return Types<T&>(); }
  else if constexpr (n == 1) { auto& [a] = t; return Types<decltype(a)>(); }
  else if constexpr (n == 2) { auto& [a, b] = t; return Types<decltype(a), decltype(b)>(); }
  else if constexpr (n == 3) { auto& [a, b, c] = t; return Types<decltype(a), decltype(b), decltype(c)>(); }
  else if constexpr (n == 4) { auto& [a, b, c, d] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d)>(); }
  else if constexpr (n == 5) { auto& [a, b, c, d, e] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e)>(); }
  else if constexpr (n == 6) { auto& [a, b, c, d, e, f] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f)>(); }
  else if constexpr (n == 7) { auto& [a, b, c, d, e, f, g] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g)>(); }
  else if constexpr (n == 8) { auto& [a, b, c, d, e, f, g, h] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h)>(); }
  else if constexpr (n == 9) { auto& [a, b, c, d, e, f, g, h, i] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i)>(); }
  else if constexpr (n == 10) { auto& [a, b, c, d, e, f, g, h, i, j] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i), decltype(j)>(); }
  else if constexpr (n == 11) { auto& [a, b, c, d, e, f, g, h, i, j, k] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i), decltype(j), decltype(k)>(); }
  else if constexpr (n == 12) { auto& [a, b, c, d, e, f, g, h, i, j, k, l] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l)>(); }
  else if constexpr (n == 13) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l), decltype(m)>(); }
  else if constexpr (n == 14) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l), decltype(m), decltype(o)>(); }
  else if constexpr (n == 15) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l), decltype(m), decltype(o), decltype(p)>(); }
  else if constexpr (n == 16) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l), decltype(m), decltype(o), decltype(p), decltype(q)>(); }
  else if constexpr (n == 17) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r] = t; return Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f), decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l), decltype(m), decltype(o), decltype(p), decltype(q), decltype(r)>(); }
  else { static_assert(n <= 17, "a struct of so many members: extend these lists"); }
}
// clang-format on

template <class T>
constexpr bool is_portable() {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, std::string>) {
    return true;
  } else if constexpr (kWrapper<T>) {
    return kWrapperPortable<T>;
  } else if constexpr (std::is_class_v<T> && std::is_aggregate_v<T>) {
    if constexpr (std::is_empty_v<T>)
      return true;
    else
      return all_portable(decltype(members(std::declval<T&>()))());
  } else {
    return false;
  }
}

}  // namespace detail

template <class Rep, class Period>
inline constexpr bool kPortable<std::chrono::duration<Rep, Period>> = true;

}  // namespace pabal
