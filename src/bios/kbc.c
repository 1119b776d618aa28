/* The 8042 keyboard controller: commands, the self-tests of POST, A20.
 * Every wait has an end: a machine without a keyboard boots. */
#include "bios.h"

enum { DATA = 0x60, STATUS = 0x64, OBF = 0x01, IBF = 0x02, AUX = 0x20 };

static bool wait_writable(void)
{
    for (u32 i = 0; i < 20000; i++) {
        if (!(inb(STATUS) & IBF))
            return true;
        io_delay();
    }
    return false;
}

bool kbc_command(u8 command)
{
    if (!wait_writable())
        return false;
    outb(STATUS, command);
    return true;
}

bool kbc_write(u8 v)
{
    if (!wait_writable())
        return false;
    outb(DATA, v);
    return true;
}

int kbc_read(u32 ms)
{
    for (u32 i = 0; i < ms; i++) {
        for (int j = 0; j < 20; j++)
            if (inb(STATUS) & OBF)
                return inb(DATA);
        delay_us(1000);
    }
    return -1;
}

/* A byte to the keyboard, its acknowledgement awaited. Only while IRQ 1 is masked. */
bool keyboard_command(u8 v)
{
    for (int attempt = 0; attempt < 3; attempt++) {
        if (!kbc_write(v))
            return false;
        int answer;
        do
            answer = kbc_read(50);
        while (answer >= 0 && answer != 0xFA && answer != 0xFE);
        if (answer == 0xFA)
            return true;
        if (answer < 0)
            return false;
    }
    return false;
}

void kbc_init(void)
{
    for (int i = 0; i < 64 && (inb(STATUS) & OBF); i++) {
        (void)inb(DATA);
        io_delay();
    }
    kbc_command(0xAA);
    if (kbc_read(200) != 0x55) {
        log_print(STR("8042: self-test failed\n"));
        return;
    }
    kbc_command(0x60);
    kbc_write(0x60 | 0x10); /* translation on, both devices quiet while the keyboard is reset */
    kbc_command(0xA7);
    kbc_command(0xAE);
    kbc_write(0xFF);
    int answer = kbc_read(500);
    if (answer == 0xFA)
        answer = kbc_read(1000);
    if (answer != 0xAA)
        log_print(STR("keyboard: no answer to reset (%x)\n"), (u32)answer);
    else
        keyboard_command(0xF4);
    kbc_command(0x60);
    kbc_write(0x65);       /* IRQ 1, system flag, translation, auxiliary device off */
    BDA_SET(shift3, 0x10); /* 101/102 keys */
    keyboard_update_leds();
    pic_unmask(1);
}

/* Starts the exchange EDh, acknowledge, LED byte; int09_keyboard.c carries it on as the answers come in. */
void keyboard_update_leds(void)
{
    u8 leds = (BDA_GET(shift1) >> 4) & 7;
    if (leds == (BDA_GET(leds) & 7))
        return;
    BDA_SET(leds, (BDA_GET(leds) & ~0x97) | leds | 0x40);
    kbc_write(0xED);
}

bool a20_get(void)
{
    return inb(0x92) & 0x02;
}

/* Port 92h is this chipset's gate; the 8042's output port is set alike so that programs reading it agree. */
bool a20_set(bool on)
{
    outb(0x92, (inb(0x92) & ~0x03) | (on ? 0x02 : 0));
    kbc_command(0xD1);
    kbc_write(on ? 0xDF : 0xDD);
    kbc_command(0xFF);
    wait_writable();
    return a20_get() == on;
}
