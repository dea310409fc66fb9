import { defaultKeymap, historyKeymap } from '@codemirror/commands';
import { unifiedMergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { COLLAPSED_LINES } from './collapsed-lines.ts';
import { COMMON_EXTENSIONS } from './common-extensions.ts';
import { DIFF_CONFIG } from './text-differences.ts';

/** Options of {@link createMergeEditor}. */
export interface MergeEditorOptions {
  /** Element that gets a shadow root for the editor. */
  readonly host: HTMLElement;
  /** The text to begin with. */
  readonly content: string;
  /** The text to compare with, whose lines can be taken. */
  readonly other: string;
  readonly label: string;
  /** Called after each change of the text. */
  readonly onEdit: (content: string) => void;
}

/** A rendered editor. */
export interface MergeEditor {
  destroy(): void;
}

const THEME = EditorView.theme({
  // What saves the text is below it, also of a long one.
  '&': { height: 'auto', maxHeight: '60vh', fontSize: 'var(--text-small)' },
  '.cm-scroller': { overflow: 'auto' },
  '.cm-content': { minWidth: '0' },
  '&.cm-merge-b .cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--added)' },
  '&.cm-merge-b .cm-changedText': { background: 'var(--added-strong)' },
  '.cm-deletedChunk': { backgroundColor: 'var(--removed)', paddingInlineStart: '6px' },
  '&.cm-merge-b .cm-deletedText, .cm-deletedText': { background: 'var(--removed-strong)' },
  '.cm-deletedChunk .cm-chunkButtons': {
    position: 'static',
    display: 'flex',
    flexWrap: 'wrap',
    gap: '4px',
    padding: '2px 0',
    fontFamily: 'var(--sans)',
  },
  '.cm-deletedChunk button': {
    margin: '0',
    padding: '2px 8px',
    border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius)',
    background: 'var(--surface)',
    color: 'var(--text)',
    font: 'inherit',
  },
});

/** What a button does with a difference. */
const LABELS = { reject: 'Take the other', accept: 'Keep this' } as const;

/** Creates an editor with the focus, which shows between its lines what another text has there, and takes it on request. */
export function createMergeEditor({ host, content, other, label, onEdit }: MergeEditorOptions): MergeEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: content,
      extensions: [
        lineNumbers(),
        EditorView.lineWrapping,
        COMMON_EXTENSIONS,
        unifiedMergeView({
          original: other,
          diffConfig: DIFF_CONFIG,
          // The places that differ are next to each other, and a short text is shown as it is.
          collapseUnchanged: { margin: 3, minSize: 100 },
          mergeControls(type, action) {
            const button = document.createElement('button');
            button.type = 'button';
            button.textContent = LABELS[type];
            button.addEventListener('click', action);
            return button;
          },
        }),
        COLLAPSED_LINES,
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
        // Tab is not bound, so that keyboard users can leave the editor.
        keymap.of([...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onEdit(update.state.doc.toString());
        }),
        THEME,
      ],
    }),
  });
  view.focus();
  return view;
}
