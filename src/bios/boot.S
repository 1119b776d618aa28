/* INT 19h and 18h set up the loader's stack; the jump to a boot sector. */
        .code16
        .section .text
        .globl  int19_entry, int18_entry, boot_jump
int19_entry:                            /* from the first device */
        movb    $0, %bl
        jmp     1f
int18_entry:                            /* a boot sector gave up: the next one */
        movb    $1, %bl
1:      cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0x7C00, %esp
        movw    %cs, %ax
        movw    %ax, %fs
        testb   %bl, %bl
        jnz     2f
        movw    $0x40, %ax
        movw    %ax, %gs
        movw    %gs:0x0E, %ax
        movw    %ax, %gs
        movb    $0, %gs:0x3E            /* struct ebda: boot_index */
        movw    $0x400, %gs:2           /* and a fresh private stack */
2:      calll   boot
        hlt

        /* void boot_jump(u16 seg, u8 drive): seg 0 is 0000:7C00 */
boot_jump:
        xorl    %ebx, %ebx
        testw   %ax, %ax
        jnz     1f
        movw    $0x7C00, %bx
1:      movzbl  %dl, %edx
        xorw    %cx, %cx
        movw    %cx, %ds
        movw    %cx, %es
        movw    %cx, %fs
        movw    %cx, %gs
        movl    $0x7C00, %esp
        pushw   $0x0202
        popfw
        pushw   %ax
        pushw   %bx
        movw    $0xAA55, %ax            /* BIOS boot specification: nothing is promised, some look */
        xorl    %ebx, %ebx
        xorl    %ecx, %ecx
        xorl    %esi, %esi
        xorl    %edi, %edi
        xorl    %ebp, %ebp
        lretw
        .section .note.GNU-stack, "", @progbits
