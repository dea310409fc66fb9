import { useEffect, useRef, useState, type RefObject } from 'react';
import { failureOf, type Failure } from '../database/failure.ts';

/** An editor whose code is loaded when it is first shown. */
export interface LoadedEditor<Editor> {
  /** Element that gets the editor. */
  readonly host: RefObject<HTMLDivElement | null>;
  /** Undefined until it is there. */
  readonly editor: Editor | undefined;
  /** Why it could not be loaded. */
  readonly failure: Failure | undefined;
}

/**
 * Creates an editor once its element is there, and removes it with the component.
 *
 * @param load - loads the code, and returns the function that creates the editor in the element. The one of the first
 * rendering is used, so what it calls later must be current then
 */
export function useLoadedEditor<Editor extends { destroy(): void }>(
  load: () => Promise<(host: HTMLElement) => Editor>,
): LoadedEditor<Editor> {
  const host = useRef<HTMLDivElement>(null);
  const first = useRef(load);
  const [editor, setEditor] = useState<Editor>();
  const [failure, setFailure] = useState<Failure>();
  useEffect(() => {
    let mounted = true;
    let created: Editor | undefined;
    const start = async (): Promise<void> => {
      try {
        const create = await first.current();
        if (!mounted || !host.current) return;
        created = create(host.current);
        setEditor(created);
      } catch (error) {
        setFailure(failureOf(error));
      }
    };
    void start();
    return () => {
      mounted = false;
      created?.destroy();
    };
  }, []);
  return { host, editor, failure };
}
