/* Intel 82077AA floppy disk controller in AT mode (ports 3F0-3F5 and 3F7), with up to two drives.

   Time: the mechanics run I82077_HASTE times as fast as a real drive (steps, rotation, bytes in DMA mode), a sector is under
   the head as soon as the controller looks for it, heads and motors need no time to settle, so that boots do not crawl.
   Bytes in non-DMA mode come at the real data rate, so that a processor has the time that drivers count on. A raw image has
   no room for deleted-data marks (kept in memory while the diskette is in) nor for tracks of another format (FORMAT TRACK
   reports equipment check). */
#ifndef TRUEBOX_DEVICES_I82077_H
#define TRUEBOX_DEVICES_I82077_H

#include "devices/bay.h"
#include "devices/block.h"
#include "devices/floppy_geometry.h"
#include "devices/i8237.h"

#define I82077_DRIVES 2u
#define I82077_HASTE 8u

struct i82077;

/* Claims its ports. `irq` is IRQ 6; `dma` (may be NULL: every DMA transfer overruns) with `channel` 2. Starts as after
 * RESET. */
struct i82077 *i82077_new(const struct bay *bay, struct wire irq, struct i8237_pair *dma, unsigned channel);
void i82077_free(struct i82077 *fdc); /* the images stay open: they belong to the board */

/* The RESET pin. */
void i82077_reset(struct i82077 *fdc);

/* Cables a drive as `unit` 0 or 1 (before the machine runs). */
void i82077_attach(struct i82077 *fdc, unsigned unit, enum floppy_drive_type type);

/* Puts a diskette in, taking out what was there; extends `block` to the diskette's geometry. false if no diskette has that
   size. The drive shows the change on its DSKCHG line. */
bool i82077_insert(struct i82077 *fdc, unsigned unit, struct block *block);

/* Takes the diskette out and gives its image back, NULL if there was none. */
struct block *i82077_eject(struct i82077 *fdc, unsigned unit);

#endif
