/**
 * Starts the page. The database is opened first, so that its worker starts while the code that shows it is still being loaded
 * and evaluated.
 */
import './trusted-types.ts';
import { openPageDatabase } from './database/database.ts';
import { publishGgenSim } from './ggen-sim.ts';
import './style/tokens.css';
import './style/base.css';
import './app.css';
import './components/page-header.css';

publishGgenSim();
void openPageDatabase();
// Not awaited here: that code uses this file's, and would wait for it as well.
void import('./page.tsx').then(({ showPage }) => showPage());
