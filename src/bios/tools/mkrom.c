/* mkrom: pads an option ROM to a multiple of 2 KiB, writes its length byte and makes it sum up to zero.
 *
 * usage: mkrom IN.bin OUT.rom */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static unsigned char rom[65536];
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!in) {
        fprintf(stderr, "mkrom: usage: mkrom IN.bin OUT.rom\n");
        return 1;
    }
    size_t n = fread(rom, 1, sizeof rom, in);
    if (n < 32 || n >= sizeof rom - 1 || rom[0] != 0x55 || rom[1] != 0xAA) {
        fprintf(stderr, "mkrom: %s: not an option ROM\n", argv[1]);
        return 1;
    }
    fclose(in);
    size_t size = (n + 1 + 2047) / 2048 * 2048;
    unsigned pcir = rom[0x18] | rom[0x19] << 8;
    rom[2] = (unsigned char)(size / 512);
    if (pcir && pcir + 0x12 < n) /* the PCI data structure repeats the length */
        rom[pcir + 0x10] = rom[2], rom[pcir + 0x11] = 0;
    unsigned char sum = 0;
    for (size_t i = 0; i < size - 1; i++)
        sum = (unsigned char)(sum + rom[i]);
    rom[size - 1] = (unsigned char)-sum;
    FILE *out = fopen(argv[2], "wb");
    if (!out || fwrite(rom, size, 1, out) != 1 || fclose(out)) {
        fprintf(stderr, "mkrom: %s: cannot be written\n", argv[2]);
        return 1;
    }
    return 0;
}
