/** The question that every command asks: it must load next to nothing for it. */
export { hasSpooledEvents } from './spool/spool-file.ts';
