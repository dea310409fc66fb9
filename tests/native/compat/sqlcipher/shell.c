/*
** A shell over SQLCipher. Argument: the database file. Each line of standard input is executed; its rows and then "done", or
** "error" with the code and the reason, are printed.
*/
#include "sqlite3.h"
#include <stdio.h>
#include <stdlib.h>

static int print_row(void *unused, int count, char **values, char **names) {
  for (int column = 0; column < count; column++)
    printf("%s%s", column ? "|" : "", values[column] ? values[column] : "NULL");
  printf("\n");
  return 0;
}

int main(int count, char **arguments) {
  sqlite3 *database;
  char *line = NULL;
  size_t capacity = 0;
  if (count != 2 || sqlite3_open(arguments[1], &database) != SQLITE_OK) return 1;
  sqlite3_busy_timeout(database, 30000);
  while (getline(&line, &capacity, stdin) > 0) {
    char *reason = NULL;
    int code = sqlite3_exec(database, line, print_row, NULL, &reason);
    if (code == SQLITE_OK) printf("done\n");
    else printf("error %d %s\n", code, reason ? reason : "");
    fflush(stdout);
  }
  return sqlite3_close(database) == SQLITE_OK ? 0 : 1;
}
