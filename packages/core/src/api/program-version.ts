import packageJson from '../../package.json' with { type: 'json' };

/** Version of this program, as written into databases, migration records and backups. */
export const PROGRAM_VERSION: string = packageJson.version;
