#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# run_qemu.sh KERNEL_FOLDER OUT SECONDS COMMAND...: one command as root on two CPUs of a Debian kernel.
#
# The guest is busybox and the files of OUT/files, in memory; nothing of this machine.
# The exit code is the command's; see judge() in lab.sh for the others.
. "$(dirname "$0")/lab.sh"

kernel=$(ls "$1"/boot/vmlinuz-*) out=$2 seconds=$3
shift 3
mkdir -p "$out/files" "$out/root"
rm -f "$out/rc" "$out/dmesg" "$out/splat"
cp "$cache/busybox/bin/busybox" "$vm/qemu_init.sh" "$out/files/"
printf '%s\n' "$*" >"$out/files/command"
mv "$out/files/qemu_init.sh" "$out/files/init"
(cd "$out/files" && find . | cpio -o -H newc --quiet) >"$out/initramfs"

accel=tcg,thread=multi
[ -w /dev/kvm ] && grep -qE '\b(vmx|svm)\b' /proc/cpuinfo && accel=kvm
code=0
timeout -k 5 "$seconds" qemu-system-x86_64 -machine q35 -accel "$accel" -cpu max -smp 2 -m 768 \
	-nodefaults -no-user-config -no-reboot -display none -serial stdio -monitor none \
	-kernel "$kernel" -initrd "$out/initramfs" -device isa-debug-exit,iobase=0xf4,iosize=1 \
	-append "console=ttyS0 loglevel=4 panic=-1 oops=panic mitigations=off no_timer_check nokaslr" \
	</dev/null 2>&1 | sed -u 's,\r$,,' | tee "$out/console" | sed -u '/^GUEST LOG$/,$d' || code=${PIPESTATUS[0]}
# All there is comes over the serial line: what the guest says of the log and of the exit code too.
sed -n '/^GUEST LOG$/,/^GUEST END$/p' "$out/console" | sed '1d;$d' >"$out/dmesg"
cat "$out/console" >>"$out/dmesg"
sed -n 's/^GUEST EXIT \([0-9]*\)$/\1/p' "$out/console" >"$out/rc"
judge "$out" "$code"
