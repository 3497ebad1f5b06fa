import { Monitor, Moon, Sun } from "lucide-react";
import { Button } from "../ui/Button.tsx";
import type { Theme } from "../ui/theme.ts";
import { chooseTheme, useTheme } from "../ui/theme.ts";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };
const NAMES: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

export function ThemeButton() {
  const theme = useTheme();
  const Icon = ICONS[theme];
  const label = `Theme: ${NAMES[theme]}. Change to ${NAMES[NEXT[theme]]}`;
  return (
    <Button tone="plain" iconOnly aria-label={label} title={label} onClick={() => chooseTheme(NEXT[theme])}>
      <Icon size={16} aria-hidden="true" />
    </Button>
  );
}
