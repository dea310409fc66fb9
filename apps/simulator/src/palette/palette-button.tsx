import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';

// Loaded when it is first opened.
const CommandPalette = lazy(async () => ({
  default: (await import('./command-palette.tsx')).CommandPalette,
}));

const IS_MAC: boolean = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Opens the commands of the page, also with Ctrl or ⌘ and K. */
export function PaletteButton(): ReactNode {
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
      event.preventDefault();
      setIsOpen((open) => !open);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <>
      <button
        type="button"
        className="button page-header__palette"
        aria-keyshortcuts="Control+K Meta+K"
        onClick={() => setIsOpen(true)}
      >
        Commands <kbd>{IS_MAC ? '⌘ K' : 'Ctrl K'}</kbd>
      </button>
      {isOpen ? (
        <Suspense fallback={null}>
          <CommandPalette onClose={() => setIsOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
