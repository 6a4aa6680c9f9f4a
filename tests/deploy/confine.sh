#!/bin/sh
# PROGRAMS STATE COMMAND...: runs a command as systemd would under docs/deploy/store-uptime.service, as far as that goes
# without systemd. To be run by root in mount and process namespaces of its own, which end with it.
#
# ProtectSystem=strict, ProtectHome=yes, PrivateTmp=yes, StateDirectory=, ProtectProc=invisible
set -eu
programs=$1 state=$2
shift 2

mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/programs /mnt/state
mount --bind "$programs" /mnt/programs
mount --bind "$state" /mnt/state
for folder in /opt /var/lib; do
    mount -t tmpfs tmpfs $folder
    mkdir $folder/store-uptime
done
mount --move /mnt/programs /opt/store-uptime
mount --move /mnt/state /var/lib/store-uptime
umount /mnt

while read -r _ place _; do
    case $place in
        /proc* | /dev* | /var/lib/store-uptime) ;;
        *) mount -o remount,bind,ro "$place" ;;
    esac
done </proc/self/mounts
for folder in /home /root /run/user; do
    if [ -d $folder ]; then mount -t tmpfs -o ro,mode=000 tmpfs $folder; fi
done
for folder in /tmp /var/tmp; do
    mount -t tmpfs -o mode=1777 tmpfs $folder
done
mount -t proc -o hidepid=invisible proc /proc
if touch /etc/store-uptime-was-here 2>/dev/null; then
    echo "the root is not read-only" >&2
    exit 1
fi
umask 0077
cd /
exec "$@"
