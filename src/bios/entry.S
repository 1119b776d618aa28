/* Interrupt entry: every software and hardware interrupt of the system BIOS that is served in C comes through here.
 *
 * A stub pushes its C handler and falls into one of two ways in:
 *   enter_private  copies the register frame to the private stack in the EBDA and runs there: the caller pays
 *                  50 bytes, whatever the C code needs. INT 13h, 09h, 15h and all else that may be called with
 *                  the tiny stacks of boot sectors and resident programs.
 *   enter_caller   runs on the caller's stack: INT 16h, which may wait for ever while the rest of the world goes
 *                  on (a multitasker may never come back to it, so it must not hold the private stack).
 * The private stack nests. The word EBDA:2 says where the next switch to it begins. Code that opens interrupts or
 * calls out from the private stack lowers the word to its own SP first (cpu_idle, cpu_open, callout), so that a
 * resident program that switched to its own stack can call the BIOS again. Below the floor, or when the EBDA is
 * not there, the caller's stack is used instead: never an overflow. */
        .code16
        .set    FRAME, 50
        .set    STACK_PTR, 2
        .set    INTERRUPTED, 96            /* room left for what an interrupt's hooks push on this stack */
        .set    STACK_FLOOR, 0x60 + 0xB0   /* EBDA data, then what one handler may need */

        .section .text
        .macro  STUB name, way, handler
        .globl  \name
\name:
        pushl   $\handler
        jmp     \way
        .endm

        STUB    int05_entry, enter_private, int05_print_screen
        STUB    int09_entry, enter_private, irq1_keyboard
        STUB    int0e_entry, enter_private, irq6_floppy
        STUB    int13_entry, enter_private, int13_disk
        STUB    int40_entry, enter_private, int40_floppy
        STUB    int14_entry, enter_private, int14_serial
        STUB    int15_c_entry, enter_private, int15_system
        STUB    int16_entry, enter_caller, int16_keyboard
        STUB    int17_entry, enter_private, int17_printer
        STUB    int1a_entry, enter_private, int1a_clock
        STUB    int70_entry, enter_private, irq8_rtc
        STUB    int74_entry, enter_private, irq12_mouse
        STUB    int76_entry, enter_private, irq14_disk
        STUB    int77_entry, enter_private, irq15_disk
        STUB    irq_dummy_master, enter_private, irq_unexpected

        /* The full frame, as struct regs in regs.h has it. The high half of ESP is garbage in a real-mode or V86
           program, C code addresses through all of it: cleared inside, put back on the way out. */
        .macro  SAVE_FRAME
        pushal
        pushw   %ds
        pushw   %es
        pushw   %fs
        pushw   %gs
        cld
        .endm
        .macro  RESTORE_FRAME
        popw    %gs
        popw    %fs
        popw    %es
        popw    %ds
        popal
        addw    $4, %sp
        iretw
        .endm

        .globl  enter_caller
enter_caller:
        SAVE_FRAME
on_callers_stack:
        movl    %esp, %ebx
        movzwl  %sp, %esp
        movw    %ss, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %cs, %ax
        movw    %ax, %fs
        movl    %esp, %eax
        calll   *40(%esp)               /* C keeps EBX, ESI, EDI, EBP */
        movl    %ebx, %esp
        RESTORE_FRAME

enter_private:
        SAVE_FRAME
        movw    $0x40, %ax
        movw    %ax, %es
        movw    %es:0x0E, %ax           /* EBDA segment */
        movw    %ss, %bx
        cmpw    %ax, %bx
        je      on_callers_stack
        testw   %ax, %ax
        jz      on_callers_stack
        movw    %ax, %es
        movzwl  %es:STACK_PTR, %edi
        cmpl    $STACK_FLOOR, %edi
        jb      on_callers_stack
        cmpl    $0x400, %edi
        ja      on_callers_stack        /* not initialised: POST, or memory that is not our EBDA */
        subl    $FRAME + 2, %edi
        movl    %esp, %ebx              /* caller's SS:ESP live in SI and EBX over the call */
        movw    %ss, %dx
        movw    %dx, %ds
        movw    %bx, %si
        movl    %edi, %ebp
        movw    $FRAME / 2, %cx
        rep     movsw
        movl    %ebp, %edi
        movw    %dx, %si
        movw    %ax, %ss
        movl    %edi, %esp
        movw    %ax, %ds
        movw    %cs, %ax
        movw    %ax, %fs
        movl    %esp, %eax
        calll   *40(%esp)
        movw    %si, %dx
        movw    %ss, %ax
        movw    %ax, %ds
        movw    %dx, %ss
        movl    %ebx, %esp
        movw    %dx, %es
        movl    %edi, %esi
        movw    %bx, %di
        movw    $FRAME / 2, %cx
        cld
        rep     movsw
        RESTORE_FRAME

        /* Lower the private stack's start to here if we run on it. Leaves the EBDA in GS and ZF set if so. */
        .macro  ON_PRIVATE
        movw    $0x40, %cx
        movw    %cx, %gs
        movw    %gs:0x0E, %cx
        movw    %cx, %gs
        pushw   %ax
        movw    %ss, %ax
        cmpw    %cx, %ax
        popw    %ax
        .endm

        .globl  cpu_idle, cpu_open
cpu_idle:
        ON_PRIVATE
        jne     1f
        pushw   %gs:STACK_PTR
        movw    %sp, %gs:STACK_PTR
        subw    $INTERRUPTED, %gs:STACK_PTR
        sti
        hlt
        cli
        popw    %gs:STACK_PTR
        retl
1:      sti
        hlt
        cli
        retl
cpu_open:
        ON_PRIVATE
        jne     1f
        pushw   %gs:STACK_PTR
        movw    %sp, %gs:STACK_PTR
        subw    $INTERRUPTED, %gs:STACK_PTR
        sti
        nop
        nop
        cli
        popw    %gs:STACK_PTR
        retl
1:      sti
        nop
        nop
        cli
        retl

        /* void callout(u32 vector, struct callregs *regs): EAX, EDX */
        .globl  callout
callout:
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        pushl   %ebp
        ON_PRIVATE
        jne     1f
        movw    %gs:STACK_PTR, %bx
        movw    %bx, %cx
        movw    %sp, %gs:STACK_PTR
        subw    $16 + INTERRUPTED, %gs:STACK_PTR
        jmp     2f
1:      xorw    %bx, %bx
2:      pushw   %bx                     /* old start of the private stack, 0: not on it */
        pushl   %edx
        xorw    %cx, %cx
        movw    %cx, %gs
        cli
        btw     $0, 36(%edx)            /* CF as the caller of callout wants it, live and in the image */
        pushfw
        pushw   %cs
        pushw   $callout_return
        pushl   %gs:(,%eax,4)
        movl    %edx, %eax
        movw    2(%eax), %cx
        movw    %cx, %es
        movl    4(%eax), %edi
        movl    8(%eax), %esi
        movl    12(%eax), %ebp
        movl    20(%eax), %ebx
        movl    24(%eax), %edx
        movl    28(%eax), %ecx
        pushw   0(%eax)
        movl    32(%eax), %eax
        popw    %ds
        lretw                           /* as INT would: interrupts closed; no MOV or PUSH above changed CF */
callout_return:
        pushfw
        pushal
        pushw   %es
        pushw   %ds
        cli
        cld
        movw    %ss, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %cs, %ax
        movw    %ax, %fs
        movzwl  %sp, %esp
        movl    38(%esp), %ebx
        movl    $38 / 2, %ecx
1:      popw    (%ebx)
        addl    $2, %ebx
        loop    1b
        popl    %edx
        popw    %bx
        testw   %bx, %bx
        jz      2f
        movw    $0x40, %cx
        movw    %cx, %gs
        movw    %gs:0x0E, %cx
        movw    %cx, %gs
        movw    %bx, %gs:STACK_PTR
2:      popl    %ebp
        popl    %edi
        popl    %esi
        popl    %ebx
        retl

        /* void far_call_ax(u16 seg, u16 off, u16 ax): ECX goes to AX, the bus number of a PCI option ROM */
        .globl  far_call_ax
far_call_ax:
        pushal
        pushw   %ds
        pushw   %es
        pushw   %fs
        pushw   %gs
        pushw   %cs
        pushw   $1f
        pushw   %ax
        pushw   %dx
        movl    %ecx, %eax
        lretw
1:      cli
        cld
        popw    %gs
        popw    %fs
        popw    %es
        popw    %ds
        movzwl  %sp, %esp
        popal
        retl

        /* void call_mouse_handler(u16 seg, u16 off, const u16 *words): status, X, Y, Z on the stack, far call */
        .globl  call_mouse_handler
call_mouse_handler:
        pushal
        ON_PRIVATE
        jne     1f
        movw    %gs:STACK_PTR, %bx
        movw    %sp, %gs:STACK_PTR
        subw    $32 + INTERRUPTED, %gs:STACK_PTR
        jmp     2f
1:      xorw    %bx, %bx
2:      pushw   %bx
        pushw   %ds
        pushw   %es
        movl    6 + 24(%esp), %ecx      /* ECX of PUSHAL: the third argument */
        pushw   0(%ecx)
        pushw   2(%ecx)
        pushw   4(%ecx)
        pushw   6(%ecx)
        pushw   %cs
        pushw   $3f
        pushw   %ax
        pushw   %dx
        sti
        lretw
3:      cli
        cld
        addw    $8, %sp
        popw    %es
        popw    %ds
        movw    %cs, %ax
        movw    %ax, %fs
        movzwl  %sp, %esp
        popw    %bx
        testw   %bx, %bx
        jz      4f
        movw    $0x40, %cx
        movw    %cx, %gs
        movw    %gs:0x0E, %cx
        movw    %cx, %gs
        movw    %bx, %gs:STACK_PTR
4:      popal
        retl

/* INT 08h in assembly: eighteen times a second on any stack there is, so nothing more than needed is pushed. */
        .globl  int08_entry
int08_entry:
        pushw   %ds
        pushw   %ax
        pushw   %dx
        movw    $0x40, %ax
        movw    %ax, %ds
        incl    0x6C
        cmpl    $0x1800B0, 0x6C         /* ticks of a day: 1573040 */
        jb      1f
        movl    $0, 0x6C
        movb    $1, 0x70
1:      cmpb    $0, 0x40                /* floppy motor time-out */
        je      2f
        decb    0x40
        jnz     2f
        andb    $0xF0, 0x3F
        movb    $0x0C, %al
        movw    $0x3F2, %dx
        outb    %al, %dx
2:      int     $0x1C
        cli
        movb    $0x20, %al
        outb    %al, $0x20
        popw    %dx
        popw    %ax
        popw    %ds
        iretw

/* INT 11h, 12h: one word of the BDA each. */
        .globl  int11_entry, int12_entry
int11_entry:
        pushw   %ds
        movw    $0x40, %ax
        movw    %ax, %ds
        movw    0x10, %ax
        popw    %ds
        iretw
int12_entry:
        pushw   %ds
        movw    $0x40, %ax
        movw    %ax, %ds
        movw    0x13, %ax
        popw    %ds
        iretw

/* INT 75h, IRQ 13: the coprocessor's error goes to the NMI vector as the PC had it. */
        .globl  int75_entry
int75_entry:
        pushw   %ax
        xorb    %al, %al
        outb    %al, $0xF0
        movb    $0x20, %al
        outb    %al, $0xA0
        outb    %al, $0x20
        popw    %ax
        int     $0x02
        iretw

/* INT 71h, IRQ 9 (the PC's IRQ 2): to INT 0Ah, which ends the interrupt on the first controller. */
        .globl  int71_entry
int71_entry:
        pushw   %ax
        movb    $0x20, %al
        outb    %al, $0xA0
        popw    %ax
        int     $0x0A
        iretw
        .section .note.GNU-stack, "", @progbits
