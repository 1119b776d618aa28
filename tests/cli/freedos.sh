# A real guest by keys, screen and disk. Sourced by run.
guest=$TRUEBOX_SHARED/guests/freedos-144.img
if [ -z "$TRUEBOX_SHARED" ] || [ ! -f "$guest" ]; then
    skip freedos no-guest-image
else
    cp "$guest" dos.img
    chmod u+w dos.img
    ends freedos-prompt 0 run dos.img --snapshot --headless --until 'A:\\>' --screen-text screen.txt --max-seconds 50
    if grep -q 'A:\\>' screen.txt; then pass freedos-screen-text; else fail freedos-screen-text "$(head -5 screen.txt)"; fi
    cat >keys.txt <<'K'
wait:A:\\>
type:echo Hello > new.txt\n
wait:A:\\>
type:dir new.txt\n
wait:bytes free
wait:A:\\>
type:echo do%XX%ne\n
K
    cp dos.img before.img
    ends freedos-snapshot 0 run dos.img --snapshot --headless --keys-file keys.txt --until '^done' --max-seconds 55
    if cmp -s dos.img before.img; then pass snapshot-keeps-image; else fail snapshot-keeps-image "the image changed"; fi
    ends freedos-keys 0 run dos.img --headless --keys-file keys.txt --until '^done' --max-seconds 55 --stats one.json
    if command -v mtype >/dev/null; then
        if mtype -i dos.img ::NEW.TXT 2>/dev/null | grep -q Hello; then pass freedos-file-in-image; else fail freedos-file-in-image "NEW.TXT"; fi
    else
        skip freedos-file-in-image no-mtools
    fi
    cp before.img dos.img
    ends freedos-keys-again 0 run dos.img --headless --keys-file keys.txt --until '^done' --max-seconds 55 --stats two.json
    if [ "$(grep state_hash one.json)" = "$(grep state_hash two.json)" ]; then
        pass freedos-same-hash
    else
        fail freedos-same-hash "$(grep -h state_hash one.json two.json)"
    fi
fi
