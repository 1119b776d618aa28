# The window under an X server of its own and the terminal display under tmux, typed into as a user does. Sourced by run.
# The guest is the demo, which shows what is typed; --until sees it on the guest's screen.
if command -v Xvfb >/dev/null && command -v xdotool >/dev/null && "$TRUEBOX" run --help | grep -q -- --fullscreen; then
    display=:$((90 + $$ % 900))
    Xvfb $display -screen 0 1024x768x24 >xvfb.log 2>&1 &
    server=$!
    tries=0
    while [ ! -S /tmp/.X11-unix/X${display#:} ] && kill -0 $server 2>/dev/null && [ $tries -lt 30 ]; do
        sleep 1
        tries=$((tries + 1))
    done
    DISPLAY=$display timeout 60 "$TRUEBOX" run --display sdl --until 'hallo' --stats window.json >out 2>err </dev/null &
    child=$!
    tries=0
    seen=
    while kill -0 $child 2>/dev/null && [ $tries -lt 40 ]; do
        sleep 1
        tries=$((tries + 1))
        title=$(DISPLAY=$display xdotool search --name 'Truebox - demo' getwindowname 2>/dev/null | head -1)
        [ -z "$title" ] || seen=$title
        DISPLAY=$display xdotool key ctrl+alt+s type --delay 30 hallo 2>/dev/null
    done
    wait $child
    status=$?
    if [ $status = 0 ] && grep -q '"reason": "until"' window.json; then
        pass window-typed
    else
        fail window-typed "status $status: $(head -c 300 err)"
    fi
    case $seen in
    'Truebox - demo - '*' MIPS, '*'% - running') pass window-title ;;
    *) fail window-title "$seen" ;;
    esac
    if grep -q '^truebox: screenshot: truebox-001.png' err && [ "$(head -c 4 truebox-001.png | tail -c 3)" = PNG ]; then
        pass window-screenshot
    else
        fail window-screenshot "$(head -c 300 err)"
    fi
    kill $server
    wait $server 2>/dev/null
else
    skip window no-Xvfb-or-xdotool-or-SDL
fi

if command -v tmux >/dev/null; then
    tmux="tmux -S $work/tmux.socket -f /dev/null"
    unset DISPLAY WAYLAND_DISPLAY
    $tmux new-session -d -x 100 -y 30 sh
    $tmux send-keys "stty -a >before; '$TRUEBOX' run --until hallo --max-seconds 50 2>err; echo status \$? >status; stty -a >after" Enter
    tries=0
    while [ ! -f after ] && [ $tries -lt 50 ]; do
        sleep 1
        tries=$((tries + 1))
        if $tmux capture-pane -p | grep -q 'the built-in demo'; then
            : >drawn
            $tmux send-keys hallo
        fi
    done
    if [ "$(cat status 2>/dev/null)" = 'status 0' ]; then pass terminal-typed; else fail terminal-typed "$(cat status err 2>&1)"; fi
    if [ -f drawn ]; then pass terminal-draws; else fail terminal-draws "the demo's title was not seen"; fi
    if [ -s before ] && cmp -s before after; then pass terminal-restored; else fail terminal-restored "$(diff before after 2>&1 | head -3)"; fi
    if grep -q '^truebox: no window: .*falling back to the terminal$' err; then pass terminal-says-so; else fail terminal-says-so "$(cat err)"; fi
    $tmux kill-server
else
    skip terminal no-tmux
fi
