/** Light, dark or as the system has it; the choice is kept for this browser. */
const key = 'mien-theme';
const order = ['system', 'light', 'dark'] as const;
type Theme = (typeof order)[number];
const labels: Record<Theme, string> = { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' };

export function bindTheme(button: HTMLButtonElement): void {
  const stored = localStorage.getItem(key);
  let theme: Theme = order.find((name) => name === stored) ?? 'system';
  const show = (): void => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    button.textContent = labels[theme];
  };
  button.addEventListener('click', () => {
    theme = order[(order.indexOf(theme) + 1) % order.length] ?? 'system';
    localStorage.setItem(key, theme);
    show();
  });
  show();
}
