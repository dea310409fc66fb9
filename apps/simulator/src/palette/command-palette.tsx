import { Dialog } from '@base-ui/react/dialog';
import { Command } from 'cmdk';
import { useState, type ReactNode } from 'react';
import type { Address } from '../address/address.ts';
import { navigate, openView } from '../address/navigation.ts';
import { setPaneLayout } from '../panes/pane-layout.ts';
import '../components/dialog.css';
import './command-palette.css';

/** A command with its name, and words by which it is found too. */
interface PaletteCommand {
  readonly name: string;
  readonly keywords?: readonly string[];
  readonly run: () => void;
}

const goTo = (address: Address) => (): void => navigate(address);

const VIEWS: readonly PaletteCommand[] = [
  { name: 'Overview', run: goTo({ view: 'overview', filters: {} }) },
  { name: 'Receipts', keywords: ['runs'], run: goTo({ view: 'receipts', filters: {} }) },
  { name: 'Memory', keywords: ['agents'], run: goTo({ view: 'memory', filters: {} }) },
  { name: 'Audit trail', keywords: ['log'], run: goTo({ view: 'audit', filters: {} }) },
  {
    name: 'SQL',
    keywords: ['query', 'select', 'console'],
    run: () => openView('sql'),
  },
  {
    name: 'Database',
    keywords: ['download', 'import', 'verify', 'storage'],
    run: goTo({ view: 'database', filters: {} }),
  },
];

const RUNS: readonly PaletteCommand[] = [
  {
    name: 'Runs that failed',
    keywords: ['errors'],
    run: goTo({ view: 'receipts', filters: { status: 'failed' } }),
  },
  {
    name: 'Runs whose data does not conform',
    keywords: ['violations'],
    run: goTo({ view: 'receipts', filters: { status: 'violations' } }),
  },
  {
    name: 'Errors of the last 24 hours',
    keywords: ['today'],
    run: goTo({ view: 'receipts', filters: { status: 'error', since: '1d' } }),
  },
  { name: 'Slowest runs', run: goTo({ view: 'receipts', filters: {}, order: 'longest-first' }) },
  { name: 'Failed operations', run: goTo({ view: 'audit', filters: { status: 'failed' } }) },
];

const PAGE: readonly PaletteCommand[] = [
  { name: 'Show the session', run: () => setPaneLayout({ isFolded: false }) },
  { name: 'Give the data the whole width', run: () => setPaneLayout({ isFolded: true }) },
];

/** Lists the page's commands; typing finds one, or searches the receipts. */
export function CommandPalette({ onClose }: { onClose: () => void }): ReactNode {
  const [typed, setTyped] = useState('');
  const text = typed.trim();
  const item = ({ name, keywords, run }: PaletteCommand): ReactNode => (
    <Command.Item
      key={name}
      className="palette__item"
      value={name}
      {...(keywords === undefined ? {} : { keywords: [...keywords] })}
      onSelect={() => {
        onClose();
        run();
      }}
    >
      {name}
    </Command.Item>
  );
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-backdrop" />
        <Dialog.Popup className="palette" aria-label="Commands">
          <Command label="Commands" loop>
            <Command.Input
              className="palette__input"
              placeholder="Go to, or search the receipts"
              value={typed}
              onValueChange={setTyped}
            />
            <Command.List className="palette__list" label="Commands">
              <Command.Empty className="palette__empty muted">No command of this name</Command.Empty>
              <Command.Group heading="Go to">{VIEWS.map(item)}</Command.Group>
              <Command.Group heading="Find">
                {RUNS.map(item)}
                {text === '' ? null : (
                  <>
                    {item({
                      name: `Receipts that contain “${text}”`,
                      run: goTo({ view: 'receipts', filters: { text } }),
                    })}
                    {item({
                      name: `Audit entries that contain “${text}”`,
                      run: goTo({ view: 'audit', filters: { text } }),
                    })}
                  </>
                )}
              </Command.Group>
              <Command.Group heading="Page">{PAGE.map(item)}</Command.Group>
            </Command.List>
          </Command>
          <p className="palette__foot muted">
            <kbd>↑</kbd> <kbd>↓</kbd> to choose, <kbd>Enter</kbd> to go, <kbd>Esc</kbd> to close.{' '}
            <kbd>Ctrl</kbd> or <kbd>⌘</kbd> + <kbd>Enter</kbd> runs what is in the editor.
          </p>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
