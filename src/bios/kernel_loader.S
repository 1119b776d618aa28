/* Option ROM of the kernel card (src/machine/kernel_card.h): takes INT 19h, and at boot copies what the card holds to its places, adds the
 * memory map that the BIOS tells, and enters the kernel as the Multiboot Specification 0.6.96, 3.2 says. Works with any BIOS that runs
 * option ROMs. The machine patches the three words at 8 and the checksum. */
        .code16
        .section .header, "ax"
        .globl  start
start:  .byte   0x55, 0xAA, 0           /* length and checksum: tools/mkrom.c */
        jmp     init
        .org    8
card:   .long   0                       /* physical address of the card */
place:  .word   0                       /* segment of the information block */
        .byte   0                       /* makes the sum zero again */
        .org    0x18
        .word   0                       /* no PCI data structure */
        .org    0x20

        .set    MAP, 128                /* in the information block: the memory map... */
        .set    MAP_END, MAP + 24 * 62
        .set    NOTES, MAP + 24 * 64    /* ... base KiB, extended KiB by INT 15h 88h, bytes of the map */

init:   pushw   %ax
        pushw   %ds
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    $boot, 0x19 * 4
        movw    %cs, 0x19 * 4 + 2
        popw    %ds
        popw    %ax
        lretw

boot:   cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ss
        movw    $0x7C00, %sp
        sti
        movw    %cs:place, %es
        int     $0x12
        movzwl  %ax, %eax
        movl    %eax, %es:NOTES
        movb    $0x88, %ah
        int     $0x15
        jnc     1f
        xorw    %ax, %ax
1:      movzwl  %ax, %eax
        movl    %eax, %es:NOTES + 4
        xorl    %ebx, %ebx
        movw    $MAP, %di
2:      addw    $4, %di                 /* an entry's size stands before it */
        movl    $0xE820, %eax
        movl    $0x534D4150, %edx
        movl    $20, %ecx
        int     $0x15
        jc      3f
        cmpl    $0x534D4150, %eax
        jne     3f
        movl    $20, %es:-4(%di)
        addw    $20, %di
        cmpw    $MAP_END, %di
        jae     4f
        testl   %ebx, %ebx
        jnz     2b
        jmp     4f
3:      subw    $4, %di
4:      subw    $MAP, %di
        movzwl  %di, %edi
        movl    %edi, %es:NOTES + 8
        movw    $0x2401, %ax            /* A20, by the BIOS and by port 92h */
        int     $0x15
        inb     $0x92, %al
        orb     $0x02, %al
        andb    $0xFE, %al
        outb    %al, $0x92
        cli
        xorl    %ebp, %ebp
        movw    %cs, %bp
        shll    $4, %ebp                /* where this ROM stands */
        leal    gdt(%ebp), %eax
        pushl   %eax
        pushw   $23
        movw    %sp, %bx
        lgdtl   %ss:(%bx)
        pushl   $8
        leal    protected(%ebp), %eax
        pushl   %eax
        movl    %cr0, %eax
        andl    $0x7FFFFFFF, %eax
        orb     $1, %al
        movl    %eax, %cr0
        lretl

        .code32
protected:
        movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    card(%ebp), %ebx
        movl    8(%ebx), %edx           /* copies: from (in the card), to, bytes, zeros behind them */
        leal    32(%ebx), %ebp
1:      movl    (%ebp), %esi
        addl    %ebx, %esi
        movl    4(%ebp), %edi
        movl    8(%ebp), %ecx
        movl    %ecx, %eax
        shrl    $2, %ecx
        rep     movsl
        movl    %eax, %ecx
        andl    $3, %ecx
        rep     movsb
        xorl    %eax, %eax
        movl    12(%ebp), %ecx
        rep     stosb
        addl    $16, %ebp
        decl    %edx
        jnz     1b
        movl    12(%ebx), %ebp          /* entry */
        movl    16(%ebx), %ebx          /* information block */
        movl    NOTES(%ebx), %eax
        movl    %eax, 4(%ebx)           /* mem_lower */
        movl    NOTES + 4(%ebx), %eax
        leal    MAP(%ebx), %esi
        movl    NOTES + 8(%ebx), %ecx
        jecxz   4f
        movl    %ecx, 44(%ebx)          /* mmap_length, mmap_addr */
        movl    %esi, 48(%ebx)
        orl     $0x40, (%ebx)
2:      cmpl    $0x100000, 4(%esi)      /* mem_upper: the RAM that begins at 1 MiB */
        jne     3f
        cmpl    $0, 8(%esi)
        jne     3f
        cmpl    $1, 20(%esi)
        jne     3f
        movl    12(%esi), %eax
        movl    16(%esi), %edi
        shrdl   $10, %edi, %eax
3:      addl    $24, %esi
        subl    $24, %ecx
        jnz     2b
4:      movl    %eax, 8(%ebx)
        orl     $1, (%ebx)
        movl    $0x2BADB002, %eax
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        xorl    %esi, %esi
        xorl    %edi, %edi
        jmp     *%ebp

        .balign 8
gdt:    .quad   0
        .quad   0x00CF9B000000FFFF      /* 08 code, 10 data: flat, 32 bits */
        .quad   0x00CF93000000FFFF
        .section .note.GNU-stack, "", @progbits
