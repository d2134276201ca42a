"""The units of the Debian package under a real systemd, that of this machine, on a copy of it that is thrown away."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.test_debian_package import AS_ROOT, package
from tests.e2e.test_distributions import run

__all__ = ["package"]

BOOT = """
set -eu
umask 022
mkdir "$1/told"
exec 3<"$1/told"
mount -t tmpfs tmpfs "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
ip link set lo up
cd "$1/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for each in run tmp dev; do mount -t tmpfs -o mode=0755 tmpfs $each; done
chmod 1777 tmp
for each in null zero full random urandom tty; do touch dev/$each; mount --bind /dev/$each dev/$each; done
mkdir dev/pts dev/shm
ln -s pts/ptmx dev/ptmx
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
cp "$2" srv/sfsync.deb
printf '%s' "$3" >srv/life.sh
cat >etc/systemd/system/life.service <<UNIT
[Unit]
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=sh -eu /srv/life.sh
StandardOutput=file:/mnt/told
StandardError=file:/mnt/told
UNIT
mount --bind /proc/self/fd/3 mnt
mkdir srv/old
pivot_root . srv/old
umount --lazy /srv/old
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=life.service
"""
LIFE = """
apt() { dpkg --force-unsafe-io "$@" >/dev/null 2>&1; }
state() { systemctl is-active "$@" | paste -sd " "; }
gone() { [ "$(systemctl is-active "$1")" = inactive ]; }
value() { systemctl show --property "$1" --value "${2:-sfsync.service}"; }
until_so() {
    tries=60
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then echo "not so: $*"; journalctl -u "sfsync*" | tail -n 40; exit 1; fi
        sleep 1
    done
}
ready() { python3 -c "import urllib.request as http; http.urlopen('http://127.0.0.1:8000/readyz')"; }
again() { [ "$(value NRestarts)" = 1 ] && ready; }

echo "-- installed"
apt --install /srv/sfsync.deb
until_so ready
state sfsync.service
until_so sh -c "journalctl -u sfsync | grep -q 'asks for this code, once'"
confined="^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):"
grep -E "$confined" "/proc/$(value MainPID)/status" | sed "s/$(id -u sfsync)/sfsync/g" | tr "\\t" " "
echo "-- killed"
kill -KILL "$(value MainPID)"
until_so again
echo "-- the timer in its place"
systemctl start sfsync-sync.timer
until_so gone sfsync.service
state sfsync-sync.timer sfsync.service
systemctl start sfsync-sync.service 2>/dev/null || value ExecMainStatus sfsync-sync.service
systemctl start sfsync.service
until_so gone sfsync-sync.timer
state sfsync-sync.timer sfsync.service
echo "-- upgraded"
before=$(value MainPID)
apt --install /srv/sfsync.deb
[ "$before" != "$(value MainPID)" ]
until_so ready
echo "-- stopped"
systemctl stop sfsync.service
value Result
value ExecMainStatus
systemctl start sfsync.service
echo "-- removed"
apt --remove sfsync
state sfsync-sync.timer sfsync.service
! pgrep -u sfsync
echo "-- purged"
apt --purge sfsync
systemctl list-units --all --plain --no-legend "sfsync*"
"""
TOLD = """
-- installed
active
Uid: sfsync sfsync sfsync sfsync
CapEff: 0000000000000000
CapBnd: 0000000000000000
NoNewPrivs: 1
Seccomp: 2
-- killed
-- the timer in its place
active inactive
1
inactive active
-- upgraded
-- stopped
success
0
-- removed
inactive inactive
-- purged
"""


def test_the_units_run_under_systemd(package: Path, tmp_path: Path) -> None:
    """Confined as they say, started again when killed, one in the place of the other, gone with the package."""
    apart = ("unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--net", "--kill-child")
    said = run(*AS_ROOT, *apart, "sh", "-c", BOOT, "sh", tmp_path, package, LIFE, seconds=400)
    assert (tmp_path / "told" / "told").read_text("utf-8") == TOLD.lstrip(), said
