import type { Change } from '../api/persistence.ts';

/** How commits by others on the same database come to our notice. */
export interface ForeignChanges {
  /** Somebody here wants to know. */
  listen(): void;
  /** Nobody here wants to know any more. */
  rest(): void;
  /** Tells others of a commit of ours, where they cannot see it by themselves. */
  tell(change: Change): void;
  close(): void;
}
