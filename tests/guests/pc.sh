# The rest of the classic PC: mode 13h, multiboot, VBE and the mouse, another firmware, a memory tester. Sourced by run.
# Width x height of a PNG.
size_of() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }

if take bootos-osall.img bootos.img; then
    printf '%s\n' 'wait:^\$' 'type:invaders\n' >keys.txt
    rm -f shot.png
    timeout 60 "$TRUEBOX" run bootos.img --headless --max-insns 500m --max-seconds 50 --keys-file keys.txt --screenshot shot.png >out 2>err
    status=$?
    if [ $status = 124 ] && [ "$(size_of shot.png)" = 320x200 ]; then pass guest-bootos-mode13h; else fail guest-bootos-mode13h "status $status, $(size_of shot.png)"; fi
else
    skip guest-bootos-mode13h no-image
fi
if take invaders.exec invaders.exec; then
    boots guest-invaders-kernel '/ \\' --kernel invaders.exec
    printf '%s\n' 'wait:/ \\' 'key:space' >keys.txt
    boots guest-invaders-fires '^ +[|]' --kernel invaders.exec --keys-file keys.txt
else
    skip guest-invaders-kernel no-image
fi
if take grub-invaders.iso invaders.iso; then
    boots guest-invaders-cd '^ +_$' invaders.iso
else
    skip guest-invaders-cd no-image
fi
if take uboot-x86.rom uboot.rom; then
    boots guest-uboot '^=> ' --bios uboot.rom
else
    skip guest-uboot no-image
fi
# KolibriOS finds 800x600 by VBE; the mouse goes to its menu, and a click changes the picture.
if take kolibri-v86.img kolibri.img; then
    cat >keys.txt <<'K'
sleep:30000
mouse:-400,300
mouse:-400,300
sleep:300
mouse:2,-1
sleep:50
mouse:2,-1
sleep:50
mouse:2,-1
sleep:50
mouse:2,-1
sleep:50
mouse:2,-1
sleep:50
mouse:2,-1
sleep:50
mouse:2,-1
sleep:50
mouse:2,-1
sleep:500
K
    rm -f before.png after.png
    timeout 60 "$TRUEBOX" run kolibri.img --snapshot --memory 128M --headless --max-insns 3600m --max-seconds 50 --keys-file keys.txt \
        --screenshot before.png >out 2>err
    printf '%s\n' mouse:0,0,1 sleep:200 mouse:0,0 >>keys.txt
    timeout 60 "$TRUEBOX" run kolibri.img --snapshot --memory 128M --headless --max-insns 3600m --max-seconds 50 --keys-file keys.txt \
        --screenshot after.png >out 2>err
    if [ "$(size_of before.png)" = 800x600 ]; then pass guest-kolibri-vbe; else fail guest-kolibri-vbe "$(size_of before.png)"; fi
    if ! cmp -s before.png after.png; then pass guest-kolibri-click; else fail guest-kolibri-click "the picture is the same"; fi
else
    skip guest-kolibri no-image
fi
if take memtest86+ia32.iso memtest.iso; then
    boots guest-memtest 'Testing:.*MB' memtest.iso --cpu pentium --memory 8M
    if grep -q 'Errors: 0' screen.txt; then pass guest-memtest-errors; else fail guest-memtest-errors "$(grep -o 'Errors:.*' screen.txt)"; fi
else
    skip guest-memtest no-image
fi
