/** The text of `name=text` among the arguments of a script. */
export function textOption(name: string, fallback: string): string {
  return process.argv.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) ?? fallback;
}

/** `name=number` among the arguments of a script. */
export function numberOption(name: string, fallback: number): number {
  const given = textOption(name, String(fallback));
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`${name} is no number: ${given}`);
  return process.exit(2);
}
