import { MergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { COLLAPSED_LINES } from './collapsed-lines.ts';
import { DIFF_CONFIG } from './text-differences.ts';

const THEME = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--surface)', fontSize: 'var(--text-small)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--muted)', border: '0' },
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--removed)' },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--added)' },
  '&.cm-merge-a .cm-changedText': { background: 'var(--removed-strong)' },
  '&.cm-merge-b .cm-changedText': { background: 'var(--added-strong)' },
});

/**
 * Shows two texts side by side with their differences, in a shadow root for the same reason as the editor.
 *
 * @returns a function that removes it
 */
export function showComparison(
  host: HTMLElement,
  before: { readonly text: string; readonly label: string },
  after: { readonly text: string; readonly label: string },
): () => void {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const side = ({ text, label }: typeof before) => ({
    doc: text,
    extensions: [
      lineNumbers(),
      EditorView.lineWrapping,
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true', tabindex: '0' }),
      COLLAPSED_LINES,
      THEME,
    ],
  });
  const view = new MergeView({
    root,
    parent: root,
    a: side(before),
    b: side(after),
    collapseUnchanged: { margin: 3, minSize: 6 },
    diffConfig: DIFF_CONFIG,
  });
  return () => view.destroy();
}
