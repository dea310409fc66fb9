/** Names of the command line and of the programs it is compared with; the goal adds up the last two. */
export const CLI_GGEN_SIM = 'ggen-sim db stats';
export const CLI_NODE = 'node -e 0';
export const CLI_SQLITE3 = 'sqlite3, the same counts';
