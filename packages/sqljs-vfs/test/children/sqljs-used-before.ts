/** Initialises sql.js itself, then opens a durable database. */
import initSqlJs from 'sql.js';
import { VfsError, memoryStorage, openDatabase } from '../../src/index.ts';

const SQL = await initSqlJs();
new SQL.Database().close();
const error: unknown = await openDatabase(memoryStorage()).catch((reason: unknown) => reason);
const { code, hint } = error as VfsError;
process.stdout.write(JSON.stringify({ known: error instanceof VfsError, code, hint }));
