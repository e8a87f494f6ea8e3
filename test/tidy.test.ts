import { readFileSync, readdirSync, existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** The laws of docs/architecture.md, section "Laws", as tests. A law that a measurement overturns is changed here and there in one commit. */
const root = resolve(import.meta.dirname, "..");

const mayImport: Record<string, readonly string[]> = {
  base: [],
  model: ["base"],
  wire: ["base", "model"],
  store: ["base", "model", "wire"],
  server: ["base", "model", "wire", "store"],
  client: ["base", "model", "wire"],
  job: ["base", "model"],
  connector: ["base", "model", "wire", "client", "job"],
  pipeline: ["base", "model", "client", "connector", "job", "wire"],
  verify: ["base", "model", "connector", "job", "pipeline"],
  migrate: ["base", "model", "connector", "job", "pipeline", "verify"],
  sync: ["base", "model", "wire", "client", "connector", "job", "pipeline", "verify"],
  run: ["base", "model", "client", "connector", "job", "pipeline", "verify", "migrate", "sync"],
  cli: ["base", "model", "wire", "server", "client", "connector", "job", "pipeline", "verify", "migrate", "sync", "run"],
};

const doors: readonly { readonly module: RegExp; readonly places: RegExp }[] = [
  { module: /^@pulumi\//, places: /^(components|stacks|tools|test)\// },
  { module: /^@grpc\//, places: /^(components\/provider|tools|test)\// },
  { module: /^commander$/, places: /^src\/cli\// },
  { module: /^node:(net|tls)$/, places: /^src\/(server\/|client\/http-connection\.ts$)|^components\/|^(test|tools)\// },
  { module: /^node:https?$/, places: /^src\/server\/page-listener\.ts$|^(test|tools)\// },
  { module: /^tablestore$/, places: /^test\// },
  { module: /^(classic-level|abstract-level)$/, places: /^src\/store\/|^test\// },
  { module: /^csv-parse/, places: /^test\// },
  { module: /^zod$/, places: /^src\/job\/|^components\// },
  { module: /^rolldown/, places: /^tools\// },
  { module: /^@bufbuild\/protobuf/, places: /^src\/wire\/|^test\// },
];

/** Code lines a file or function may have; generated code is exempt. */
const fileLinesMax = 300;
const functionLinesMax = 70;
const bannedWords = ["manager", "helper", "util", "utils", "common", "misc", "processor", "data", "info"];

interface SourceFile {
  readonly path: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly { readonly specifier: string; readonly line: number }[];
}

function walk(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (["node_modules", "gen", "dist", "support-fixtures", ".tableferry"].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : path.endsWith(".ts") && !path.endsWith(".d.ts") ? [path] : [];
  });
}

function read(path: string): SourceFile {
  const tree = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  const imports: { specifier: string; line: number }[] = [];
  const visit = (node: ts.Node): void => {
    const specifier =
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      imports.push({ specifier: specifier.text, line: tree.getLineAndCharacterOfPosition(node.getStart()).line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { path: relative(root, path), tree, imports };
}

const files = ["src", "components", "stacks", "tools", "test"].flatMap((folder) => walk(join(root, folder))).map(read);
const product = files.filter((file) => /^(src|components)\//.test(file.path));
const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];
const targetOf = (file: SourceFile, specifier: string): string | undefined =>
  specifier.startsWith(".") ? relative(root, resolve(root, dirname(file.path), specifier)) : undefined;

/** Lines that hold code: not blank, not comment. */
function codeLines(node: ts.Node, tree: ts.SourceFile): number {
  const lines = new Set<number>();
  const visit = (child: ts.Node): void => {
    if (child.getChildCount(tree) === 0 && child.getWidth(tree) > 0 && child.kind < ts.SyntaxKind.FirstJSDocNode) {
      const first = tree.getLineAndCharacterOfPosition(child.getStart(tree)).line;
      const last = tree.getLineAndCharacterOfPosition(child.getEnd()).line;
      for (let line = first; line <= last; line++) lines.add(line);
    }
    for (const next of child.getChildren(tree)) if (next.kind < ts.SyntaxKind.FirstJSDocNode) visit(next);
  };
  visit(node);
  return lines.size;
}

describe("rooms", () => {
  test("import only what the table allows", () => {
    const wrong = product.flatMap((file) => {
      const room = roomOf(file.path);
      return file.imports.flatMap(({ specifier, line }) => {
        const to = targetOf(file, specifier);
        const other = to === undefined ? undefined : roomOf(to);
        if (room === undefined || other === undefined || other === room) return [];
        return mayImport[room]?.includes(other) ? [] : [`${file.path}:${line} imports ${to}`];
      });
    });
    expect(wrong).toEqual([]);
  });

  test("never import each other both ways", () => {
    const pairs = new Set<string>();
    for (const file of product) {
      for (const { specifier } of file.imports) {
        const [from, to] = [roomOf(file.path), roomOf(targetOf(file, specifier) ?? "")];
        if (from !== undefined && to !== undefined && from !== to) pairs.add(`${from}>${to}`);
      }
    }
    expect([...pairs].filter((pair) => pairs.has(pair.split(">").reverse().join(">")))).toEqual([]);
  });

  test("components know the library only through its public entries", () => {
    const wrong = product
      .filter((file) => file.path.startsWith("components/"))
      .flatMap((file) =>
        file.imports
          .filter(
            ({ specifier }) =>
              targetOf(file, specifier)?.startsWith("src/") && !/^src\/(index|testing)\.ts$/.test(targetOf(file, specifier)!),
          )
          .map(({ specifier, line }) => `${file.path}:${line} ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });

  test("keep foreign modules behind their one door", () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter(({ specifier }) => doors.some(({ module, places }) => module.test(specifier) && !places.test(file.path)))
        .map(({ specifier, line }) => `${file.path}:${line} ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test("have a README of under a page", () => {
    const rooms = readdirSync(join(root, "src"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join("src", entry.name));
    const lacking = [...rooms, "components", "tools"].filter(
      (room) => !existsSync(join(root, room, "README.md")) || readFileSync(join(root, room, "README.md"), "utf8").split("\n").length > 70,
    );
    expect(lacking).toEqual([]);
  });
});

describe("time and chance", () => {
  test("come from base only", () => {
    const wrong = product
      .filter((file) => roomOf(file.path) !== "base")
      .flatMap((file) => {
        const hits: string[] = [];
        const visit = (node: ts.Node): void => {
          const text = ts.isCallExpression(node) ? node.expression.getText(file.tree) : "";
          if (
            /^(Date\.now|performance\.now|Math\.random|setTimeout|setInterval)$/.test(text) ||
            (ts.isNewExpression(node) && node.expression.getText(file.tree) === "Date" && (node.arguments?.length ?? 0) === 0)
          ) {
            hits.push(`${file.path}:${file.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${text || "new Date()"}`);
          }
          ts.forEachChild(node, visit);
        };
        visit(file.tree);
        return hits;
      });
    expect(wrong).toEqual([]);
  });
});

describe("sizes and names", () => {
  test(`files have at most ${fileLinesMax} code lines`, () => {
    expect(
      product.map((file) => [file.path, codeLines(file.tree, file.tree)] as const).filter(([, lines]) => lines > fileLinesMax),
    ).toEqual([]);
  });

  test(`functions have at most ${functionLinesMax} code lines`, () => {
    const long = product.flatMap((file) => {
      const hits: string[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
          const lines = codeLines(node, file.tree);
          if (lines > functionLinesMax)
            hits.push(`${file.path}:${file.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${lines}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(file.tree);
      return hits;
    });
    expect(long).toEqual([]);
  });

  test("files are named in kebab case, without words that say nothing", () => {
    const wrong = files.filter((file) => {
      const name = basename(file.path).replace(/(\.test|\.bench|\.config)?\.ts$/, "");
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name.split("-").some((word) => bannedWords.includes(word));
    });
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test("types and functions are named without words that say nothing", () => {
    const wrong = product.flatMap((file) => {
      const hits: string[] = [];
      const visit = (node: ts.Node): void => {
        if (
          (ts.isClassDeclaration(node) ||
            ts.isInterfaceDeclaration(node) ||
            ts.isTypeAliasDeclaration(node) ||
            ts.isFunctionDeclaration(node)) &&
          node.name !== undefined
        ) {
          const words = node.name.text.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
          if (words.some((word) => bannedWords.includes(word)) && !/^Tunnel(Info)|^ChannelInfo$/.test(node.name.text))
            hits.push(`${file.path} ${node.name.text}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(file.tree);
      return hits;
    });
    expect(wrong).toEqual([]);
  });

  test("no file lies there unused", () => {
    const used = new Set(files.flatMap((file) => file.imports.map(({ specifier }) => targetOf(file, specifier))));
    const entries =
      /^src\/(index|testing)\.ts$|^src\/cli\/main\.ts$|^src\/wire\/proto\/generate\.ts$|^components\/(index|provider\/index)\.ts$/;
    expect(product.map((file) => file.path).filter((path) => !entries.test(path) && !used.has(path))).toEqual([]);
  });
});

describe("what leaves the house", () => {
  test("no escape from the type system", () => {
    const wrong = product.flatMap((file) =>
      [...file.tree.text.matchAll(/\bas any\b|: any\b|as unknown as|@ts-(ignore|nocheck|expect-error)/g)].map(
        (match) => `${file.path} ${match[0]}`,
      ),
    );
    expect(wrong).toEqual([]);
  });

  test("no file looked for beside the module that needs it, where the bundle would not have it", () => {
    const wrong = product
      .filter((file) => file.path !== "src/wire/proto/generate.ts")
      .flatMap((file) =>
        [...file.tree.text.matchAll(/import\.meta\.(dirname|filename)|new URL\([^)]*import\.meta\.url|fileURLToPath\(import\.meta/g)].map(
          (match) => `${file.path} ${match[0]}`,
        ),
      );
    expect(wrong).toEqual([]);
  });

  test("no unfinished work", () => {
    const wrong = files
      .filter((file) => file.path !== "test/tidy.test.ts")
      .flatMap((file) =>
        [...file.tree.text.matchAll(/\b(TODO|FIXME|XXX|HACK)\b|\b(test|it|describe)\.(only|todo)\(/g)].map(
          (match) => `${file.path} ${match[0]}`,
        ),
      );
    expect(wrong).toEqual([]);
  });

  test("the lockfile records no address and no file a machine's path", () => {
    expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"');
    const home = dirname(root);
    const wrong = files.filter((file) => file.tree.text.includes(`"${home}/`) || file.tree.text.includes(["", "root", ""].join("/")));
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test("every error code of the list is used, and has a way out", () => {
    const list = readFileSync(join(root, "src/base/error-code.ts"), "utf8");
    const codes = [...list.matchAll(/^ {2}(TF_[A-Z0-9_]+):/gm)].map((match) => match[1]!);
    const text = product
      .filter((file) => file.path !== "src/base/error-code.ts")
      .map((file) => file.tree.text)
      .join("\n");
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !text.includes(code))).toEqual([]);
  });
});
