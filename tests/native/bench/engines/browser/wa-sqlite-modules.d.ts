/** Types that the package does not ship. */
declare module '@journeyapps/wa-sqlite/src/examples/AccessHandlePoolVFS.js' {
  export const AccessHandlePoolVFS: {
    create(name: string, module: unknown): Promise<{ close?(): unknown }>;
  };
}

declare module '@journeyapps/wa-sqlite/src/examples/IDBMirrorVFS.js' {
  export const IDBMirrorVFS: {
    create(name: string, module: unknown): Promise<{ close?(): unknown }>;
  };
}
