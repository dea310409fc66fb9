// Drives WebKitGTK's browser over WebDriver (https://www.w3.org/TR/webdriver2/), on a display that nobody sees.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

const START_MS = 120_000;
const TITLE_MS = 300_000;
const POLL_MS = 100;

/** Starts a display. @returns its name and a function that ends it */
async function startDisplay() {
  const server = spawn('Xvfb', ['-displayfd', '3', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const ended = once(server, 'exit');
  const [number] = await Promise.race([
    once(server.stdio[3], 'data'),
    ended.then(() => Promise.reject(new Error('Xvfb ended'))),
  ]);
  return {
    display: `:${String(number).trim()}`,
    async close() {
      server.kill();
      await ended;
    },
  };
}

async function findFreePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Sends one command. @returns its value; throws what the driver says */
async function command(driver, method, address, body) {
  const response = await fetch(`${driver}/${address}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${address}: ${value.error}: ${value.message}`);
  return value;
}

/** Starts the browser once its driver answers. */
async function startSession(driver, binary) {
  const deadline = performance.now() + START_MS;
  while (
    await command(driver, 'GET', 'status').then(
      () => false,
      () => performance.now() < deadline,
    )
  )
    await setTimeout(POLL_MS);
  const alwaysMatch = { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } };
  return command(driver, 'POST', 'session', { capabilities: { alwaysMatch } });
}

/**
 * Starts the browser.
 * @param binary - path of its MiniBrowser
 * @param folder - for what it keeps
 * @returns its version, a function that opens an address and returns the title which the page gives itself at its end, and
 * one that ends the browser
 */
export async function launchWebKit(binary, folder) {
  const { display, close } = await startDisplay();
  const port = await findFreePort();
  const driverProcess = spawn('WebKitWebDriver', [`--port=${port}`], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DISPLAY: display,
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      XDG_DATA_HOME: path.join(folder, 'data'),
      XDG_CACHE_HOME: path.join(folder, 'cache'),
    },
  });
  const ended = once(driverProcess, 'exit');
  const end = async () => {
    driverProcess.kill();
    await ended;
    await close();
  };
  const driver = `http://127.0.0.1:${port}`;
  const { sessionId, capabilities } = await startSession(driver, binary).catch(async (error) => {
    await end();
    throw error;
  });
  const session = `session/${sessionId}`;
  return {
    version: capabilities.browserVersion,
    async visit(url) {
      await command(driver, 'POST', `${session}/url`, { url });
      const deadline = performance.now() + TITLE_MS;
      for (;;) {
        const title = await command(driver, 'GET', `${session}/title`);
        if (/^(counted|failed)/.test(title)) return title;
        if (performance.now() > deadline) throw new Error(`the page did not end: ${title}`);
        await setTimeout(POLL_MS);
      }
    },
    async close() {
      try {
        await command(driver, 'DELETE', session);
      } finally {
        await end();
      }
    },
  };
}
