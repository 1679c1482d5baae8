// ServiceManager: tells systemd how the service is doing (sd_notify(3), unit
// Type=notify): one datagram each to the socket that $NOTIFY_SOCKET names.
// Without one, and when nobody listens there, nothing happens.
#pragma once

#include <string>

namespace pabal::os {

class ServiceManager {
 public:
  ServiceManager();
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;

  // status: one line for `systemctl status`.
  void ready(const std::string& status);
  void reloading();  // ready() follows
  void stopping();

 private:
  void tell(const std::string& state);

  std::string path_;
  int fd_ = -1;
};

}  // namespace pabal::os
