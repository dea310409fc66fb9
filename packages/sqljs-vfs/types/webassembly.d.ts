// Node has WebAssembly, its types do not; the names used here, as the platform defines them.
export {};

declare global {
  namespace WebAssembly {
    type Imports = Record<string, Record<string, unknown>>;
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Instance {
      constructor(module: Module, imports: Imports);
      readonly exports: Record<string, unknown>;
    }
    class Memory {
      private constructor();
      readonly buffer: ArrayBuffer;
    }
    class Table {
      private constructor();
      get(index: number): unknown;
    }
  }
}
