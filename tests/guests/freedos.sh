# FreeDOS under our BIOS: prompt, directory, files, and the same state by the same keys in both engines. Sourced by run.
if take freedos-144.img dos.img; then
    boots guest-freedos-prompt 'A:\\>' dos.img
    cat >keys.txt <<'K'
wait:A:\\>
type:dir\n
wait:bytes free
type:echo written by the guest > hello.txt\n
wait:A:\\>
type:ver\n
wait:A:\\>
type:echo all %PROMPT% done\n
K
    cp dos.img before.img
    boots guest-freedos-dir 'KERNEL +SYS' dos.img --snapshot --keys-file keys.txt
    boots guest-freedos-snapshot '^all.*done' dos.img --snapshot --keys-file keys.txt
    if cmp -s dos.img before.img; then pass guest-freedos-snapshot-keeps; else fail guest-freedos-snapshot-keeps "the image changed"; fi
    boots guest-freedos-write '^all.*done' dos.img --keys-file keys.txt
    first=$(hash)
    if ! command -v mtype >/dev/null; then
        skip guest-freedos-file no-mtools
    elif mtype -i dos.img ::HELLO.TXT 2>/dev/null | grep -q 'written by the guest'; then
        pass guest-freedos-file
    else
        fail guest-freedos-file "HELLO.TXT is not in the image"
    fi
    for engine in fast plain; do
        cp before.img dos.img
        boots guest-freedos-$engine '^all.*done' dos.img --keys-file keys.txt --engine $engine
        if [ -n "$first" ] && [ "$(hash)" = "$first" ]; then
            pass guest-freedos-$engine-hash
        else
            fail guest-freedos-$engine-hash "$(hash), first run $first"
        fi
    done
else
    skip guest-freedos no-image
fi
