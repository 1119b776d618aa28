# bootOS, pure 8086 code on a 360K diskette. Sourced by run.
if take bootos-osall.img bootos.img; then
    boots guest-bootos '^\$' bootos.img
    printf '%s\n' 'wait:^\$' 'type:dir\n' >keys.txt
    boots guest-bootos-dir 'bootle' bootos.img --keys-file keys.txt
else
    skip guest-bootos no-image
fi
