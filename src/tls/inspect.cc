#include "tls/inspect.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/endpoint.h"
#include "io/error.h"
#include "tls/context.h"
#include "tls/openssl.h"

namespace pabal::tls {

namespace {

using Error = std::unexpected<std::string>;

constexpr size_t kFileMax = 1 << 20;  // a chain of certificates has some KiB

std::expected<std::string, std::string> read_file(const std::string& path, const char* what) {
  std::string name = std::string(what) + ' ' + path;
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Error(name + " cannot be read: " + std::strerror(errno));
  struct stat found;
  if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
    close(fd);
    return Error(name + " is no file");
  }
  std::string text(kFileMax, '\0');
  ssize_t n = read(fd, text.data(), text.size());
  int error = errno;
  close(fd);
  if (n < 0) return Error(name + " cannot be read: " + std::strerror(error));
  text.resize(static_cast<size_t>(n));
  return text;
}

BioPtr memory(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// In place of asking on the terminal of whoever starts the server.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::expected<KeyPtr, std::string> read_key(const std::string& path) {
  auto text = read_file(path, "the key");
  if (!text) return Error(text.error());
  bool asked = false;
  KeyPtr key(PEM_read_bio_PrivateKey(memory(*text).get(), nullptr, no_passphrase, &asked));
  std::string reason = take_reason();
  if (asked) {
    return Error("the key " + path +
                 " is under a passphrase, which a server cannot type; take it off with `openssl pkey`");
  }
  if (!key) return Error("the file " + path + " holds no private key in PEM (" + reason + ")");
  return key;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    const ASN1_STRING* value = name->type == GEN_DNS     ? name->d.dNSName
                               : name->type == GEN_IPADD ? name->d.iPAddress
                                                         : nullptr;
    if (value == nullptr) continue;
    std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                     static_cast<size_t>(ASN1_STRING_length(value)));
    if (name->type == GEN_IPADD) {
      auto ip = io::IpAddress::from_octets(text);
      text = ip ? ip->to_string() : "";
    }
    out.push_back(std::move(text));
  }
  GENERAL_NAMES_free(names);
  return out;
}

}  // namespace

std::expected<CertificateFacts, std::string> inspect(const CertificateFiles& files, const std::string& host) {
  auto text = read_file(files.certificate_path, "the certificate");
  if (!text) return Error(text.error());
  CertificatePtr certificate(PEM_read_bio_X509(memory(*text).get(), nullptr, nullptr, nullptr));
  std::string reason = take_reason();
  if (!certificate) {
    return Error("the file " + files.certificate_path + " holds no certificate in PEM (" + reason + ")");
  }
  auto key = read_key(files.key_path);
  if (!key) return Error(key.error());
  if (X509_check_private_key(certificate.get(), key->get()) != 1) {
    take_reason();
    return Error("the key " + files.key_path + " does not belong to the certificate " +
                 files.certificate_path + ", which must stand first in its file");
  }
  try {
    ServerContext usable({files});  // a key too small, a chain that cannot be read: what serving would find
  } catch (const io::IoError& e) {
    return Error(std::string("the ") + e.what());
  }
  CertificateFacts facts;
  facts.not_before = time_of(X509_get0_notBefore(certificate.get()));
  facts.not_after = time_of(X509_get0_notAfter(certificate.get()));
  facts.names = names_of(certificate.get());
  facts.self_signed = X509_self_signed(certificate.get(), 1) == 1;
  facts.is_for_host = X509_check_host(certificate.get(), host.data(), host.size(), 0, nullptr) == 1;
  return facts;
}

}  // namespace pabal::tls
