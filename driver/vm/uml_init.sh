#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's first process: what it shall not see is covered, then $LAB_OUT/command runs.
# The kernel hands LAB_* of its command line down as the environment.
box=/run/busybox
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LC_ALL=C.UTF-8

"$LAB_CACHE/busybox/bin/busybox" mount -t tmpfs run /run
"$LAB_CACHE/busybox/bin/busybox" cp "$LAB_CACHE/busybox/bin/busybox" /run/
$box mount -t proc proc /proc
$box mount -t sysfs sys /sys
$box mount -t devtmpfs dev /dev 2>/dev/null
$box mkdir -p /dev/shm
$box mount -t tmpfs shm /dev/shm
$box mount -t debugfs debug /sys/kernel/debug 2>/dev/null
$box mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
$box ln -sf /proc/self/fd /dev/fd

for covered in /tmp /var/tmp /root /home "$LAB_HOME"; do
	[ -d "$covered" ] && $box mount -t tmpfs -o mode=1777 none "$covered"
done
# A folder below one that is covered is shown again.
show() { # show FOLDER MODE: a folder of the host under its own name
	$box mkdir -p "$1"
	$box mount -t hostfs -o "$1" -o "$2" none "$1"
}
show "$LAB_BASE" ro
show "$LAB_CACHE" ro
show "$LAB_REPO" ro
show "$LAB_OUT" rw
export HOME=/tmp/home
$box mkdir -p "$HOME"
$box ip link set lo up 2>/dev/null

$box dmesg -c >"$LAB_OUT/boot"	# the boot's own noise is none of the driver's
cd "$LAB_REPO" || exit 1
/bin/bash "$LAB_OUT/command" </dev/null
code=$?
$box dmesg >"$LAB_OUT/dmesg"
echo "$code" >"$LAB_OUT/rc"
$box poweroff -f
