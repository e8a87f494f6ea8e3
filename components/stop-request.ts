import { join } from "node:path";

/**
 * The file whose appearance asks a resource's running job to stop at its next checkpoint. Whoever wants it stopped writes it
 * (at Ctrl-C the program does); the run takes it away once it has stopped. A file older than the provider process is of an
 * earlier run and means nothing.
 * @param urn of the resource
 * @param folder of the project
 */
export function stopRequestFile(folder: string, urn: string): string {
  const { stack, name } = urnParts(urn);
  return join(folder, ".tableferry", "stop", encodeURIComponent(stack), encodeURIComponent(name));
}

/** `urn:pulumi:<stack>::<project>::<types>::<name>`; names may hold colons. */
export function urnParts(urn: string): { readonly stack: string; readonly name: string } {
  const [head = "", , , ...name] = urn.split("::");
  return { stack: head.replace(/^urn:pulumi:/, ""), name: name.join("::") };
}
