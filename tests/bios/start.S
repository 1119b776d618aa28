/* The self-test guest's entry (1000:0000, loaded by src/bios/demo/boot.S) and its way to any interrupt. */
        .code16
        .section .start, "ax"
        .globl  start
start:  cli
        movw    %cs, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0xFFF0, %esp
        movl    $payload_end, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        xorw    %ax, %ax
        cld
        rep     stosb
        movb    %dl, boot_drive
        sti
        calll   selftest
1:      hlt
        jmp     1b

        .section .text
        /* void call_int(u8 vector, struct callregs *r): EAX, EDX; the registers as in src/bios/regs.h. The upper halves of
           ESP and of the 32-bit registers hold garbage on purpose: a BIOS must not care. */
        .globl  call_int, selftest_tick, selftest_ticks, selftest_alarm, selftest_alarms
call_int:
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        pushl   %ebp
        movb    %al, 1f + 1
        jmp     2f                      /* forget the prefetched bytes */
2:      pushl   %edx
        movl    %edx, %eax
        movw    2(%eax), %cx
        movw    %cx, %es
        movl    4(%eax), %edi
        movl    8(%eax), %esi
        movl    12(%eax), %ebp
        movl    20(%eax), %ebx
        movl    24(%eax), %edx
        movl    28(%eax), %ecx
        pushw   36(%eax)
        pushw   0(%eax)
        movl    32(%eax), %eax
        popw    %ds
        popfw
        addl    $0x55550000, %esp
1:      int     $0x00
        movzwl  %sp, %esp
        pushfw
        pushal
        pushw   %es
        pushw   %ds
        movw    %ss, %ax
        movw    %ax, %ds
        movw    %ax, %es
        sti
        cld
        movl    38(%esp), %ebx
        movl    $38 / 2, %ecx
3:      popw    (%ebx)
        addl    $2, %ebx
        loop    3b
        popl    %edx
        popl    %ebp
        popl    %edi
        popl    %esi
        popl    %ebx
        retl

        /* Hooks for INT 1Ch and INT 4Ah: count. */
selftest_tick:
        incl    %cs:selftest_ticks
        iretw
selftest_alarm:
        incl    %cs:selftest_alarms
        iretw
        /* A pointing device handler (INT 15h C207h): far call with status, X, Y, Z on the stack. */
        .globl  selftest_mouse, selftest_packet
selftest_mouse:
        pushw   %bp
        movw    %sp, %bp
        pushw   %ax
        incw    %cs:selftest_packet
        movw    12(%bp), %ax
        movw    %ax, %cs:selftest_packet + 2
        movw    10(%bp), %ax
        movw    %ax, %cs:selftest_packet + 4
        movw    8(%bp), %ax
        movw    %ax, %cs:selftest_packet + 6
        popw    %ax
        popw    %bp
        lretw
        .section .data
selftest_packet:
        .fill   8, 1, 0
        .balign 4
selftest_ticks:
        .long   0
selftest_alarms:
        .long   0
        .globl  boot_drive
        .section .bss
boot_drive:
        .byte   0
        .section .note.GNU-stack, "", @progbits
