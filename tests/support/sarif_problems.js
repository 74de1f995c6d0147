// What the official SARIF schema says about a log: node sarif_problems.js LOG... prints a JSON list
// of problems. ajv and the schema come with @microsoft/jest-sarif, pinned in package-lock.json.
"use strict";
const fs = require("fs");
const Ajv = require("ajv");

const folder = require.resolve("@microsoft/jest-sarif/package.json").replace(/package\.json$/, "");
const schema = JSON.parse(fs.readFileSync(folder + "lib/schemas/sarif-2.1.0-rtm.5.json", "utf8"));
const ajv = new Ajv({ schemaId: "id", meta: false, allErrors: true });
ajv.addMetaSchema(require("ajv/lib/refs/json-schema-draft-04.json"));
const validate = ajv.compile(schema);
const problems = [];
for (const path of process.argv.slice(2)) {
	if (!validate(JSON.parse(fs.readFileSync(path, "utf8"))))
		problems.push(...validate.errors.map((e) => `${path}${e.dataPath}: ${e.message}`));
}
console.log(JSON.stringify(problems));
