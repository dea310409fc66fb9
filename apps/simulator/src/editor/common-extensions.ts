import { history } from '@codemirror/commands';
import { bracketMatching, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { drawSelection } from '@codemirror/view';
import { EDITOR_THEME, HIGHLIGHT_STYLE } from './editor-theme.ts';
import { REPLACED_SELECTION } from './replaced-selection.ts';

/** What every editor of the page has. */
export const COMMON_EXTENSIONS: Extension = [
  history(),
  drawSelection(),
  bracketMatching(),
  syntaxHighlighting(HIGHLIGHT_STYLE),
  EDITOR_THEME,
  REPLACED_SELECTION,
];
