/** Node's own `import()`. Vitest replaces it in the files that it loads, and changes what they import. */
module.exports = (url) => import(url);
