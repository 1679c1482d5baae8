"""A small file system of our own, and a ballast file that fills it.

It is mounted in a mount namespace of this program alone, so it goes with the
program however that ends. As root that needs unshare(1) and mount(8); others
need user namespaces, where only tmpfs can be had.
"""

import errno
import os
import shutil
import subprocess
import sys

MARK = "PABAL_OWN_MOUNTS"
STEPS = (1 << 20, 64 << 10, 4096)


class Unavailable(Exception):
    """Why there is no small file system here."""


def _try(*command):
    """-> what it said if it failed, else None"""
    if shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
        return f"{command[0]} is not there: install the Debian packages e2fsprogs, mount and util-linux (./dev setup does)"
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
    return None if done.returncode == 0 else f"{command[0]}: {done.stderr.decode(errors='replace').strip()}"


def enter_namespace():
    """Runs this program anew with mounts of its own. Throws Unavailable."""
    if os.environ.get(MARK):
        return
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if why := _try(*unshare, "true"):
        raise Unavailable(f"no mounts of our own here: {why}")
    os.environ[MARK] = "1"
    os.execvp("unshare", [*unshare, sys.executable, *sys.argv])


class SmallDisk:
    """kind: ext4 or tmpfs. `path` is where it is mounted."""

    def __init__(self, kind, octets, directory):
        self.kind, self.path = kind, os.path.join(directory, "disk")
        os.makedirs(self.path, exist_ok=True)
        if kind == "tmpfs":
            why = _try("mount", "-t", "tmpfs", "-o", f"size={octets}", "tmpfs", self.path)
        else:
            image = os.path.join(directory, "image")
            with open(image, "wb") as out:
                out.truncate(octets)
            # -m 0: no blocks for root alone, who may be who runs this. -b: as a disk
            # of normal size has it; a small one would get blocks of 1 KiB.
            why = _try("mkfs.ext4", "-q", "-m", "0", "-b", "4096", image) or _try("mount", "-o", "loop", image, self.path)
        if why:
            raise Unavailable(f"no {kind} of our own here: {why}")
        self._ballast = os.path.join(self.path, "ballast")

    def unmount(self):
        _try("umount", self.path)

    def free_octets(self):
        at = os.statvfs(self.path)
        return at.f_bavail * at.f_frsize

    def grow(self, octets):
        """The ballast, by so much or until nothing is left. True: nothing is left."""
        with open(self._ballast, "ab") as ballast:
            size = ballast.tell()
            end = size + octets
            for step in STEPS:
                while size + step <= end:
                    try:
                        os.posix_fallocate(ballast.fileno(), size, step)
                    except OSError as error:
                        if error.errno != errno.ENOSPC:
                            raise
                        break
                    size += step
            return size + STEPS[-1] <= end

    def shrink(self, octets):
        size = os.path.getsize(self._ballast)
        os.truncate(self._ballast, max(0, size - octets))

    def make_room(self):
        if os.path.exists(self._ballast):
            os.remove(self._ballast)
