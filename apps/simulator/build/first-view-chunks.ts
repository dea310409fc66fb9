import { join } from 'node:path';
import { normalizePath, type HtmlTagDescriptor, type Plugin, type Rolldown } from 'vite';

const SOURCE = normalizePath(join(import.meta.dirname, '../src/'));

/** The files after the one that opens the database, in the order of their use, each with the modules that it begins with. */
const CHUNKS: readonly { readonly name: string; readonly modules: readonly string[] }[] = [
  { name: 'page', modules: ['page.tsx'] },
  { name: 'panes', modules: ['panes/panes.tsx', 'components/notices.tsx'] },
];

/**
 * Puts the code of the first view into three files: what opens the database, what is shown meanwhile, and what shows its
 * content. Otherwise each module that other code imports as well would be a file of its own, and a phone waits longer for
 * thirty small files than for three. The document names the later files, so that they are fetched along with the first.
 */
export function firstViewChunks(): Plugin {
  return {
    name: 'first-view-chunks',
    apply: 'build',
    config: () => ({
      build: { rolldownOptions: { output: { codeSplitting: { groups: [START, ...CHUNKS.map(groupOf)] } } } },
    }),
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle = {} }) =>
        Object.values(bundle).flatMap((output) =>
          output.type === 'chunk' && CHUNKS.some(({ name }) => name === output.name)
            ? preloadsOf(output)
            : [],
        ),
    },
  };
}

const START: Rolldown.CodeSplittingGroup = { name: 'start', tags: ['$initial'], priority: CHUNKS.length };

function groupOf({ name, modules }: (typeof CHUNKS)[number], index: number): Rolldown.CodeSplittingGroup {
  let contained: ReadonlySet<string> | undefined;
  return {
    name: (id, graph) => {
      contained ??= importedBy(
        modules.map((module) => SOURCE + module),
        (module) => graph.getModuleInfo(module)?.importedIds ?? [],
      );
      return contained.has(id) ? name : null;
    },
    debugName: name,
    // A module of two files goes into the one that is used first.
    priority: CHUNKS.length - index - 1,
  };
}

/** Finds the modules of the page's own source. What they use of packages follows them into their file. */
function importedBy(
  modules: readonly string[],
  importsOf: (module: string) => readonly string[],
): ReadonlySet<string> {
  const found = new Set(modules);
  for (const module of found) {
    for (const imported of importsOf(module)) if (imported.startsWith(SOURCE)) found.add(imported);
  }
  return found;
}

function preloadsOf({ fileName, viteMetadata }: Rolldown.OutputChunk): HtmlTagDescriptor[] {
  return [
    {
      tag: 'link',
      attrs: { rel: 'modulepreload', crossorigin: true, href: `./${fileName}` },
      injectTo: 'head',
    },
    ...[...(viteMetadata?.importedCss ?? [])].map((name): HtmlTagDescriptor => ({
      tag: 'link',
      attrs: { rel: 'preload', as: 'style', crossorigin: true, href: `./${name}` },
      injectTo: 'head',
    })),
  ];
}
