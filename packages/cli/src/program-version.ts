import packageJson from '../package.json' with { type: 'json' };

/** Version of this program, as `--version` prints it. */
export const PROGRAM_VERSION: string = packageJson.version;
