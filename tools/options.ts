/** `name=number` among the arguments of a script. */
export function numberOption(name: string, fallback: number): number {
  const given = process.argv.find((arg) => arg.startsWith(`${name}=`));
  const value = given === undefined ? fallback : Number(given.slice(name.length + 1));
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`${name} is no number: ${given}`);
  return process.exit(2);
}
