/* The demo's visits to each mode of the processor. Every visit writes its line on the screen with the addresses of that mode
 * and leaves what it saw in a record for the C code: CR0, CS, EFLAGS, one word of its own. Interrupts are closed
 * all the time, the caller is in real mode before and after. Everything lives in the 64 KiB at 10000h. */
        .code16
        .set    BASE, 0x10000
        .set    PAGE_DIR, 0x20000       /* tables, cleared before use */
        .set    PAGE_TABLE, 0x21000
        .set    ALIAS_TABLE, 0x22000
        .set    PML4, 0x23000
        .set    PDPT, 0x24000
        .set    PD64, 0x25000
        .set    SEL_CODE16, 0x08
        .set    SEL_DATA, 0x10
        .set    SEL_VIDEO, 0x18
        .set    SEL_CODE32, 0x20
        .set    SEL_FLAT, 0x28
        .set    SEL_TSS, 0x30
        .set    SEL_CODE64, 0x38

        .section .start, "ax"
        .globl  start
start:  cli
        movw    %cs, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0xFFF0, %esp
        movb    %dl, boot_drive
        movl    $payload_end, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        xorw    %ax, %ax
        cld
        rep     stosb
        sti
        calll   demo
1:      hlt
        jmp     1b

        .section .text
        /* void mode_real(struct seen *), EAX */
        .globl  mode_real, mode_protected16, mode_protected32, mode_paging, mode_v86, mode_long
mode_real:
        pushl   %esi
        pushl   %edi
        movl    %cr0, %ecx
        movl    %ecx, (%eax)
        movl    $0, 4(%eax)
        movw    %cs, 4(%eax)
        pushfl
        popl    8(%eax)
        movl    %cs:video_at, %edi
        pushw   %es
        movw    $0xB800, %dx
        movw    %dx, %es
        call    write16
        popw    %es
        popl    %edi
        popl    %esi
        retl

        /* DS:here_text to ES:DI; the text says which mode is writing */
write16:
        movl    $here_text, %esi
        movb    $0x1A, %ah
1:      lodsb
        testb   %al, %al
        jz      2f
        stosw
        jmp     1b
2:      retw

        .macro  ENTER_PROTECTED
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        pushl   %ebp
        cli
        movl    %eax, %ebx
        lgdtl   gdt_pointer
        movl    %cr0, %ecx
        orb     $1, %cl
        movl    %ecx, %cr0
        .endm
        /* From a 16-bit code segment with CR0 in ECX as it shall be, but for PE */
        .macro  LEAVE_PROTECTED
        movw    $SEL_DATA, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    %cr0, %ecx
        andl    $0x7FFFFFFE, %ecx
        movl    %ecx, %cr0
        ljmp    $0x1000, $9f
9:      movw    $0x1000, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        lidtl   ivt_pointer
        sti
        popl    %ebp
        popl    %edi
        popl    %esi
        popl    %ebx
        retl
        .endm
        .macro  SEE
        movl    %cr0, %ecx
        movl    %ecx, (%ebx)
        movl    $0, 4(%ebx)
        movw    %cs, 4(%ebx)
        pushfl
        popl    8(%ebx)
        .endm

mode_protected16:
        ENTER_PROTECTED
        ljmp    $SEL_CODE16, $1f
1:      movw    $SEL_DATA, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $SEL_VIDEO, %ax
        movw    %ax, %es
        SEE
        lsl     %ax, %cx                /* the limit of the video segment: real mode has no such instruction */
        movzwl  %cx, %ecx
        movl    %ecx, 12(%ebx)
        movl    video_at, %edi
        call    write16
        jmp     leave16

mode_protected32:
        ENTER_PROTECTED
        ljmp    $SEL_CODE32, $1f
        .code32
1:      call    data32
        SEE
        movl    video_at, %edi
        call    write32
        pushfl
        popl    12(%ebx)
        ljmp    $SEL_CODE16, $leave16

data32: movw    $SEL_DATA, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $SEL_VIDEO, %ax
        movw    %ax, %es
        ret
write32:
        movl    $here_text, %esi
        movb    $0x1A, %ah
1:      lodsb
        testb   %al, %al
        jz      2f
        stosw
        jmp     1b
2:      ret
        .code16
leave16:
        LEAVE_PROTECTED

/* Paging: 4 MiB one to one, and the screen a second time at 4 MiB, which is where the text is written. */
mode_paging:
        ENTER_PROTECTED
        ljmp    $SEL_CODE32, $1f
        .code32
1:      call    data32
        movw    $SEL_FLAT, %ax
        movw    %ax, %es
        movl    $PAGE_DIR, %edi
        xorl    %eax, %eax
        movl    $0x3000 / 4, %ecx
        rep     stosl
        movl    $PAGE_TABLE | 3, %es:PAGE_DIR
        movl    $ALIAS_TABLE | 3, %es:PAGE_DIR + 4
        movl    $0xB8003, %es:ALIAS_TABLE
        movl    $PAGE_TABLE, %edi
        movl    $3, %eax
        movl    $1024, %ecx
2:      stosl
        addl    $0x1000, %eax
        loop    2b
        movl    $PAGE_DIR, %eax
        movl    %eax, %cr3
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        jmp     3f
3:      SEE
        movl    video_at, %edi
        addl    $0x400000, %edi
        call    write32
        movl    %es:ALIAS_TABLE, %eax   /* accessed and dirty now */
        movl    %eax, 12(%ebx)
        movl    %cr0, %eax
        andl    $0x7FFFFFFF, %eax
        movl    %eax, %cr0
        jmp     4f
4:      xorl    %eax, %eax
        movl    %eax, %cr3
        ljmp    $SEL_CODE16, $leave16

/* Virtual 8086: a ring-0 system in 32 bits enters it by IRET and gets back through INT 30h. */
        .code16
mode_v86:
        ENTER_PROTECTED
        ljmp    $SEL_CODE32, $1f
        .code32
1:      call    data32
        lidtl   idt_pointer
        movl    $SEL_DATA, tss + 8      /* SS0:ESP0 */
        movl    $monitor_stack_top, tss + 4
        movb    $0x89, gdt + SEL_TSS + 5
        movw    $SEL_TSS, %ax
        ltr     %ax
        movl    %esp, saved_esp
        pushl   $0                      /* GS FS DS ES SS ESP EFLAGS CS EIP: 386 manual, 15.3 */
        pushl   $0
        pushl   $0x1000
        pushl   $0xB800
        pushl   $0x1000
        pushl   $v86_stack_top
        pushl   $0x23002                /* VM, IOPL 3 */
        pushl   $0x1000
        pushl   $v86_code
        iretl
        .code16
v86_code:
        movl    video_at, %edi
        call    write16
        smsww   %cx                     /* the machine status word is readable here, CR0 is not */
        movw    %cs, %dx
        int     $0x30
        .code32
v86_exit:                               /* interrupt gate: EIP, CS, EFLAGS with VM, ESP, SS, ES, DS, FS, GS */
        movw    $SEL_DATA, %ax
        movw    %ax, %ds
        movzwl  %cx, %ecx
        movl    %cr0, %eax
        movl    %eax, (%ebx)
        movzwl  %dx, %edx
        movl    %edx, 4(%ebx)
        movl    8(%esp), %eax
        movl    %eax, 8(%ebx)
        movl    %ecx, 12(%ebx)
        movl    saved_esp, %esp
        ljmp    $SEL_CODE16, $leave16

/* Long mode, only called when CPUID has it. 2 MiB pages one to one; 64-bit code is flat, hence the BASE. */
        .code16
mode_long:
        ENTER_PROTECTED
        ljmp    $SEL_CODE32, $1f
        .code32
1:      call    data32
        movw    $SEL_FLAT, %ax
        movw    %ax, %es
        movl    $PML4, %edi
        xorl    %eax, %eax
        movl    $0x3000 / 4, %ecx
        rep     stosl
        movl    $PDPT | 3, %es:PML4
        movl    $PD64 | 3, %es:PDPT
        movl    $0x83, %es:PD64
        movl    %cr4, %eax
        orl     $0x20, %eax
        movl    %eax, %cr4
        movl    $PML4, %eax
        movl    %eax, %cr3
        movl    $0xC0000080, %ecx
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        ljmp    $SEL_CODE64, $BASE + 2f
        .code64
2:      movq    $BASE, %r8
        movl    %ebx, %ebx
        movq    %cr0, %rax
        movl    %eax, (%r8, %rbx)
        movl    %cs, %eax
        movl    %eax, 4(%r8, %rbx)
        pushfq
        popq    %rax
        movl    %eax, 8(%r8, %rbx)
        movl    $0xC0000080, %ecx
        rdmsr
        movl    %eax, 12(%r8, %rbx)
        movl    $video_at, %esi         /* addresses as immediates: this object is 32-bit */
        movl    (%r8, %rsi), %edi
        addq    $0xB8000, %rdi
        movl    $here_text, %esi
        addq    %r8, %rsi
        movb    $0x1A, %ah
3:      lodsb
        testb   %al, %al
        jz      4f
        movw    %ax, (%rdi)
        addq    $2, %rdi
        jmp     3b
4:      movl    $far32, %ecx
        ljmpl   *(%r8, %rcx)
        .code32
5:      call    data32
        movl    %cr0, %eax
        andl    $0x7FFFFFFF, %eax
        movl    %eax, %cr0
        movl    $0xC0000080, %ecx
        rdmsr
        andl    $0xFFFFFEFF, %eax
        wrmsr
        movl    %cr4, %eax
        andl    $0xFFFFFFDF, %eax
        movl    %eax, %cr4
        xorl    %eax, %eax
        movl    %eax, %cr3
        ljmp    $SEL_CODE16, $leave16
        .code16

        .section .data
        .balign 8
gdt:    .quad   0
        .quad   0x00009B010000FFFF      /* 08 code, 16 bit, base 10000 */
        .quad   0x000093010000FFFF      /* 10 data, base 10000 */
        .quad   0x0000930B80007FFF      /* 18 the screen */
        .quad   0x00409B010000FFFF      /* 20 code, 32 bit, base 10000 */
        .quad   0x00CF93000000FFFF      /* 28 flat data */
        .word   0x67, tss               /* 30 TSS at 10000 + tss */
        .byte   0x01, 0x89, 0, 0
        .quad   0x00209B0000000000      /* 38 code, 64 bit */
gdt_pointer:
        .word   . - gdt - 1
        .long   BASE + gdt
ivt_pointer:
        .word   0x3FF
        .long   0
idt_pointer:
        .word   0x31 * 8 - 1
        .long   BASE + idt
far32:  .long   5b
        .word   SEL_CODE32
        .balign 8
idt:    .fill   0x30, 8, 0
        .word   v86_exit, SEL_CODE32, 0xEE00, 0 /* interrupt gate for ring 3 */
        .balign 4
tss:    .fill   0x66, 1, 0
        .word   0x68
        .globl  video_at, here_text, boot_drive
        .balign 4
video_at:
        .long   0
here_text:
        .fill   32, 1, 0
boot_drive:
        .byte   0
        .section .bss
        .balign 4
saved_esp:
        .long   0
        .fill   256, 1, 0
v86_stack_top:
        .fill   256, 1, 0
monitor_stack_top:
        .section .note.GNU-stack, "", @progbits
