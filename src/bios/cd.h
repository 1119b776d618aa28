/* El Torito: booting from a CD, and the drive that INT 13h shows afterwards. */
#ifndef BIOS_CD_H
#define BIOS_CD_H
#include "bios.h"

bool cd_request(struct regs *r); /* true if the call was for the CD's drive */
romstr cd_boot_load(u8 *drive);  /* loads the boot image; null or why not */

#endif
