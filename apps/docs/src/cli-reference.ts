import { type CommandDescription, describeCommands } from "@altlayer/cli";

/** The reference of the command line, from the commands themselves. */
export function cliReference(): string {
  const lines = [
    "# Command line",
    "",
    "Made from the commands' own help. In a clone of the repository, `npm run altlayer -- <command>` runs one.",
  ];
  for (const command of describeCommands()) lines.push("", ...section(command));
  return `${lines.join("\n")}\n`;
}

function section({ name, usage, description, options }: CommandDescription): string[] {
  const head = [`## ${name}`, "", sentence(description), "", "```", `${name} ${usage}`.trim(), "```"];
  if (options.length === 0) return head;
  const rows = options.map(({ flags, description: text, fallback }) => {
    const rest = fallback === undefined ? "" : ` (default ${code(fallback)})`;
    return `| ${code(flags)} | ${cell(text)}${rest} |`;
  });
  return [...head, "", "| option | meaning |", "|---|---|", ...rows];
}

const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
