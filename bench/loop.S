/* Boot sector of the integer benchmarks: a loop of ALU, memory, stack and branch work, REPETITIONS times 4096 turns, in 16-bit real
   mode (BITS=16) or flat 32-bit protected mode (BITS=32). Prints the checksum on port E9h and stops the machine by every
   way that the emulators know. REPETITIONS=0 measures the boot. */
	.code16
	.globl _start
_start:
	ljmp $0, $1f
1:	cli
	cld
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0xa000, %sp
.if BITS == 32
	lgdt gdtr
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmp $8, $2f
	.code32
2:	mov $16, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0xa000, %esp
	.macro each op, args:vararg
	\op \args
	.endm
	mov $REPETITIONS, %edi
	xor %eax, %eax
	test %edi, %edi
	jz done
outer:	mov $4096, %ecx
	mov $0x8000, %esi
inner:	mov (%esi), %edx
	lea 7(%edx,%eax,4), %edx
	xor %ecx, %edx
	add %edx, %eax
	mov %eax, (%esi)
	push %eax
	call leaf
	pop %ebx
	add $4, %esi
	and $0x8fff, %esi
	test $3, %al
	jz 3f
	add %ebx, %eax
3:	dec %ecx
	jnz inner
	dec %edi
	jnz outer
	jmp done
leaf:	cmp %ecx, %eax
	sbb $5, %eax
	ret
.else
	mov $(REPETITIONS & 0xffff), %di
	xor %ax, %ax
	test %di, %di
	jz done
outer:	mov $4096, %cx
	mov $0x8000, %si
inner:	mov (%si), %dx
	add %ax, %dx
	xor %cx, %dx
	add %dx, %ax
	mov %ax, (%si)
	push %ax
	call leaf
	pop %bx
	add $2, %si
	and $0x8fff, %si
	test $3, %al
	jz 3f
	add %bx, %ax
3:	dec %cx
	jnz inner
	dec %di
	jnz outer
	jmp done
leaf:	cmp %cx, %ax
	sbb $5, %ax
	ret
.endif
done:	mov $4, %cl
	mov %eax, %ebx
4:	mov %bl, %al
	out %al, $0xe9
	shr $8, %ebx
	dec %cl
	jnz 4b
	mov $0x8900, %dx
	mov $bye, %esi
5:	lodsb
	test %al, %al
	jz 6f
	out %al, %dx
	jmp 5b
6:	mov $0xf4, %dx
	xor %ax, %ax
	out %al, %dx
7:	hlt
	jmp 7b
bye:	.asciz "Shutdown"
	.balign 8
gdt:	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:	.word 23
	.long gdt
	.org 510
	.word 0xaa55
