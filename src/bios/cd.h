/* El Torito: booting from a CD, and the drive that INT 13h shows afterwards. */
#ifndef BIOS_CD_H
#define BIOS_CD_H
#include "bios.h"

bool cd_request(struct regs *r);  /* true if the call was for the CD's drive */
bool cd_emulated(struct regs *r); /* the same for a drive emulated from a boot image */
romstr cd_emulation_start(u8 media);
void cd_emulation_end(void);
void cd_emulation_status(struct regs *r);
romstr cd_boot_load(u8 *drive); /* loads the boot image; null or why not */

#endif
