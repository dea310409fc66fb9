import { runSuite } from './suites.js';

addEventListener('message', ({ data }) => {
  runSuite(data, (title) => postMessage({ title })).then(
    (result) => postMessage({ result }),
    (error) => postMessage({ error: error.message }),
  );
});
