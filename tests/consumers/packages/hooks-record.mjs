import { recordHook } from '@ggen-sim/hooks/record';

const [databasePath] = process.argv.slice(2);
recordHook({ databasePath, drainer: ['hooks-drain.mjs', databasePath] });
