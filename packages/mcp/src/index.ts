export { createMcpServer, type McpServerOptions } from './server.ts';
export { mcpRoute, type McpExchange, type McpRoute, type McpRouteOptions } from './http.ts';
export { serveStdio, type StdioOptions } from './stdio.ts';
export { MAX_DOCUMENT_BYTES, MAX_MESSAGE_BYTES, MAX_ROWS, MAX_TEXT_CHARACTERS } from './limits.ts';
