# How runs end, by firmware of a few bytes: no BIOS is needed. Sourced by run.
firmware ready.bin "$(say 351 'READY
')"'\353\376'
firmware serial.bin '\272\370\003\260\107\356\260\117\356\353\376' # out 3F8: "GO", jmp $
firmware exit.bin '\260\025\346\364\353\376'                       # out F4, 15
firmware halt.bin '\372\364\353\375'                               # cli; hlt
firmware triple.bin '\372\056\017\001\036\020\000\314'             # cli; lidt cs:[10] (all zero); int3
ends demo 0 run --headless --until 'built-in demo' --max-seconds 50
bare="run --headless --vgabios= --bios"

ends until-debugcon 0 $bare ready.bin --until 'REA.Y$' --max-insns 1m
ends until-serial 0 $bare serial.bin --until '^GO' --max-insns 1m
ends until-never 124 $bare ready.bin --until 'STEADY' --max-insns 1m
ends max-insns 124 $bare ready.bin --max-insns 100k --stats stats.json
if grep -q '"instructions": 100000,' stats.json && grep -q '"reason": "max-insns"' stats.json; then
    pass max-insns-exact
else
    fail max-insns-exact "$(cat stats.json)"
fi
ends max-seconds 124 $bare ready.bin --max-seconds 0.2
ends debug-exit 43 $bare exit.bin --isa-debug-exit --max-insns 1m
ends debug-exit-absent 124 $bare exit.bin --max-insns 1m
ends halted 124 $bare halt.bin --stats stats.json
if grep -q '"reason": "halted"' stats.json; then pass halted-reason; else fail halted-reason "$(cat stats.json)"; fi
ends shutdown 125 $bare triple.bin --on-shutdown exit --max-insns 1m
if grep -q '^truebox: .' err; then pass shutdown-explained; else fail shutdown-explained "nothing on standard error"; fi
ends shutdown-resets 124 $bare triple.bin --max-insns 1m

ends debugcon-stdio 0 $bare ready.bin --debugcon stdio --until READY --max-insns 1m
if [ "$(cat out)" = READY ]; then pass debugcon-bytes; else fail debugcon-bytes "$(cat out)"; fi
ends serial-file 0 $bare serial.bin --serial file:serial.txt --until GO --max-insns 1m
if [ "$(cat serial.txt)" = GO ]; then pass serial-file-bytes; else fail serial-file-bytes "$(cat serial.txt)"; fi

ends stats-once 124 $bare ready.bin --max-insns 300k --stats one.json
ends stats-again 124 $bare ready.bin --max-insns 300k --stats two.json --engine plain
if [ "$(grep state_hash one.json)" = "$(grep state_hash two.json)" ]; then
    pass same-hash-on-both-engines
else
    fail same-hash-on-both-engines "$(grep -h state_hash one.json two.json)"
fi
for field in instructions virtual_ns host_user_s mips state_hash reason exit_status; do
    grep -q "\"$field\":" one.json || fail stats-field-$field "$(cat one.json)"
done

ends screenshot 124 $bare ready.bin --max-insns 10k --screenshot shot.png --screen-text shot.txt
if [ "$(head -c 4 shot.png | tail -c 3)" = PNG ]; then pass screenshot-is-png; else fail screenshot-is-png "$(wc -c <shot.png)"; fi

# Signals: flushed, and told by the status.
for signal in INT:130 TERM:143 HUP:129; do
    name=${signal%:*} wanted=${signal#*:}
    rm -f stats.json
    # A shell starts what runs in the background with SIGINT ignored; env gives it back.
    env --default-signal="$name" "$TRUEBOX" $bare ready.bin --debugcon file:said.txt --stats stats.json >out 2>err </dev/null &
    child=$!
    sleep 0.5
    kill -"$name" $child
    wait $child
    status=$?
    if [ $status = "$wanted" ] && grep -q '"reason": "quit"' stats.json && [ "$(cat said.txt)" = READY ]; then
        pass signal-$name
    else
        fail signal-$name "status $status: $(head -c 200 err)"
    fi
done

# Standard input at its end does not end the run, and a reader that is gone is an error, not a crash.
ends stdin-ended 0 $bare serial.bin --serial stdio --until GO --max-insns 1m
if [ "$(cat out)" = GO ]; then pass serial-stdio-bytes; else fail serial-stdio-bytes "$(cat out)"; fi
if [ -w /dev/full ]; then
    ends full-device 66 $bare ready.bin --debugcon file:/dev/full --until READY --max-insns 1m
    error full-stats 66 '/dev/full: No space left' $bare ready.bin --stats /dev/full --until READY --max-insns 1m
fi

# A socket: what was said before somebody came is kept for him.
if command -v python3 >/dev/null; then
    "$TRUEBOX" $bare serial.bin --serial unix:port --max-seconds 5 >out 2>err </dev/null &
    child=$!
    got=$(python3 -c '
import socket, time
for _ in range(40):
    try:
        s = socket.socket(socket.AF_UNIX); s.connect("port"); break
    except OSError:
        time.sleep(0.1)
s.settimeout(3)
print(s.recv(2).decode())' 2>&1)
    kill $child
    wait $child
    if [ "$got" = GO ] && [ ! -e port ]; then pass serial-socket; else fail serial-socket "$got"; fi
else
    skip serial-socket no-python3
fi

# disasm
if [ "$(printf '90 b8 34 12 # comment\n0xcd,0x21' | "$TRUEBOX" disasm --org 0x7c00 | wc -l)" = 3 ]; then
    pass disasm-stdin
else
    fail disasm-stdin "not three lines"
fi
ends cpu-list 0 cpu list
ends version 0 --version
ends cpu-help 0 run --cpu help
ends run-help 0 run --help
ends help 0 --help
if grep -q -- '--until' out && ! grep -q -- '--record' out; then pass help-lists-what-exists; else fail help-lists-what-exists "$(head -3 out)"; fi

# Keys: firmware that enables the keyboard, translated to set 1, but not the mouse, and copies every byte to the debug console; the first is the
# keyboard's AA when it has tested itself.
#   mov al, 60; out 64, al; mov al, 60; out 60, al; poll: in al, 64; test al, 1; jz poll; in al, 60; out E9, al; jmp poll
firmware echo.bin '\260\140\346\144\260\140\346\140\344\144\250\001\164\372\344\140\346\351\353\364'
codes() { od -An -v -tx1 "$1" | tr -d ' \n'; }
ends keys-typed 124 $bare echo.bin --max-insns 100m --debugcon file:codes.bin --keys 'wait:.' --keys 'type:aB' --keys 'key:ctrl-alt-del pause' --keys 'sleep:1
at:1'
if [ "$(codes codes.bin)" = aa1e9e2a30b0aa1d38e053e0d3b89de11d45e19dc5 ]; then
    pass keys-as-scan-codes
else
    fail keys-as-scan-codes "$(codes codes.bin)"
fi
ends keys-wait-for-port 0 $bare echo.bin --max-insns 100m --debugcon file:codes.bin --until "\.$(printf '\256\002')" --keys 'wait:.
key:c
wait:\.
key:1'

# An image that may not be written is told once, and not when nothing would be written anyway.
head -c 1474560 /dev/zero >protected.img
chmod a-w protected.img
error read-only-image 0 'protected.img: read-only: the guest cannot write to it' $bare ready.bin --fda protected.img --until READY --max-insns 1m
ends read-only-under-snapshot 0 $bare ready.bin --fda protected.img --snapshot --until READY --max-insns 1m
if [ -s err ]; then fail read-only-is-no-matter-under-snapshot "$(cat err)"; else pass read-only-is-no-matter-under-snapshot; fi
