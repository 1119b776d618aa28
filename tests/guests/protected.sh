# Protected mode and virtual-8086 mode by DOS extenders, the V86 monitor JEMM, and GRUB's mode switches. Sourced by run.
for guest in freedos-dpmi freedos-jemm; do
    if take $guest.img dos.img; then
        boots guest-$guest 'GUEST-OK DPMI' dos.img --memory 32M --cpu pentium
        # What the extender computed is right: bzip2's output as the host's, unpacked again to the same bytes.
        sums=$(grep -cE '88babdd89f68ce6209a8323edfbc9369 .*KERNEL.SYS|bc6ba069dd1a2c62e11ce36c364520dd .*H.BZ2|2e2823cc506bdbcce43f566eb9f0066b' screen.txt)
        if [ "$sums" = 4 ]; then pass guest-$guest-sums; else fail guest-$guest-sums "$sums of 4 checksums"; fi
    else
        skip guest-$guest no-image
    fi
done
if take grub-rescue-floppy.img grub.img; then
    boots guest-grub 'GNU GRUB +version 2\.06' grub.img
    printf '%s\n' 'wait:Memtest86' type:c >keys.txt
    boots guest-grub-shell 'grub>' grub.img --keys-file keys.txt
else
    skip guest-grub no-image
fi
