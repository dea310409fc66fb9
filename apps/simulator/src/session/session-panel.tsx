import { lazy, Suspense, useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { notifyUndoable } from '../components/notices.tsx';
import { printable } from '../components/printable.ts';
import { SessionBar } from './session-bar.tsx';
import { titleOf } from './session.ts';
import { StartSession } from './start-session.tsx';
import { useSessionStore } from './use-session-store.ts';
import './session-panel.css';

// Loaded with the first session. Pure, so that the build of the studio, which has no sessions, leaves it and all agents out.
const Workbench = /* @__PURE__ */ lazy(async () => ({
  default: (await import('./workbench.tsx')).Workbench,
}));

/** Shows the session: its documents, the agent and the latest result. */
export function SessionPanel(): ReactNode {
  const { store, state } = useSessionStore();
  const [starting, setStarting] = useState(false);
  const { current, loaded, failure } = state;
  const { section, act } = useKeptFocus([current?.id, starting, state.stored.length].join(' '));
  const remove = async (): Promise<void> => {
    act();
    const deleted = current && (await store.setDeleted(current.id, true));
    if (!deleted) return;
    notifyUndoable(
      `Session deleted: ${printable(titleOf(deleted))}`,
      () => void store.setDeleted(deleted.id, false),
    );
  };
  return (
    <section ref={section} className="session-panel panel" aria-label="Session" tabIndex={-1}>
      <SessionBar
        state={starting ? { ...state, current: undefined } : state}
        onName={(name) => store.edit((session) => ({ ...session, name: name === '' ? undefined : name }))}
        onDelete={() => void remove()}
        onStart={() => {
          act();
          setStarting(true);
        }}
        onOpen={(sessionId) => {
          act();
          setStarting(false);
          void store.open(sessionId);
        }}
      />
      {failure ? <FailureNotice failure={failure} /> : null}
      {loaded && (starting || current === undefined) ? (
        <StartSession
          onStart={async (documents) => {
            act();
            await store.start(documents);
            setStarting(false);
          }}
        />
      ) : null}
      {!starting && current !== undefined ? (
        <Suspense fallback={null}>
          <Workbench key={current.id} store={store} session={current} />
        </Suspense>
      ) : null}
    </section>
  );
}

/**
 * Gives the session the focus where an action of the user took the focused button away or disabled it. Otherwise the
 * keyboard and a screen reader would begin again at the top of the page.
 *
 * @param shown - changes with what is shown
 * @returns the session's element, and what to call before an action
 */
function useKeptFocus(shown: string): {
  readonly section: RefObject<HTMLElement | null>;
  readonly act: () => void;
} {
  const section = useRef<HTMLElement>(null);
  const hasActed = useRef(false);
  useEffect(() => {
    const { activeElement } = document;
    const isLost =
      activeElement === null ||
      activeElement === document.body ||
      // The browser takes the focus from a disabled button at the next frame.
      activeElement.matches(':disabled');
    if (hasActed.current && isLost) section.current?.focus({ preventScroll: true });
  }, [shown]);
  return { section, act: () => void (hasActed.current = true) };
}
