// The least a receiver can do: checks the signature, parses, answers. Stores nothing.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const secret = process.env.WEBHOOK_SECRET;

function isSigned(body, claimed) {
  const want = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const got = Buffer.from(claimed ?? "");
  return want.length === got.length && timingSafeEqual(want, got);
}

const server = createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const body = Buffer.concat(pieces);
    const signed = isSigned(body, request.headers["x-hub-signature-256"]);
    if (signed) JSON.parse(body);
    response.writeHead(signed ? 202 : 403).end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
