/* The video BIOS's option ROM: header, initialisation entry, the INT 10h stub, fonts.
 * Runs on the caller's stack: INT 10h is called from everywhere and never waits. */
        .code16
        .section .header, "ax"
        .byte   0x55, 0xAA, 0           /* length and checksum: tools/mkrom.c */
        jmp     vga_start
        .org    0x18
        .word   pcir
        .org    0x1E
        .ascii  "IBM"                   /* programs look for it here to tell an EGA or VGA */
        .org    0x30
        .asciz  "Truebox VGA BIOS"
        .balign 4
pcir:   .ascii  "PCIR"                  /* PCI Local Bus 2.1, 6.3.1.2; the Bochs display's ids */
        .word   0x1234, 0x1111
        .word   0, 0x18
        .byte   0, 0, 0, 3
        .word   0, 1
        .byte   0, 0x80
        .word   0

        .globl  vga_start
vga_start:
        pushal
        pushw   %ds
        pushw   %es
        pushw   %fs
        pushw   %gs
        cld
        movl    %esp, %ebx
        movzwl  %sp, %esp
        movw    %ss, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %cs, %ax
        movw    %ax, %fs
        calll   vga_init
        movl    %ebx, %esp
        popw    %gs
        popw    %fs
        popw    %es
        popw    %ds
        popal
        lretw

        .section .text
        .globl  vga_int10, vga_int42
vga_int10:                              /* the frame is struct regs of regs.h */
        pushl   $0
        pushal
        pushw   %ds
        pushw   %es
        pushw   %fs
        pushw   %gs
        cld
        movl    %esp, %ebx
        movzwl  %sp, %esp
        movw    %ss, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %cs, %ax
        movw    %ax, %fs
        movl    %esp, %eax
        calll   int10_video
        movl    %ebx, %esp
        popw    %gs
        popw    %fs
        popw    %es
        popw    %ds
        popal
        addw    $4, %sp
        iretw
vga_int42:
        iretw
        .globl  vbe_window              /* WinFuncPtr: function 4F05h by a far call, BH and DX as there */
vbe_window:
        pushw   %ax
        pushw   %dx
        movw    %dx, %ax
        pushw   %ax
        movw    $0x1CE, %dx
        movw    $5, %ax
        outw    %ax, %dx
        incw    %dx
        popw    %ax
        testb   %bh, %bh
        jnz     1f
        outw    %ax, %dx
        popw    %dx
        popw    %ax
        lretw
1:      inw     %dx, %ax
        addw    $2, %sp
        movw    %ax, %dx
        popw    %ax
        lretw

        .section .romdata, "a"
        .globl  font8, font14, font16, font_none
font8:  .incbin "font8.bin"
font14: .incbin "font14.bin"
font16: .incbin "font16.bin"
font_none:                              /* 9-dot supplements: the eighth column repeats, nothing differs */
        .byte   0
        .section .note.GNU-stack, "", @progbits
