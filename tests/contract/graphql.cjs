// Reads a JSON array of GraphQL requests, prints for each what GitHub's published schema says against it.
const fs = require("fs");
const path = require("path");
const { buildSchema, coerceInputValue, parse, typeFromAST, validate } = require("graphql");

// assumeValidSDL: the schema as published defines two fields twice.
const schema = buildSchema(
	fs.readFileSync(path.join(__dirname, "node_modules/@octokit/graphql-schema/schema.graphql"), "utf8"),
	{ assumeValidSDL: true });

function problems(sent) {
	const document = parse(sent.query);
	const found = validate(schema, document).map((error) => error.message);
	for (const one of document.definitions[0].variableDefinitions || []) {
		const name = one.variable.name.value;
		const given = (sent.variables || {})[name];
		if (given !== undefined)
			coerceInputValue(given, typeFromAST(schema, one.type), (at, value, error) => found.push(error.message));
		else if (one.type.kind === "NonNullType")
			found.push(`variable ${name} is missing`);
	}
	return found;
}

const all = JSON.parse(fs.readFileSync(0, "utf8")).map((sent) => {
	try {
		return problems(sent);
	} catch (error) {
		return [error.message];
	}
});
console.log(JSON.stringify(all));
