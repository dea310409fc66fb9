import { defineCommand, type Command } from '../command.ts';
import { choice } from '../parameters.ts';

export const shellInit: Command = defineCommand({
  name: 'shell-init',
  summary: 'Print shell functions: db_init, db_save_receipt, db_query_receipts, …',
  notes:
    'For scripts written for database/persistence.sh: the same functions, arguments and return codes (0 and 1). ' +
    'They find the database by DB_PATH, DB_DIR, WORKSPACE_DIR and SCRIPT_DIR, exported or not.',
  usesDatabase: false,
  positionals: { shell: choice(['bash', 'zsh'], { description: 'the shell' }) },
  flags: {},
  examples: ['eval "$(ggen-sim shell-init bash)"', 'source <(ggen-sim shell-init bash)'],
  async run(_, context) {
    const { persistenceFunctions } = await import('../shell/persistence-functions.ts');
    await context.stdout.write(persistenceFunctions(process.execPath, process.argv[1] ?? 'ggen-sim'));
  },
});
