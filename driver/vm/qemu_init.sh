#!/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's first process: /command, then its exit code and the kernel's log over the serial line.
box=/busybox
$box mkdir -p /proc /sys /dev /tmp /bin
$box --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
echo "guest: $(uname -r), $(nproc) CPUs, up $(cut -d' ' -f1 /proc/uptime) s"
sh /command </dev/null
code=$?
echo "GUEST LOG"
dmesg | sed -n '/memlog/,$p'
echo "GUEST END"
echo "GUEST EXIT $code"
sync
# isa-debug-exit ends QEMU at once; poweroff is for where there is no /dev/port.
printf '\000' | dd of=/dev/port bs=1 seek=244 2>/dev/null
poweroff -f
