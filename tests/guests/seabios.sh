# FreeDOS under Debian's SeaBIOS with Debian's video BIOSes. Sourced by run.
bios=/usr/share/seabios/bios.bin
if [ ! -f $bios ]; then
    skip guest-seabios no-seabios
elif take freedos-144.img dos.img; then
    if [ -f /usr/share/vgabios/vgabios.bin ]; then
        boots guest-seabios-vgabios 'A:\\>' dos.img --bios $bios --vgabios /usr/share/vgabios/vgabios.bin
    else
        skip guest-seabios-vgabios no-vgabios
    fi
    if [ -f /usr/share/seabios/vgabios-stdvga.bin ]; then
        boots guest-seabios-seavgabios 'A:\\>' dos.img --bios $bios --vgabios /usr/share/seabios/vgabios-stdvga.bin
    else
        skip guest-seabios-seavgabios no-seavgabios
    fi
    boots guest-seabios-our-vgabios 'A:\\>' dos.img --bios $bios
else
    skip guest-seabios no-image
fi
