export {
  graphqlSchema,
  prepareOperation,
  runGraphql,
  subscribeGraphql,
  type GraphqlOptions,
  type GraphqlRequest,
} from './graphql.ts';
export { SCHEMA_SDL } from './sdl.ts';
export { MAX_COST, MAX_DEPTH, MAX_DOCUMENT_CHARACTERS, MAX_PAGE_ROWS } from './limits.ts';
