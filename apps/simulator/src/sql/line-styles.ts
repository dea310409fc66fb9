/** How each line of a chart is drawn: colour and dashes, because the colour is not the only sign. */
export const LINE_STYLES: readonly { readonly colour: string; readonly dash: readonly number[] }[] = [
  { colour: '--accent', dash: [] },
  { colour: '--error', dash: [6, 3] },
  { colour: '--warning', dash: [2, 3] },
  { colour: '--success', dash: [10, 4] },
  { colour: '--text', dash: [1, 2] },
  { colour: '--muted', dash: [8, 3, 2, 3] },
];
