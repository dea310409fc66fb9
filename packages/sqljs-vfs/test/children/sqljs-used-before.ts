/** Initialises sql.js itself, then opens a durable database. */
import initSqlJs from 'sql.js';
import { memoryStorage, openDatabase } from '../../src/index.ts';

const SQL = await initSqlJs();
const ordinary = new SQL.Database();
ordinary.run('CREATE TABLE u(x); INSERT INTO u VALUES (1)');
const durable = await openDatabase(memoryStorage());
durable.database.run('CREATE TABLE t(x)');
const rows = ordinary.exec('SELECT x FROM u')[0]?.values;
const tables = durable.database.exec('SELECT name FROM sqlite_schema')[0]?.values;
process.stdout.write(JSON.stringify({ rows, tables }));
