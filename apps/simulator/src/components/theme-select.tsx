import { useEffect, useState, type ReactNode } from 'react';

type Theme = 'system' | 'light' | 'dark';

const KEY = 'ggen-sim-theme';

/** Light, dark, or as the system has it; remembered in this browser. */
export function ThemeChoice(): ReactNode {
  const [theme, setTheme] = useState<Theme>(remembered);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }, [theme]);
  const choose = (next: Theme): void => {
    setTheme(next);
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Site data is blocked: the choice lasts as long as the page.
    }
  };
  return (
    <label className="labelled">
      <span className="visually-hidden">Colours</span>
      <select className="field" value={theme} onChange={(event) => choose(event.target.value as Theme)}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}

function remembered(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}
