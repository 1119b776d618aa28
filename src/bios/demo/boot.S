/* The boot sector of the demo and self-test disks: loads the payload behind it to 1000:0000. The linker is told the disk's
   geometry (disk_sectors, disk_heads). */
        .code16
        .section .boot, "ax"
        .globl  boot
boot:
        jmp     1f
        nop
        .ascii  "TRUEBOX "
        .org    0x3E
1:      xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7C00, %sp
        cld
        sti
        movb    %dl, 0x7C00 + drive
        movw    $0x1000, %ax
        movw    %ax, %es
        movw    $1, %si                 /* logical sector */
next:   movw    $5, %di                 /* tries: the first access after power-up says "disk changed" */
again:  movw    %si, %ax
        xorw    %dx, %dx
        movw    $disk_sectors, %cx
        divw    %cx
        incw    %dx
        movw    %dx, %cx                /* sector in CL */
        movb    $disk_heads, %dl
        divb    %dl
        movb    %al, %ch
        movb    %ah, %dh
        movb    0x7C00 + drive, %dl
        xorw    %bx, %bx
        movw    $0x0201, %ax
        int     $0x13
        jnc     2f
        xorw    %ax, %ax
        movb    0x7C00 + drive, %dl
        int     $0x13
        decw    %di
        jnz     again
        movw    $0x7C00 + failed, %si
3:      lodsb
        testb   %al, %al
4:      jz      4b
        movb    $0x0E, %ah
        movw    $7, %bx
        int     $0x10
        jmp     3b
2:      movw    %es, %ax
        addw    $32, %ax
        movw    %ax, %es
        incw    %si
        cmpw    $payload_sectors + 1, %si
        jb      next
        ljmp    $0x1000, $0
drive:  .byte   0
failed: .asciz  "demo disk: read error"
        .org    510
        .word   0xAA55
        .section .note.GNU-stack, "", @progbits
