# Bad input: one clear line, the right status. Sourced by run.
: >empty.img
head -c 700 /dev/zero >truncated.img
head -c 1474560 /dev/zero >floppy.img
mkdir directory.img
head -c 1000 /dev/zero >odd.bin
head -c 65536 /dev/zero >zero.bin

error no-command 64 'a command is missing'
error unknown-command 64 'unknown command: frobnicate' frobnicate
error later-command 64 'diff: not in this version' diff a b
error unknown-option 64 'unknown option: --frobnicate' run --frobnicate
error unknown-short-option 64 'unknown option: -z' run -z
error option-without-argument 64 'wants an argument: --until' run --until
error later-option 64 '--record: not in this version' run --record log
error missing-image 66 'nosuch.img: No such file' run nosuch.img --headless
error empty-image 65 'empty.img' run empty.img --headless
error truncated-image 65 'truncated.img' run truncated.img --headless
error directory-image 65 'directory.img' run directory.img --headless
error missing-disk 66 'nosuch.img' run --hda nosuch.img --headless --bios zero.bin --vgabios ''
error empty-disk 65 'empty.img' run --hda empty.img --headless --bios zero.bin --vgabios ''
error directory-disk 65 'directory.img' run --hda directory.img --headless --bios zero.bin --vgabios ''
error two-images 64 'more than one image: b.img' run a.img b.img
error same-image-twice 64 'floppy.img: the same image in two drives' run floppy.img --fdb floppy.img --headless
ln -s floppy.img link.img
error same-image-by-a-link 64 'the same image in two drives' run --fda floppy.img --hda link.img --headless
error drive-twice 64 '--fda: this drive has an image already' run --fda floppy.img --fda link.img
error unknown-model 64 '--cpu: unknown model: i686' run --cpu i686
error model-without-bios 64 '8086' run --cpu 8086 --headless
error one-line-without-display 64 '8086' run --cpu 8086
error bios-missing 66 'nosuch.bin' run --bios nosuch.bin --headless
error bios-size 65 'odd.bin' run --bios odd.bin --headless
error bios-empty 65 'empty.img' run --bios empty.img --headless
error vgabios-bad 65 'zero.bin' run --bios zero.bin --vgabios zero.bin --headless
error memory-size 64 '--memory: wants' run -m 5g
error until-syntax 64 '--until: (' run --until '('
error keys-syntax 64 '--keys: line 2: wants wait:' run --keys 'type:x
press:y'
error keys-escape 64 '--keys: line 1: type: escapes' run --keys 'type:\x'
error keys-unknown-key 64 'no key is called "hyper"' run --keys 'key:hyper-x'
printf 'sleep:5\r\n# comment\r\n\r\nwait:[\r\n' >keys.txt
error keys-file-line 64 'keys.txt: line 4: wait:' run --keys-file keys.txt
error keys-file-missing 66 'nosuch.txt: No such file' run --keys-file nosuch.txt
error log-category 64 '--log: unknown category' run --bios zero.bin --vgabios '' --headless --log nonsense
error output-directory 66 'nosuch/x.png' run --headless --screenshot nosuch/x.png
error terminal-wanted 64 '--display term' run --display term --bios zero.bin --vgabios ''
error serial-place 64 '--serial: wants' run --serial tty0
error stdio-twice 64 'standard input is wanted twice' run --serial stdio --serial stdio
error debugger-missing 64 '-S:' run -S --headless --bios zero.bin --vgabios ''
error disasm-missing 66 'nosuch.bin: No such file' disasm nosuch.bin
error disasm-bits 64 '--bits: wants 16, 32 or 64' disasm --bits 8 zero.bin
error cpu-unknown 64 'unknown model: z80' cpu show z80
long=$(head -c 300 /dev/zero | tr '\0' a)
error long-name 66 'File name too long' run "$long" --headless
error newline-in-name 66 'no?such' run 'no
such' --headless
