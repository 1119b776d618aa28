/* The subcommands: each takes argv with its own name first and returns the program's exit status. */
#ifndef TRUEBOX_FRONTENDS_CLI_COMMANDS_H
#define TRUEBOX_FRONTENDS_CLI_COMMANDS_H

int run_command(int argc, char **argv);     /* run [IMAGE] [options] */
int explain_command(int argc, char **argv); /* explain IMAGE [options of run] */
int vectors_command(int argc, char **argv); /* vectors --cpu MODEL FILE... */
int disasm_command(int argc, char **argv);  /* disasm [--bits N] [--org N] [FILE] */
int cpu_command(int argc, char **argv);     /* cpu list | cpu show MODEL */

/* "NAME  description" of every processor model to standard output. */
void cpu_list(void);

#endif
