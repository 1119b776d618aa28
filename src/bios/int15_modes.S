/* INT 15h functions that change the processor's mode: 87h moves a block above 1 MiB, 89h leaves for protected mode.
 * IBM AT BIOS interface; both get a table of descriptors at ES:SI of which the caller filled a part. */
        .code16
        .section .text
        .globl  int15_entry
int15_entry:
        cmpb    $0x87, %ah
        je      block_move
        cmpb    $0x89, %ah
        je      protected_mode
        jmp     int15_c_entry

        /* es:si + off := descriptor with base EAX (24 bits), limit 64K - 1, access \acc */
        .macro  DESCRIPTOR off, acc
        movw    $0xFFFF, %es:\off(%si)
        movl    %eax, %es:\off + 2(%si)
        movb    $\acc, %es:\off + 5(%si)
        movw    $0, %es:\off + 6(%si)
        .endm

/* CX words from descriptor 2 (10h) to descriptor 3 (18h); 4 and 5 are for the BIOS's code and the stack. */
block_move:
        sti
        cmpw    $0x8000, %cx
        ja      bad_move
        pushal
        pushw   %ds
        pushw   %es
        cli
        cld
        inb     $0x92, %al
        pushw   %ax
        orb     $0x02, %al
        andb    $0xFE, %al
        outb    %al, $0x92
        xorl    %eax, %eax
        movw    %ss, %ax
        movw    %ax, %bx
        shll    $4, %eax
        DESCRIPTOR 0x28, 0x93
        movl    $0xF0000, %eax
        DESCRIPTOR 0x20, 0x9B
        xorl    %eax, %eax
        movw    %es, %ax
        shll    $4, %eax
        movzwl  %si, %edx
        addl    %edx, %eax
        DESCRIPTOR 0x08, 0x93
        movw    $0x2F, %es:8(%si)
        movw    %sp, %bp
        pushl   %eax
        pushw   $0x2F
        movw    %sp, %bp
        lgdtl   (%bp)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmp    $0x20, $1f
1:      movw    $0x10, %ax
        movw    %ax, %ds
        movw    $0x18, %ax
        movw    %ax, %es
        movw    $0x28, %ax
        movw    %ax, %ss
        xorw    %si, %si
        xorw    %di, %di
        rep     movsw
        movw    %ax, %ds                /* limits as real mode needs them */
        movw    %ax, %es
        movl    %cr0, %eax
        andb    $0xFE, %al
        movl    %eax, %cr0
        ljmp    $0xF000, $2f
2:      movw    %bx, %ss
        addw    $6, %sp
        popw    %ax
        testb   $0x02, %al
        jnz     3f
        inb     $0x92, %al              /* the caller had A20 off */
        andb    $0xFC, %al
        outb    %al, $0x92
3:      popw    %es
        popw    %ds
        popal
        xorb    %ah, %ah
        pushw   %bp
        movw    %sp, %bp
        andw    $0xFFFE, 6(%bp)
        orw     $0x40, 6(%bp)
        popw    %bp
        iretw
bad_move:
        movb    $0x02, %ah
        pushw   %bp
        movw    %sp, %bp
        orw     $1, 6(%bp)
        andw    $0xFFBF, 6(%bp)
        popw    %bp
        iretw

/* BH, BL: first vectors of the two 8259s. Descriptors: 1 GDT, 2 IDT, 3 DS, 4 ES, 5 SS, 6 CS, 7 for the BIOS. */
protected_mode:
        cli
        inb     $0x92, %al
        orb     $0x02, %al
        andb    $0xFE, %al
        outb    %al, $0x92
        movb    $0x11, %al
        outb    %al, $0x20
        outb    %al, $0xED
        outb    %al, $0xA0
        outb    %al, $0xED
        movb    %bh, %al
        outb    %al, $0x21
        outb    %al, $0xED
        movb    %bl, %al
        outb    %al, $0xA1
        outb    %al, $0xED
        movb    $0x04, %al
        outb    %al, $0x21
        outb    %al, $0xED
        movb    $0x02, %al
        outb    %al, $0xA1
        outb    %al, $0xED
        movb    $0x01, %al
        outb    %al, $0x21
        outb    %al, $0xED
        outb    %al, $0xA1
        outb    %al, $0xED
        movb    $0xFF, %al
        outb    %al, $0x21
        outb    %al, $0xED
        outb    %al, $0xA1
        movl    $0xF0000, %eax
        DESCRIPTOR 0x38, 0x9B
        lgdtw   %es:0x08(%si)
        lidtw   %es:0x10(%si)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmp    $0x38, $1f
1:      movw    $0x18, %ax
        movw    %ax, %ds
        movw    $0x20, %ax
        movw    %ax, %es
        movw    $0x28, %ax
        movw    %ax, %ss
        popw    %bx                     /* return address; real CS and flags go, the caller's new CS is 30h */
        addw    $4, %sp
        pushw   $0x30
        pushw   %bx
        xorw    %ax, %ax
        lretw
        .section .note.GNU-stack, "", @progbits
