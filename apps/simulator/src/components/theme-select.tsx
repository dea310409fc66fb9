import { useEffect, useState, type ReactNode } from 'react';

type Theme = 'system' | 'light' | 'dark';

const STORAGE_KEY = 'ggen-sim-theme';

/** Selects the light, dark or system theme and stores the choice in this browser. */
export function ThemeSelect(): ReactNode {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }, [theme]);
  const select = (next: Theme): void => {
    setTheme(next);
    try {
      localStorage.setItem(STORAGE_KEY, next);
    } catch {
      // Site data is blocked: the choice lasts until the page is closed.
    }
  };
  return (
    <label className="labelled">
      <span className="visually-hidden">Theme</span>
      <select className="field" value={theme} onChange={(event) => select(event.target.value as Theme)}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}
