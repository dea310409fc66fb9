/** This program's version, as written into databases, receipts of migration and backups. A test compares it with package.json. */
export const PROGRAM_VERSION = '0.1.0';
