/** Opens a durable database, then uses plain sql.js in the same realm. */
import initSqlJs from 'sql.js';
import { memoryStorage, openDatabase } from '../../src/index.ts';

const durable = await openDatabase(memoryStorage());
durable.database.run('CREATE TABLE t(x)');
const SQL = await initSqlJs();
const ordinary = new SQL.Database();
ordinary.run('CREATE TABLE u(x); INSERT INTO u VALUES (1)');
const copy = new SQL.Database(ordinary.export());
const rows = copy.exec('SELECT x FROM u')[0]?.values;
const tables = durable.database.exec('SELECT name FROM sqlite_schema')[0]?.values;
process.stdout.write(JSON.stringify({ rows, tables }));
