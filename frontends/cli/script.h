/* The language of --keys and --keys-file: parsing. One action a line:
     wait:ERE   type:TEXT   key:NAMES   mouse:DX,DY[,BUTTONS]   change:DRIVE[,FILE]   at:CLOCK   sleep:VIRTUAL_MS
   Playing a script is player.h's business. */
#ifndef TRUEBOX_FRONTENDS_CLI_SCRIPT_H
#define TRUEBOX_FRONTENDS_CLI_SCRIPT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

enum script_verb { SCRIPT_WAIT, SCRIPT_TYPE, SCRIPT_KEY, SCRIPT_AT, SCRIPT_SLEEP, SCRIPT_MOUSE, SCRIPT_CHANGE };

/* One key going down or up. */
struct key_stroke {
    uint16_t code;
    bool pressed;
};

struct script_action {
    enum script_verb verb;
    regex_t pattern;            /* wait */
    struct key_stroke *strokes; /* type, key */
    size_t stroke_count;
    size_t last_press;        /* index of the last stroke that presses a key */
    uint64_t number;          /* at: clock; sleep: milliseconds of virtual time */
    int right, down, buttons; /* mouse */
    enum tb_drive drive;      /* change */
    char *path;               /* change: NULL takes the medium out */
};

struct script {
    struct script_action *actions;
    size_t count;
};

/* Add the actions of TEXT (--keys) or of a file. Lines that are empty or begin with # are skipped.
   false with *error naming the line. */
bool script_add_text(struct script *script, const char *text, struct tb_error *error);
bool script_add_file(struct script *script, const char *path, struct tb_error *error);

void script_free(struct script *script);

#endif
