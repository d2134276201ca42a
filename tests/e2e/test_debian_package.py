"""What `make deb` builds: installed, used, removed and purged on a copy of this machine that is thrown away."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.e2e.test_distributions import ROOT, build, run


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dist = build(ROOT, tmp_path_factory.mktemp("dist"))
    run("sh", ROOT / "tools" / "deb", dist, PYTHON=sys.executable)
    return next(dist.glob("sfsync_*.deb"))


def test_the_debian_package_has_what_its_units_and_scripts_name(package: Path, tmp_path: Path) -> None:
    listed = run("dpkg-deb", "--contents", package)
    assert listed.startswith("drwxr-xr-x root/root ")  # the folder that it is unpacked into
    for file in (
        "/usr/lib/systemd/system/sfsync.service",
        "/usr/lib/systemd/system/sfsync-sync.timer",
        "/usr/bin/sfsync",
    ):
        assert f" .{file}\n" in listed, file
    run("dpkg-deb", "--control", package, tmp_path)
    assert (tmp_path / "conffiles").read_text() == "/etc/sfsync/sfsync.env\n"
    for script in ("postinst", "prerm", "postrm"):
        run("sh", "-n", tmp_path / script)


ON_A_COPY = """
set -eu
umask 022
mount -t tmpfs tmpfs "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
cp "$2" "$1/root/tmp/sfsync.deb"
exec chroot "$1/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -euc "$3"
"""
LIFE = """
apt() { dpkg --force-unsafe-io "$@" >/dev/null; }
there() { for each; do if [ -e "$each" ]; then echo "$each"; fi; done; }
everything="/usr/bin/sfsync /usr/lib/sfsync /etc/sfsync/sfsync.env /var/lib/sfsync/sfsync.sqlite3"

echo "-- installed"
apt --install /tmp/sfsync.deb
stat -c "%a %U:%G %n" /etc/sfsync/sfsync.env /var/lib/sfsync
if command -v systemd-analyze >/dev/null; then systemd-analyze verify /usr/lib/systemd/system/sfsync*; fi
sfsync migrate
echo "SFSYNC_TIME_ZONE=Nowhere" >>/etc/sfsync/sfsync.env
sfsync status 2>&1 | grep -o "SFSYNC_TIME_ZONE is “Nowhere”"
stat -c "%U %n" /var/lib/sfsync/sfsync.sqlite3
echo "-- upgraded"
apt --install /tmp/sfsync.deb
grep "Nowhere" /etc/sfsync/sfsync.env
echo "-- removed"
apt --remove sfsync
there $everything
echo "-- purged"
apt --purge sfsync
there $everything /etc/sfsync /var/lib/sfsync
getent passwd sfsync || true
"""
TOLD = """
-- installed
640 root:sfsync /etc/sfsync/sfsync.env
700 sfsync:sfsync /var/lib/sfsync
The tables are up to date.
SFSYNC_TIME_ZONE is “Nowhere”
sfsync /var/lib/sfsync/sfsync.sqlite3
-- upgraded
SFSYNC_TIME_ZONE=Nowhere
-- removed
/etc/sfsync/sfsync.env
/var/lib/sfsync/sfsync.sqlite3
-- purged
"""


AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
"""As `tools/apt-install` does it."""


def test_the_debian_package_is_installed_upgraded_removed_and_purged(package: Path, tmp_path: Path) -> None:
    """Removing it keeps settings and data, purging leaves nothing, its account included; the units are sound."""
    told = run(*AS_ROOT, "unshare", "--mount", "--pid", "--fork", "sh", "-c", ON_A_COPY, "sh", tmp_path, package, LIFE)
    assert told == TOLD.lstrip()
