/* From the reset vector to C: shutdown codes, A20, shadow RAM, the first stack.
 *
 * The 440FX powers up with F0000-FFFFF decoding to ROM. PAM0 (59h) can turn it into RAM; since the code that
 * does so disappears under its own feet, it runs from the ROM's other alias below 4 GiB in 32-bit protected mode.
 * The RAM stays writable until POST has frozen what it found; shadow.c locks it. */
        .code16
        .section .text
        .set    HIGH, 0xFFFF0000        /* the ROM's alias under 4 GiB */

        .globl  post_entry
post_entry:
        cli
        cld
        movb    $0x01, %al
        outb    %al, $0x80
        /* CMOS 0Fh: why the processor was reset (IBM AT Technical Reference). NMI stays off meanwhile. */
        movb    $0x8F, %al
        outb    %al, $0x70
        outb    %al, $0xED
        inb     $0x71, %al
        movb    %al, %bl
        movb    $0x8F, %al
        outb    %al, $0x70
        xorb    %al, %al
        outb    %al, $0x71
        movb    $0x0D, %al
        outb    %al, $0x70
        inb     $0x71, %al
        cmpb    $0x05, %bl
        je      resume_eoi
        cmpb    $0x0A, %bl
        je      resume
        cmpb    $0x09, %bl
        je      resume_block_move
        jmp     cold

resume_eoi:                             /* 5: flush the keyboard, end interrupts, jump through 40:67 */
        inb     $0x60, %al
        movb    $0x20, %al
        outb    %al, $0xA0
        outb    %al, $0x20
resume:                                 /* A: jump through 40:67 */
        movw    $0x40, %ax
        movw    %ax, %ds
        ljmp    *0x67
resume_block_move:                      /* 9: a 286-style return to real mode: 40:67 is SS:SP of an INT 15h frame */
        movw    $0x40, %ax
        movw    %ax, %ds
        lssw    0x67, %sp
        popw    %ds
        popw    %es
        popaw
        iretw

cold:
        movw    $0x40, %ax              /* a guest's 1234h survives in EBP */
        movw    %ax, %ds
        movzwl  0x72, %ebp
        inb     $0x92, %al              /* A20 on, fast reset bit off */
        orb     $0x02, %al
        andb    $0xFE, %al
        outb    %al, $0x92
        movl    $0x80000000, %eax
        movw    $0xCF8, %dx
        outl    %eax, %dx
        movw    $0xCFC, %dx
        inl     %dx, %eax
        cmpl    $0x12378086, %eax
        jne     no_bridge
        lgdtw   %cs:gdt_pointer
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $0x08, $HIGH + 1f
        .code32
1:      movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    $0xCF8, %dx
        movl    $0x80000058, %eax
        outl    %eax, %dx
        movw    $0xCFD, %dx
        movb    $0x30, %al              /* PAM0: F0000-FFFFF read and write DRAM */
        outb    %al, %dx
        movl    $HIGH, %esi
        movl    $0xF0000, %edi
        movl    $0x4000, %ecx
        rep     movsl
        movw    $0x18, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        ljmp    $0x20, $2f
        .code16
2:      movl    %cr0, %eax
        andb    $0xFE, %al
        movl    %eax, %cr0
        ljmp    $0xF000, $3f
3:      xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0x7C00, %esp
        movw    %cs, %ax
        movw    %ax, %fs
        lidtw   %cs:ivt_pointer
        movl    %ebp, %eax
        calll   post
4:      cli
        hlt
        jmp     4b
no_bridge:                              /* no shadow RAM: nowhere to keep what POST finds */
        movb    $0xE1, %al
        outb    %al, $0x80
        hlt
        jmp     no_bridge

        /* POST only, by a trip through protected mode with flat data segments:
           void flat_copy(u32 to, u32 from, u32 bytes)   EAX, EDX, ECX
           void flat_write32(u32 at, u32 value), u32 flat_read32(u32 at) */
        .globl  flat_copy, flat_write32, flat_read32
        .macro  FLAT_ENTER
        pushw   %ds
        pushw   %es
        pushw   %fs
        pushl   %ebx
        movw    %ss, %bx
        call    flat_on
        .endm
        .macro  FLAT_LEAVE
        call    flat_off
        popl    %ebx
        popw    %fs
        popw    %es
        popw    %ds
        retl
        .endm
flat_copy:
        pushl   %esi
        pushl   %edi
        FLAT_ENTER
        movl    %eax, %edi
        movl    %edx, %esi
        cld
        addr32 rep movsb
        call    flat_off
        popl    %ebx
        popw    %fs
        popw    %es
        popw    %ds
        popl    %edi
        popl    %esi
        retl
flat_write32:
        FLAT_ENTER
        addr32 movl %edx, (%eax)
        FLAT_LEAVE
flat_read32:
        FLAT_ENTER
        addr32 movl (%eax), %eax
        FLAT_LEAVE

        /* Both keep every register. BX is the real-mode SS. */
flat_on:
        pushl   %eax
        lgdtw   %cs:gdt_pointer
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmp    $0x20, $1f
1:      movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        popl    %eax
        retw
flat_off:
        pushl   %eax
        movw    $0x18, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movl    %cr0, %eax
        andb    $0xFE, %al
        movl    %eax, %cr0
        ljmp    $0xF000, $1f
1:      movw    %bx, %ss
        popl    %eax
        retw

        .balign 8
        .globl  gdt
gdt:    .quad   0
        .quad   0x00CF9B000000FFFF      /* 08 code, 32 bit, flat */
        .quad   0x00CF93000000FFFF      /* 10 data, flat */
        .quad   0x000093000000FFFF      /* 18 data, as real mode has it */
        .quad   0x00009B0F0000FFFF      /* 20 code, 16 bit, base F0000 */
gdt_pointer:
        .word   . - gdt - 1
        .long   gdt + 0xF0000
        .globl  ivt_pointer
ivt_pointer:
        .word   0x3FF
        .long   0

/* The places of the IBM PC/AT ROM that programs jump to or read, at their old offsets. */
        .section .fixed, "awx"
        .macro  AT offset
        .org    \offset - 0xE000
        .endm
        .byte   0
        AT      0xE05B
        jmp     post_entry
        AT      0xE2C3                  /* NMI */
        jmp     int02_entry
        AT      0xE3FE
        jmp     int13_entry
        AT      0xE401                  /* hard disk parameter tables: the drive types of the AT, none used */
        AT      0xE6F2
        jmp     int19_entry
        AT      0xE6F5
        .globl  config_table
config_table:                           /* INT 15h C0h */
        .word   8
        .byte   0xFC, 0x01, 0x00        /* model, submodel, revision: AT class */
        .byte   0x74                    /* second 8259, RTC, INT 15h 4Fh, EBDA */
        .byte   0x40                    /* INT 16h 09h */
        .byte   0, 0, 0
        AT      0xE739
        jmp     int14_entry
        AT      0xE82E
        jmp     int16_entry
        AT      0xE987
        jmp     int09_entry
        AT      0xEC59
        jmp     int40_entry
        AT      0xEF57
        jmp     int0e_entry
        AT      0xEFC7
        .globl  diskette_parameters
diskette_parameters:                    /* INT 1Eh: 1.44 MB */
        .byte   0xAF, 0x02, 0x25, 0x02, 18, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 0x08
        AT      0xEFD2
        jmp     int17_entry
        AT      0xF065
        jmp     int10_entry
        AT      0xF841
        jmp     int12_entry
        AT      0xF84D
        jmp     int11_entry
        AT      0xF859
        jmp     int15_entry
        AT      0xFA6E
        .globl  font8_low
font8_low:                              /* CP437 00h-7Fh for programs that draw their own text in CGA graphics */
        .incbin "font8.bin", 0, 1024
        AT      0xFE6E
        jmp     int1a_entry
        AT      0xFEA5
        jmp     int08_entry
        AT      0xFF53
        .globl  dummy_iret
dummy_iret:
        iretw
        AT      0xFF54
        jmp     int05_entry
        AT      0xFFF0
        ljmp    $0xF000, $post_entry
        AT      0xFFF5
        .ascii  "01/01/26"
        AT      0xFFFE
        .byte   0xFC                    /* model: AT */
        .byte   0
        .section .text
        .globl  int02_entry, int10_entry
int02_entry:                            /* an NMI nobody installed a handler for is benign */
        iretw
int10_entry:                            /* until the video BIOS is there */
        iretw
        .section .note.GNU-stack, "", @progbits
