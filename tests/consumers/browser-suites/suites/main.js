// Parameters of the page: `suite`, and `place`: `page` or `worker`, in which SQLite and the suite itself run.
import { runSuite } from './suites.js';

/** Runs the suite in a dedicated worker. */
function runInWorker(suite, onCase) {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data: { title, result, error } }) => {
      if (title !== undefined) onCase(title);
      else if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
    worker.addEventListener('error', ({ message }) => reject(new Error(`the worker failed: ${message}`)));
    worker.postMessage(suite);
  });
}

/** Runs the suite. The title is the running case, and at the end the result. */
async function run() {
  const parameters = new URLSearchParams(location.search);
  const runHere = parameters.get('place') === 'worker' ? runInWorker : runSuite;
  const { passed, failures } = await runHere(parameters.get('suite'), (title) => (document.title = title));
  const failed = `failed ${failures.length} of ${passed + failures.length}: ${failures.join('; ')}`;
  document.title = failures.length === 0 ? `counted ${passed}` : failed;
}

run().catch((error) => {
  document.title = `failed: ${error.message}`;
});
