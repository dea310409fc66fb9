import type { Extension } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';

const SELECTOR = '.cm-collapsedLines';

/** Makes buttons of the rows that stand for lines that are left out. */
function labelRows(view: EditorView): void {
  view.requestMeasure({
    key: labelRows,
    read: () => [...view.contentDOM.querySelectorAll<HTMLElement>(SELECTOR)],
    write(rows) {
      for (const row of rows) {
        row.role = 'button';
        row.tabIndex = 0;
      }
    },
  });
}

function showLines(event: KeyboardEvent, view: EditorView): boolean {
  if (!(event.target instanceof HTMLElement) || !event.target.matches(SELECTOR)) return false;
  if (event.key !== 'Enter' && event.key !== ' ') return false;
  event.target.click();
  // The row is gone, and its focus with it.
  view.focus();
  return true;
}

/** Lets a row that stands for unchanged lines be used by the keyboard: the library's own is for the mouse alone. */
export const COLLAPSED_LINES: Extension = [
  ViewPlugin.define((view) => {
    labelRows(view);
    return { update: () => labelRows(view) };
  }),
  EditorView.domEventHandlers({ keydown: showLines }),
  EditorView.theme({
    // The library's own sign is in few fonts.
    '.cm-collapsedLines:before, .cm-collapsedLines:after': { content: '"⋮"' },
    '.cm-collapsedLines': { background: 'var(--sunken)', color: 'var(--muted)' },
    '.cm-collapsedLines:focus-visible': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  }),
];
