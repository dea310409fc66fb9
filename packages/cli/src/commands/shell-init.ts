import { defineCommand, type Command } from '../command.ts';
import { choice } from '../parameters.ts';

export const shellInit: Command = defineCommand({
  name: 'shell-init',
  summary: 'Print shell functions for scripts',
  notes:
    'For scripts written for database/persistence.sh: the same functions (db_init, db_save_receipt, …), arguments ' +
    'and return codes (0 and 1). The functions use DB_PATH, DB_DIR, WORKSPACE_DIR and SCRIPT_DIR, exported or not.',
  database: 'unused',
  positionals: { shell: choice(['bash', 'zsh'], { description: 'name of the shell' }) },
  options: {},
  examples: ['eval "$(ggen-sim shell-init bash)"', 'source <(ggen-sim shell-init bash)'],
  async run(_, context) {
    const { persistenceFunctions } = await import('../shell/persistence-functions.ts');
    await context.stdout.write(persistenceFunctions(process.execPath, process.argv[1] ?? 'ggen-sim'));
  },
});
