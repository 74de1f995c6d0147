// rules: what we demand of workflows and actions beyond being valid. Pure: text in, findings out.
import { LineCounter, isMap, isPair, parseDocument, visit } from "yaml";

const pinned = /^[^@]+@[0-9a-f]{40}$/;

// Values that outsiders choose. Anything from an event, an input or a step is text to a shell only
// by way of the environment.
const expression = /\$\{\{/;

function at(lines, node) {
  const { line, col } = lines.linePos(node.range[0]);
  return { line, column: col, tool: "rules" };
}

function* steps(document) {
  const jobs = document.get("jobs");
  for (const job of isMap(jobs) ? jobs.items : [])
    yield* [job.value.get("steps")?.items ?? []].flat().map((step) => ({ job, step }));
  const runs = document.get("runs");
  for (const step of isMap(runs) ? (runs.get("steps")?.items ?? []) : [])
    yield { job: null, step };
}

// Our own actions may be named by a tag, too: a released binary cannot know the commit that will be
// tagged after it was built. 'selfheal init --action-ref SHA' pins them.
const isOurs = (uses) => /\/actions\/(setup|scan|heal|publish|command)@/.test(uses);

function* judgeUses(document, lines) {
  for (const { step } of steps(document)) {
    const uses = step.get("uses", true);
    if (!uses || uses.value.startsWith("./") || isOurs(uses.value))
      continue;
    if (!pinned.test(uses.value))
      yield { ...at(lines, uses), message: `'${uses.value}' is not pinned by a full commit SHA` };
    else if (!/^\s*v\d/.test(uses.comment ?? ""))
      yield { ...at(lines, uses), message: `'${uses.value}' does not say its version in a comment` };
  }
}

function* judgeRuns(document, lines, isAction) {
  for (const { step } of steps(document)) {
    const run = step.get("run", true);
    if (run && expression.test(run.value))
      yield { ...at(lines, run), message: "an expression inside 'run': hand it over in 'env'" };
    if (run && isAction && !step.get("shell"))
      yield { ...at(lines, run), message: "a step of an action without 'shell'" };
    if (run && isAction && step.get("shell") !== "bash")
      yield { ...at(lines, run), message: "a step of an action in another shell than bash" };
  }
}

// permissions: {} and contents: read are all that a whole workflow may have.
function* judgePermissions(document, lines) {
  const top = document.get("permissions", true);
  if (!top)
    return yield { line: 1, column: 1, tool: "rules", message: "no permissions for the workflow" };
  if (!isMap(top) || top.items.some((p) => `${p.key.value}:${p.value.value}` !== "contents:read"))
    yield { ...at(lines, top), message: "the workflow's own permissions are more than contents: read" };
}

function jobMay(job, verb) {
  const permissions = job.value.get("permissions", true);
  return isMap(permissions) && permissions.items.some((p) => p.value.value === verb);
}

// A job that runs what the repository holds: our heal action, or a command of the project's.
const runsRepository = (step) =>
  /actions\/heal(@|$)/.test(String(step.get("uses") ?? "")) ||
  /\bselfheal heal\b|\bctest\b|scripts\/test/.test(String(step.get("run") ?? ""));
const usesPublish = (step) => /actions\/publish(@|$)/.test(String(step.get("uses") ?? ""));

function namesSecret(node) {
  let found = null;
  visit(node, {
    Scalar(_, scalar) {
      if (/\b(secrets\b|github\.token)/.test(String(scalar.value)))
        found ??= scalar;
    },
  });
  return found;
}

function* judgeJob(document, lines, job) {
  const list = job.value.get("steps")?.items ?? [];
  const name = job.key.value;
  const secret = namesSecret(job.value);
  const checkout = list.filter((step) => String(step.get("uses") ?? "").startsWith("actions/checkout@"));

  if (!job.value.get("timeout-minutes") && !job.value.get("uses"))
    yield { ...at(lines, job.key), message: `job '${name}' has no timeout-minutes` };
  if (!job.value.get("permissions", true))
    yield { ...at(lines, job.key), message: `job '${name}' says nothing of its permissions` };
  for (const step of checkout)
    if (step.getIn(["with", "persist-credentials"]) !== false)
      yield { ...at(lines, step), message: "checkout leaves its token behind: persist-credentials: false" };
  if (list.some(runsRepository) && jobMay(job, "write"))
    yield { ...at(lines, job.key), message: `job '${name}' runs code of the repository and may write` };
  if (list.some(runsRepository) && secret)
    yield { ...at(lines, secret), message: `job '${name}' runs code of the repository and names a secret` };
  if (list.some(usesPublish) && list.some(runsRepository))
    yield { ...at(lines, job.key), message: `job '${name}' both runs code of the repository and publishes` };
}

function* judgeWorkflow(document, lines) {
  yield* judgePermissions(document, lines);
  if (document.hasIn(["on", "pull_request_target"]))
    yield { line: 1, column: 1, tool: "rules", message: "pull_request_target" };
  for (const job of document.get("jobs")?.items ?? [])
    yield* judgeJob(document, lines, job);
}

// What the marketplace and people expect of an action.yml: all of it said, in kebab-case.
function* judgeAction(document, lines) {
  for (const key of ["name", "description", "author", "branding"])
    if (!document.has(key))
      yield { line: 1, column: 1, tool: "rules", message: `no '${key}'` };
  for (const section of ["inputs", "outputs"])
    for (const pair of document.get(section)?.items ?? []) {
      const wanted = section === "inputs" ? ["description", "required", "default"] : ["description", "value"];
      for (const key of wanted)
        if (!isPair(pair) || !pair.value.has(key))
          yield { ...at(lines, pair.key), message: `'${pair.key.value}' has no ${key}` };
      if (!/^[a-z]+(-[a-z]+)*$/.test(pair.key.value))
        yield { ...at(lines, pair.key), message: `'${pair.key.value}' is not in kebab-case` };
    }
}

export function judge(text, isAction) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length)
    return document.errors.map((e) => ({ line: e.linePos?.[0].line ?? 1, column: 1, tool: "yaml", message: e.message }));
  if (!isMap(document.contents))
    return [{ line: 1, column: 1, tool: "rules", message: "not a map" }];
  return [
    ...judgeUses(document, lines),
    ...judgeRuns(document, lines, isAction),
    ...(isAction ? judgeAction(document, lines) : judgeWorkflow(document, lines)),
  ];
}
