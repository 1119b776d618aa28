/* What an image file named without an option is: the contract of `truebox run IMAGE`. */
#ifndef TRUEBOX_MACHINE_IMAGE_KIND_H
#define TRUEBOX_MACHINE_IMAGE_KIND_H

#include <truebox/truebox.h>

/* ISO 9660 (or UDF) by content: TB_DRIVE_CDROM; whole sectors up to 2.88 MB: TB_DRIVE_FLOPPY; else TB_DRIVE_DISK.
   TB_DRIVE_EMPTY with *error ("FILE: why", 65 or 66) if it is missing, empty, no regular file, truncated or unreadable. */
enum tb_drive_kind image_kind(const char *path, struct tb_error *error);

#endif
